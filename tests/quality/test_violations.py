"""C4 and Q2: suspected, verified by somebody else, carried by two, objected to once; a closed month is final."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.db.utils import DatabaseError
from django.test import Client

from service_desk.audit.models import AuditEntry
from service_desk.deadlines.clock import now
from service_desk.notices.models import Notice
from service_desk.quality import actions
from service_desk.quality.actions import Found, suspect
from service_desk.quality.models import ClosedMonth, LedgerEntry, Violation
from service_desk.quality.rules import Offence, month_of, next_month
from service_desk.rest.errors import Conflict, Invalid, NotAllowed, NotFound
from tests.factories import World, world

ZONE = "Asia/Shanghai"


@pytest.fixture
def desk(db: None) -> World:
    return world()


def suspected(desk: World, source: str = "call:1") -> Violation:
    return suspect(Found(Offence.MISSED_REGISTRATION, source, desk.agent.pk, now() - timedelta(hours=25)))


def verified(desk: World, source: str = "call:1") -> Violation:
    return actions.verify(violation=suspected(desk, source), actor=desk.inspector, reason="录音核实")


def test_C4_a_suspicion_is_opened_once_with_the_chief_of_that_moment(desk: World) -> None:
    violation = suspected(desk)
    assert (violation.state, violation.chief, violation.unit) == ("suspected", desk.chief, desk.unit)
    assert suspected(desk) == violation
    assert Violation.objects.count() == 1
    told = Notice.objects.filter(kind="violation_suspected").values_list("recipient__username", flat=True)
    assert sorted(told) == ["agent", "chief"]
    desk.unit.section_chief = desk.manager
    desk.unit.save()
    violation.refresh_from_db()
    assert violation.chief == desk.chief


def test_C4_a_suspicion_counts_nothing_until_it_is_verified(desk: World) -> None:
    violation = suspected(desk)
    assert LedgerEntry.objects.count() == 0
    actions.verify(violation=violation, actor=desk.inspector, reason="录音核实")
    lines = LedgerEntry.objects.order_by("share").values_list("staff__username", "share", "points", "yuan")
    assert list(lines) == [("chief", "chief", -2, -1000), ("agent", "person", -2, -1000)]
    assert AuditEntry.objects.filter(verb="violation.verify", actor=desk.inspector).count() == 1


def test_C3_a_late_registration_is_no_missed_one_and_costs_what_the_company_sets(desk: World, settings: Any) -> None:
    for number, (points, yuan) in enumerate(((0, 0), (1, 200))):
        settings.LATE_REGISTRATION_POINTS, settings.LATE_REGISTRATION_FINE_YUAN = points, yuan
        late = suspect(Found(Offence.LATE_REGISTRATION, f"case:{number}", desk.agent.pk, now() - timedelta(hours=25)))
        actions.verify(violation=late, actor=desk.inspector, reason="录音核实")
        entry = LedgerEntry.objects.get(violation=late)
        assert (entry.staff, entry.share, entry.points, entry.yuan) == (desk.agent, "person", -points, -yuan)


def test_C4_dismissed_with_a_reason_costs_nothing(desk: World) -> None:
    violation = suspected(desk)
    with pytest.raises(Invalid) as refused:
        actions.dismiss(violation=violation, actor=desk.inspector, reason="  ")
    assert refused.value.errors[0].field == "reason"
    actions.dismiss(violation=violation, actor=desk.inspector, reason="系统误报")
    violation.refresh_from_db()
    assert (violation.state, LedgerEntry.objects.count()) == ("dismissed", 0)
    with pytest.raises(Conflict):
        actions.verify(violation=violation, actor=desk.inspector, reason="再想")


@pytest.mark.parametrize("who", ["agent", "chief"])
def test_C4_who_carries_it_does_not_decide(desk: World, who: str) -> None:
    violation = suspected(desk)
    with pytest.raises(NotAllowed):
        actions.verify(violation=violation, actor=getattr(desk, who), reason="没事")
    field = "person" if who == "agent" else "chief"
    with pytest.raises(IntegrityError), transaction.atomic():
        Violation.objects.filter(pk=violation.pk).update(
            state="dismissed", decided_by=getattr(violation, field), decided_at=now(), decision="没事"
        )


def test_C4_the_person_objects_once_and_before_the_month_closes(desk: World) -> None:
    violation = verified(desk)
    with pytest.raises(NotAllowed):
        actions.object_to(violation=violation, actor=desk.chief, text="不服")
    actions.object_to(violation=violation, actor=desk.agent, text="当时已转接")
    with pytest.raises(Conflict) as refused:
        actions.object_to(violation=violation, actor=desk.agent, text="还是不服")
    assert refused.value.code == "objected"
    late = verified(desk, "call:2")
    ClosedMonth.objects.create(month=late.entries.first().month, closed_by=desk.inspector)  # type: ignore[union-attr]
    with pytest.raises(Conflict) as refused:
        actions.object_to(violation=late, actor=desk.agent, text="不服")
    assert refused.value.code == "month_closed"


def test_C4_an_upheld_objection_takes_both_lines_back(desk: World) -> None:
    violation = verified(desk)
    actions.object_to(violation=violation, actor=desk.agent, text="当时已转接")
    actions.answer_objection(violation=violation, actor=desk.head, upheld=True, text="属实")
    month = month_of(now(), ZONE)
    sums = actions.sums_of(violation.entries.first().month)  # type: ignore[union-attr]
    assert sums[desk.agent.pk] == {"points": 0, "yuan": 0}
    assert sums[desk.chief.pk] == {"points": 0, "yuan": 0}
    assert LedgerEntry.objects.filter(kind="correction").count() == 2
    assert month.day == 1


def test_C4_a_rejected_objection_leaves_the_lines(desk: World) -> None:
    violation = verified(desk)
    actions.object_to(violation=violation, actor=desk.agent, text="当时已转接")
    actions.answer_objection(violation=violation, actor=desk.head, upheld=False, text="录音不支持")
    assert LedgerEntry.objects.count() == 2
    with pytest.raises(Conflict):
        actions.answer_objection(violation=violation, actor=desk.head, upheld=True, text="改主意")


def test_C4_a_late_fact_withdraws_a_suspicion_but_not_a_verified_one(desk: World) -> None:
    violation = actions.withdraw(violation=suspected(desk), reason="录入时已关联")
    assert violation.state == "withdrawn"
    kept = actions.withdraw(violation=verified(desk, "call:2"), reason="录入时已关联")
    assert kept.state == "verified"


@pytest.mark.parametrize(
    "change",
    [
        {"state": "dismissed"},
        {"decision": "另一个理由"},
        {"person": "colleague"},
        {"chief": "manager"},
        {"source": "call:99"},
    ],
)
def test_C4_a_decision_is_written_once_even_by_sql(desk: World, change: dict[str, str]) -> None:
    violation = verified(desk)
    values = {name: getattr(desk, value) if name in ("person", "chief") else value for name, value in change.items()}
    with pytest.raises(DatabaseError), transaction.atomic():
        Violation.objects.filter(pk=violation.pk).update(**values)


def test_Q2_the_ledger_is_never_changed(desk: World) -> None:
    verified(desk)
    for attempt in ("UPDATE quality_ledgerentry SET points = 0", "DELETE FROM quality_ledgerentry"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(attempt)
    assert LedgerEntry.objects.filter(points=-2).count() == 2


def test_Q2_a_closed_month_takes_no_line_and_what_comes_later_goes_to_the_present_one(desk: World) -> None:
    long_ago = now() - timedelta(days=62)
    month = month_of(long_ago, ZONE)
    old = suspect(Found(Offence.MISSED_REGISTRATION, "call:3", desk.agent.pk, long_ago))
    with pytest.raises(Conflict) as refused:
        actions.close_month(actor=desk.inspector, month=month)
    assert refused.value.code == "undecided"
    actions.verify(violation=old, actor=desk.inspector, reason="核实")
    actions.close_month(actor=desk.inspector, month=month)
    line = old.entries.get(share="person")
    assert line.month == month
    with pytest.raises(IntegrityError), transaction.atomic():
        LedgerEntry.objects.create(staff=desk.agent, month=month, kind="praise", text="好", by=desk.inspector)
    taken_back = actions.correct(entry=line, actor=desk.inspector, text="算错了")
    assert (taken_back.month, taken_back.points, taken_back.yuan) == (month_of(now(), ZONE), 2, 1000)
    with pytest.raises(Conflict):
        actions.correct(entry=line, actor=desk.inspector, text="再来一次")


def test_Q2_the_running_month_is_not_closed_and_only_by_inspectors_and_heads(desk: World) -> None:
    with pytest.raises(Conflict) as refused:
        actions.close_month(actor=desk.inspector, month=month_of(now(), ZONE))
    assert refused.value.code == "month_running"
    with pytest.raises(NotAllowed):
        actions.close_month(actor=desk.chief, month=date(2026, 1, 1))
    assert next_month(date(2026, 12, 1)) == date(2027, 1, 1)


def test_P10_praise_stands_in_the_same_ledger(desk: World) -> None:
    entry = actions.praise(actor=desk.chief, person=desk.agent, text="客户来电表扬", points=1)
    assert (entry.kind, entry.points, entry.yuan) == ("praise", 1, 0)
    for person, points in ((desk.chief, 1), (desk.agent, 11), (desk.agent, -1)):
        with pytest.raises(Invalid):
            actions.praise(actor=desk.chief, person=person, text="好", points=points)
    with pytest.raises(NotAllowed):
        actions.praise(actor=desk.colleague, person=desk.agent, text="好")


def test_C4_others_do_not_see_a_violation(desk: World) -> None:
    violation = suspected(desk)
    assert not Violation.objects.visible_to(desk.colleague).exists()
    assert Violation.objects.visible_to(desk.agent).get() == violation
    with pytest.raises(NotFound):
        actions.object_to(violation=violation, actor=desk.colleague, text="不服")
    client = Client()
    client.force_login(desk.colleague)
    assert client.get(f"/quality/violations/{violation.pk}/").status_code == 404
    assert client.get(f"/admin/quality/violation/{violation.pk}/change/").status_code in (302, 403)


@pytest.mark.django_db(transaction=True)
def test_C4_two_decide_at_once_and_one_decision_stands() -> None:
    desk = world()
    violation = suspected(desk)
    ready = threading.Barrier(2)

    def decide(verb: str) -> str:
        try:
            ready.wait()
            actor = desk.inspector if verb == "verify" else desk.head
            getattr(actions, verb)(violation=violation, actor=actor, reason=verb)
        except Conflict as refused:
            return refused.code
        finally:
            connections.close_all()
        return verb

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(decide, ("verify", "dismiss")))
    violation.refresh_from_db()
    assert "decided" in answers
    assert violation.decision in answers
    assert LedgerEntry.objects.count() == (2 if violation.decision == "verify" else 0)


def test_C4_what_was_withdrawn_by_a_fact_is_suspected_again_by_a_fact_and_what_was_dismissed_is_not(
    desk: World,
) -> None:
    violation = suspected(desk)
    actions.withdraw(violation=violation, reason="已按时登记")
    assert suspected(desk).state == "suspected"
    assert Notice.objects.filter(kind="violation_suspected").count() == 4
    actions.dismiss(violation=violation, actor=desk.inspector, reason="误报")
    assert suspected(desk).state == "dismissed"
    with pytest.raises(IntegrityError), transaction.atomic():
        Violation.objects.filter(pk=violation.pk).update(state="suspected", decided_at=None, decision="")
