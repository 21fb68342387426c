"""What a breached timer does to a complaint: it is taken to the next instance in the engine's transaction (P5).

The engine holds the clock, verbs hold the case and then want the clock: so the case's row is taken only if it is free
at this moment. If a verb has it, the auditor finds within a minute what was left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from service_desk.cases.clockwork import register_reaction
from service_desk.cases.models import Case
from service_desk.cases.rules import CaseKind
from service_desk.complaints.actions.deciding import step_up_by_clock
from service_desk.complaints.actions.following import held_by_barred
from service_desk.complaints.rules import INSTANCE_OF
from service_desk.deadlines.clock import now as database_now

# The open instance whose own clock has passed its time by a minute: its step was fired while a verb had the case.
_LEFT = """
SELECT i.complaint_id, d.kind
  FROM complaints_instance i
  JOIN cases_case c ON c.id = i.complaint_id AND c.ended_at IS NULL
  JOIN cases_casedeadline d ON d.case_id = c.id AND d.state = 'running' AND d.due_at < %s - interval '1 minute'
       AND d.breached_at IS NOT NULL AND d.kind = CASE i.kind WHEN 'complaint' THEN 'solution' ELSE i.kind END
       AND (d.part = i.id OR i.kind = 'complaint')
 WHERE i.decided_at IS NULL AND i.passed_on_at IS NULL AND i.kind <> 'appeal'
 ORDER BY i.id LIMIT 100
"""


def time_is_over(clock: Any, now: datetime) -> None:
    """P5: the clock of the open instance has passed its time."""
    if clock.kind not in INSTANCE_OF:
        return
    case = Case.objects.filter(pk=clock.case_id).select_for_update(skip_locked=True, of=("self",)).first()
    if case is not None:
        step_up_by_clock(case, clock.kind, now)


def overlooked(now: datetime) -> Iterable[tuple[str, Callable[[], None]]]:
    """What the auditor mends: a step up that had to be left, and what somebody holds who was barred since."""
    with connection.cursor() as cursor:
        cursor.execute(_LEFT, [now])
        left = cursor.fetchall()
    for pk, kind in left:
        yield f"case:{pk}", lambda pk=pk, kind=kind: _mend(pk, kind)  # type: ignore[misc]
    yield from held_by_barred()


@transaction.atomic
def _mend(pk: int, kind: str) -> None:
    case = Case.objects.select_for_update(of=("self",)).get(pk=pk)
    step_up_by_clock(case, kind, database_now())


register_reaction(CaseKind.COMPLAINT, time_is_over, overlooked)
