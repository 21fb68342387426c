"""What makes a table of history append-only: the database refuses UPDATE, DELETE and TRUNCATE, whoever asks."""

import pgtrigger


def append_only(name: str) -> list[pgtrigger.Trigger]:
    """The two triggers for a model's `Meta.triggers`; `name` begins their names."""
    refuse = (
        "RAISE EXCEPTION 'This history is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME "
        "USING ERRCODE = 'restrict_violation';"
    )
    return [
        pgtrigger.Trigger(
            name=f"{name}_no_change", when=pgtrigger.Before, operation=pgtrigger.Update | pgtrigger.Delete, func=refuse
        ),
        pgtrigger.Trigger(
            name=f"{name}_no_truncate",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
            func=refuse,
        ),
    ]
