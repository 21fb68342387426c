"""Closes most open cases of a generated desk, so that about as many clocks stay open as a large desk really has.

`python -m bench.quieter FOLDER --open-clocks 100000`: a generated desk has as many open clocks as cases, which is what
the engine is measured with; the board is measured with a tenth of that, a million cases of history behind it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.house import House

_KEPT = "(hashint8extended(id, 7) & 1048575) < %(share)s * 1048576"
_STEPS = (
    f"CREATE TEMPORARY TABLE ending AS SELECT id FROM cases_case WHERE ended_at IS NULL AND NOT ({_KEPT})",
    "CREATE UNIQUE INDEX ON ending (id)",
    "ANALYZE ending",
    "UPDATE cases_casedeadline SET state = CASE WHEN breached_at IS NULL THEN 'met' ELSE 'breached' END,"
    " ended_at = statement_timestamp(), next_at = NULL"
    " WHERE ended_at IS NULL AND case_id IN (SELECT id FROM ending)",
    "UPDATE cases_case SET state = 'closed', waiting_for = '', ended_at = statement_timestamp(),"
    " severity = coalesce(severity, 'minor'), graded_at = coalesce(graded_at, registered_at),"
    " graded_by_id = first_responder_id, resolved_at = coalesce(resolved_at, registered_at),"
    " replied_at = coalesce(replied_at, registered_at), outcome = coalesce(nullif(outcome, ''), '已恢复。'),"
    " reply = coalesce(nullif(reply, ''), '已处理完毕。'), reply_channel = 'phone'"
    " WHERE id IN (SELECT id FROM ending)",
    "UPDATE notices_notice SET stopped_at = statement_timestamp(), next_repeat_at = NULL"
    " WHERE needs_ack AND acked_at IS NULL AND stopped_at IS NULL"
    " AND about IN (SELECT 'case:' || id FROM ending)",
)


def main() -> None:
    """Do it to the desk in one folder, which keeps the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--open-clocks", type=int, default=100_000)
    given = parser.parse_args()
    house = House(given.folder, print)
    house.open()
    try:
        print(f"{quieten(given.open_clocks):,} cases were closed")
    finally:
        house.close(keep=True)


def quieten(open_clocks: int) -> int:
    """Close cases, drawn by their number, until about `open_clocks` clocks are open; how many were closed."""
    from django.db import connection, transaction

    from service_desk.cases.models import CaseDeadline
    from service_desk.local.demo.past import history_may_be_written

    share = open_clocks / max(1, CaseDeadline.objects.open().count())
    with transaction.atomic(), history_may_be_written(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off; SET LOCAL work_mem = '256MB'")
        for step in _STEPS:
            cursor.execute(step, {"share": share} if "%(share)s" in step else None)
            print(f"{cursor.rowcount:>10,} {step[:60]}", flush=True)
        cursor.execute("SELECT count(*) FROM ending")
        (closed,) = cursor.fetchone()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) cases_case, cases_casedeadline, notices_notice")
    return int(closed)


if __name__ == "__main__":
    main()
