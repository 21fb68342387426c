"""What the board asks at each reading, answered by indexes that hold only what is open now.

They are no part of the models' own lists: each serves one question of the board or of the engine's health alone.
"""

from django.db import migrations

_OPEN = "state IN ('registered', 'in_progress', 'waiting', 'restored', 'resolved', 'replied')"
_INDEXES = {
    # Clocks that could not be fired are few, and are counted every few seconds.
    "casedeadline_broken": "cases_casedeadline (id) WHERE state = 'error'",
    "calldeadline_broken": "calls_calldeadline (id) WHERE state = 'error'",
    # What somebody holds, from the index alone; the confidential beside it, so that each stays small.
    "case_load": f"cases_case (handler_id) WHERE {_OPEN} AND NOT confidential",
    "case_confidential_open": f"cases_case (handler_id, first_responder_id) WHERE {_OPEN} AND confidential",
    # Promises by their time, whosever case it is.
    "promise_due": "cases_promise (due_at, id) WHERE settled_at IS NULL",
}


class Migration(migrations.Migration):
    """Partial indexes, made in a second or two on a million cases."""

    dependencies = [("deadlines", "0005_calls"), ("cases", "0013_open_clocks"), ("calls", "0002_pops")]

    operations = [
        migrations.RunSQL(f"CREATE INDEX {name} ON {what}", f"DROP INDEX {name}") for name, what in _INDEXES.items()
    ]
