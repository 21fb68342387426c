"""A complaint follows the organisation: what somebody held who came into a barred line goes to somebody free (P7).

The database bars them in the transaction of the change (migration 0003), whatever door it came by, so that they see
nothing any more. What they held is found here: at once where the change was made on a screen, else by the auditor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.conf import settings
from django.db import connection, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.cases.actions.changing import Change
from service_desk.cases.actions.handing_over import end_offer, pass_over
from service_desk.cases.models import Case, CaseBarred, CircleWhy, HandOver
from service_desk.cases.rules import HandOverState
from service_desk.complaints.circle import hearer_of, someone_to_handle
from service_desk.complaints.models import Complaint
from service_desk.complaints.rules import InstanceKind
from service_desk.complaints.telling import join, tell
from service_desk.deadlines.clock import now
from service_desk.notices.live import poke_case
from service_desk.people.models import Staff

_BARS = "complaints_follow_new_staff, complaints_follow_staff, complaints_follow_unit"
# Open complaints that somebody holds, decides or is offered who was barred by a change of the organisation.
_HELD = """
SELECT DISTINCT c.id FROM cases_casebarred b
  JOIN cases_case c ON c.id = b.case_id AND c.ended_at IS NULL
  LEFT JOIN complaints_instance i ON i.complaint_id = c.id AND i.decided_at IS NULL AND i.passed_on_at IS NULL
  LEFT JOIN cases_handover h ON h.case_id = c.id AND h.state = 'proposed'
 WHERE b.by_id IS NULL AND b.staff_id IN (c.handler_id, i.owner_id, h.receiver_id)
 ORDER BY c.id LIMIT 100
"""


def follow_organisation() -> None:
    """After a change of units and their heads, inside its transaction: bar now, and give what was held to others."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS {_BARS} IMMEDIATE")
        cursor.execute(f"SET CONSTRAINTS {_BARS} DEFERRED")
    for _thing, mend in held_by_barred():
        mend()


def held_by_barred() -> Iterable[tuple[str, Callable[[], None]]]:
    """What somebody barred holds still, each with what mends it."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD)
        found = [pk for (pk,) in cursor.fetchall()]
    for pk in found:
        yield f"case:{pk}", lambda pk=pk: _free(pk)  # type: ignore[misc]


def _free(pk: int) -> None:
    """On the locked case: no offer to somebody barred, no barred handler, nobody barred who decides."""
    with transaction.atomic(), translation.override(settings.LANGUAGE_CODE):
        case = Case.objects.select_for_update(of=("self",)).get(pk=pk)
        complaint = Complaint.objects.get(pk=pk)
        complaint.case = case
        barred = set(CaseBarred.objects.filter(case=pk).values_list("staff_id", flat=True))
        change = Change(case=case, actor=None, now=now())
        if HandOver.objects.filter(case=pk, state=HandOverState.PROPOSED, receiver__in=barred).exists():
            end_offer(change)
        moved = _handler(change, barred) | _decider(change, complaint, barred)
        case.version += 1
        case.save()
        detail = {"handler": case.handler_id, "moved": moved}
        record(verb="complaint.follow", thing=f"case:{pk}", actor=None, detail=detail, door="worker")
        poke_case(case.number, case.told_pages)


def _handler(change: Change, barred: set[int]) -> bool:
    case = change.case
    free = someone_to_handle(barred) if case.handler_id in barred else None
    if free is None:
        return False
    join(case, free, CircleWhy.HANDLES, actor=None)
    words = _("The organisation has changed: who handled it stands in the reporting line of whom it is about now.")
    pass_over(change, Staff.objects.get(pk=free), words)
    tell(case, "complaint_yours", [free], f"line:{case.version}")
    return True


def _decider(change: Change, complaint: Complaint, barred: set[int]) -> bool:
    """The first instance belongs to who handles it; of the others the next who may decide."""
    instance = complaint.instances.filter(decided_at=None, passed_on_at=None).first()
    if instance is None or instance.owner_id not in barred:
        return False
    first = instance.kind == InstanceKind.COMPLAINT
    free = change.case.handler_id if first else hearer_of(complaint, instance.kind)
    if free is None or free in barred:
        record(verb="complaint.nobody_to_decide", thing=f"case:{complaint.pk}", actor=None, door="worker")
        return False
    instance.owner_id = free
    instance.save(update_fields=["owner"])
    join(change.case, free, CircleWhy.HEARS, actor=None)
    tell(change.case, "complaint_yours", [free], f"line:{instance.pk}:{change.case.version}")
    return True
