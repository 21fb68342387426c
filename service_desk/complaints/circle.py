"""Who stands outside a complaint, who may decide it, and who takes it when its receiver must not (P5-P7)."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection
from django.db.models import Q

from service_desk.cases.models import CaseBarred
from service_desk.complaints.models import Complaint
from service_desk.complaints.rules import DECIDING_ROLES, InstanceKind
from service_desk.people.directory import Directory
from service_desk.people.models import Staff
from service_desk.people.rules import DESK_ROLES, LEADING_ROLES, DutyRole, Role

_WORKING = sorted({str(role) for role in DESK_ROLES | LEADING_ROLES})
#: Who stays when a complaint about somebody at the very top would bar the whole company.
_INDEPENDENT = [str(role) for role in (Role.AUDITOR, Role.QUALITY_INSPECTOR, Role.GM_MARKETING, Role.GM_PRODUCT)]
_HEARD_BEFORE = """
SELECT s.id FROM people_staff s
 WHERE EXISTS (SELECT FROM complaint_heard_before(%s) AS who(id) WHERE who.id = s.id OR staff_leads(who.id, s.id))
"""


def barred_by(staff_id: int) -> frozenset[int]:
    """Whom a complaint about this person bars: the person, who leads them and whom they lead (P7).

    Of somebody at the top that would be everybody: then those stay who are there to look at others. The rule is the
    database's own, since it follows every change of the organisation by itself (migration 0003).
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT complaint_barred_by(%s)", [staff_id])
        return frozenset(pk for (pk,) in cursor.fetchall())


def someone_to_handle(barred: Iterable[int]) -> int | None:
    """Who takes a complaint that its receiver must not handle: the duty manager, or the next of those who lead."""
    out = set(barred)
    directory = Directory.load()
    manager = directory.present(directory.duty.get(DutyRole.DUTY_MANAGER))
    if manager is not None and manager not in out:
        return manager
    present = [one for one in _by_office(Q()) if one.pk not in out and directory.present(one.pk) == one.pk]
    if present:
        return present[-1].pk
    rest = Staff.objects.filter(is_active=True, roles__overlap=_WORKING + _INDEPENDENT).exclude(pk__in=out)
    return rest.order_by("pk").values_list("pk", flat=True).first()


def hearers(complaint: Complaint, kind: str) -> list[Staff]:
    """Who may decide this instance, those of the highest office first (P5).

    Nobody barred, nobody who had an earlier instance; an appeal moreover goes to nobody who handled the complaint,
    nor to who reports to one that handled or decided it. A trigger holds the same.
    """
    out = Q(pk__in=CaseBarred.objects.filter(case=complaint.pk).values("staff"))
    out |= Q(pk__in=complaint.instances.exclude(kind=kind).values("owner"))
    if kind == InstanceKind.APPEAL:
        with connection.cursor() as cursor:
            cursor.execute(_HEARD_BEFORE, [complaint.pk])
            out |= Q(pk__in=[pk for (pk,) in cursor.fetchall()])
    return _by_office(~out)


def eligible_hearers(complaint: Complaint) -> list[Staff]:
    """Who may hear the appeal: the screen and REST offer these alone."""
    return hearers(complaint, InstanceKind.APPEAL)


def hearer_of(complaint: Complaint, kind: str) -> int | None:
    """Who is asked when nobody was named: the handler's next superior who may, else the first of those who may.

    Of an appeal the highest office; nobody who is away.
    """
    directory = Directory.load()
    may = [one.pk for one in hearers(complaint, kind) if directory.present(one.pk) == one.pk]
    if kind == InstanceKind.ESCALATED:
        near = [pk for pk in directory.superiors(complaint.case.handler_id) if pk in may]
        may = near + may[::-1]
    return may[0] if may else None


def _by_office(condition: Q) -> list[Staff]:
    """Active people who may decide, the highest office first."""
    offices = [str(role) for role in DECIDING_ROLES]
    people = Staff.objects.filter(condition, is_active=True, roles__overlap=offices).select_related("unit")
    return sorted(people, key=lambda one: (min(offices.index(role) for role in one.roles if role in offices), one.pk))
