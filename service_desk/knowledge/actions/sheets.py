"""A sheet comes in: each row is a draft, all of them or none; nothing is in force by it (K4)."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.knowledge.actions.drafting import draft
from service_desk.knowledge.models import PhraseVersion
from service_desk.knowledge.sheet import MOST_ROWS, UnreadableSheet, read
from service_desk.people.access import require
from service_desk.rest.clean import demand_clean
from service_desk.rest.errors import FieldError, Invalid


def import_sheet(*, actor: Any, text: str) -> list[PhraseVersion]:
    """Make a draft of each row; raises Invalid naming the rows that are wrong, and then keeps none."""
    with transaction.atomic():
        require(actor, "phrase.draft")
        demand_clean({"csv": text})
        wrong: list[FieldError] = []
        made: list[PhraseVersion] = []
        try:
            for row in read(text):
                try:
                    made.append(
                        draft(
                            actor=actor,
                            code=row.code,
                            kind=row.kind,
                            text=row.text,
                            content=row.content,
                            note=row.note,
                        )
                    )
                except Invalid as refusal:
                    wrong += [
                        FieldError(f"csv/{row.number}/{error.field}", error.message, error.code, error.remedy)
                        for error in refusal.errors
                    ]
        except UnreadableSheet as error:
            raise Invalid(_told(error), field="csv", code=error.code) from error
        if wrong:
            raise Invalid.of(wrong[:100])
        record(verb="phrase.import", thing="-", actor=actor, detail={"rows": len(made)})
    return made


def _told(error: UnreadableSheet) -> str:
    messages = {
        "no_csv": _("This is no CSV file."),
        "empty": _("The sheet has no rows."),
        "unknown_column": _("There is no column “%(word)s”."),
        "missing_column": _("The sheet needs the columns code, kind and text."),
        "too_many_rows": _("The sheet has more than %(most)d rows."),
        "ragged": _("Row %(row)d has more or fewer cells than the headings."),
    }
    return messages[error.code] % {"word": error.word[:40], "row": error.row, "most": MOST_ROWS}
