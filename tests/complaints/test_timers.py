"""The clocks of complaints: across a Spring Festival with make-up days, by level and line, and what their end does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, transaction

from service_desk.audit.models import AuditEntry
from service_desk.cases import actions as moves
from service_desk.cases.models import Case, CaseCircle, CaseDeadline
from service_desk.complaints import clockwork
from service_desk.complaints.actions import (
    Identifier,
    decide,
    escalate,
    identify,
    raise_level,
    regulator_time,
    satisfaction,
)
from service_desk.complaints.models import Complaint, Instance
from service_desk.deadlines import actions as clocks
from service_desk.deadlines import engine
from service_desk.deadlines.auditor import Auditor
from service_desk.deadlines.clock import now
from service_desk.deadlines.models import Policy
from service_desk.deadlines.rules import Door
from service_desk.local.reference import load_complaint_policies
from service_desk.notices.models import Notice
from service_desk.people.models import ProductType, ServiceLine
from service_desk.rest.errors import Conflict, Invalid, NotFound
from tests.complaints.making import complaint, decided, desk
from tests.factories import World, shift_time

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Asia/Shanghai")
#: Thursday before the Spring Festival of 2026: Friday 13 works, Saturday 14 is a make-up day, 15 to 23 are free.
BEFORE = datetime(2026, 2, 12, 10, 0, tzinfo=ZONE)


def property_desk() -> World:
    here = desk()
    line = ServiceLine.objects.create(code="property", name="物业")
    load_complaint_policies("property", Policy.objects.exclude(calendar=None)[0].calendar)  # type: ignore[arg-type]
    here.product = ProductType.objects.create(name="电梯", service_line=line)
    return here


def dues(case: Case) -> dict[str, str]:
    found = CaseDeadline.objects.filter(case=case, part=0)
    return {clock.kind: clock.due_at.astimezone(ZONE).strftime("%m-%d %H:%M") for clock in found}


@pytest.mark.parametrize(
    ("level", "solved"), [("ordinary", "02-12 18:00"), ("serious", "02-26 17:30"), ("major", "02-26 17:30")]
)
def test_P3_every_timer_of_a_property_complaint_across_the_spring_festival(level: str, solved: str) -> None:
    here = property_desk()
    made = complaint(here, level=level, about_product=here.product, accepted_at=BEFORE)
    close = CaseDeadline.objects.get(case=made.pk, kind="solution").due_at.astimezone(ZONE)
    assert dues(made.case) == {
        "first_response": "02-12 10:30",
        "on_site": "02-12 11:00",
        "feedback": "02-12 14:00",
        "solution": solved if level == "ordinary" else f"02-26 {close:%H:%M}",
    }


def test_P3_the_make_up_saturday_counts_and_the_festival_does_not() -> None:
    here = property_desk()
    serious = Policy.objects.get(service_line="property", subject="complaint", severity="serious", kind="solution")
    friday = datetime(2026, 2, 13, 16, 0, tzinfo=ZONE)
    due = clocks.planned(serious, friday).due_at.astimezone(ZONE)
    assert (due.month, due.day) == (2, 27)  # Sat 14, Tue 24, Wed 25, Thu 26, Fri 27
    assert here.product.service_line_id == "property"


@pytest.mark.parametrize(("kind", "day"), [("escalated", (2, 26)), ("appeal", (3, 4)), ("corrective", (3, 18))])
def test_P5_the_further_clocks_walk_the_same_calendar(kind: str, day: tuple[int, int]) -> None:
    desk()
    policy = Policy.objects.get(service_line="telecom", subject="complaint", kind=kind)
    due = clocks.planned(policy, BEFORE).due_at.astimezone(ZONE)
    assert (due.month, due.day) == day


def test_P9_another_solution_is_due_in_24_hours_of_the_clock_festival_or_not() -> None:
    desk()
    policy = Policy.objects.get(service_line="telecom", subject="complaint", kind="another")
    assert clocks.planned(policy, BEFORE).due_at == BEFORE + timedelta(hours=24)


@pytest.mark.parametrize(("hours", "wins"), [(3, True), (30, False)])
def test_P3_the_regulators_time_wins_when_it_is_earlier(hours: int, wins: bool) -> None:
    here = desk()
    due = now().replace(microsecond=0) + timedelta(hours=hours)
    made = complaint(here, channel="12345", identifiers=[Identifier("12345", "77")], regulator_due_at=due)
    clock = CaseDeadline.objects.get(case=made.pk, kind="solution")
    assert (abs((clock.due_at - due).total_seconds()) <= 1) is wins
    if not wins:
        assert clock.due_at == made.case.accepted_at + timedelta(hours=8)


def test_P4_a_raised_level_gets_its_own_targets_from_the_same_start_across_the_festival() -> None:
    here = property_desk()
    made = complaint(here, about_product=here.product, accepted_at=BEFORE)
    first = CaseDeadline.objects.get(case=made.pk, kind="first_response")
    CaseDeadline.objects.filter(case=made.pk, kind="solution").update(due_at=now() + timedelta(days=1))  # not late yet
    raise_level(complaint=made, actor=here.agent, level="serious", text="再次漏水")
    clock = CaseDeadline.objects.get(case=made.pk, kind="solution")
    assert clock.policy.severity == "serious"
    assert clock.started_at == BEFORE
    due = clock.due_at.astimezone(ZONE)
    assert (due.month, due.day) == (2, 26)  # Fri 13, the make-up Saturday 14, then Tue 24, Wed 25, Thu 26
    assert CaseDeadline.objects.get(pk=first.pk).policy == first.policy  # for every level: nothing to lay on it
    moved = clock.history.get(type="recomputed")
    assert (moved.detail["why"], moved.actor) == ("level", here.agent)
    engine.sweep(Door.CELERY)
    told = Notice.objects.filter(kind="clock_escalation", facts__clock="solution")
    assert told.exists()
    assert all(notice.facts["late_by_change"] for notice in told)
    assert "late_seconds" not in told[0].facts


def test_P4_what_a_raised_level_finds_late_is_late_for_ever_and_a_new_clock_begins() -> None:
    here = property_desk()
    tight = Policy.objects.get(service_line="property", subject="complaint", severity="major", kind="solution")
    sooner = {"target_seconds": 3600, "target_working_days": None, "calendar_id": None}
    clocks.retire_and_replace(policy=tight, changes=sooner, actor=None, now=now())
    made = complaint(here, about_product=here.product, accepted_at=now() - timedelta(hours=2))
    raise_level(complaint=made, actor=here.agent, level="major", text="媒体关注")
    clock = CaseDeadline.objects.get(case=made.pk, kind="solution")
    assert clock.due_at == made.case.accepted_at + timedelta(hours=1)
    engine.sweep(Door.CELERY)
    clock.refresh_from_db()
    assert clock.breached_at is not None
    assert Instance.objects.get(complaint=made.pk, kind="escalated").why == "timer"
    regulated(made, here, timedelta(days=3))
    assert CaseDeadline.objects.get(pk=clock.pk).due_at == clock.due_at


def regulated(made: Complaint, here: World, after: timedelta | None) -> CaseDeadline:
    identify(complaint=made, actor=here.agent, owner="12315", value="77")
    due = None if after is None else made.case.accepted_at + after
    regulator_time(complaint=made, actor=here.agent, due_at=due, text="12315 来函")
    return CaseDeadline.objects.get(case=made.pk, kind="solution")


def test_P3_the_regulators_time_may_come_later_and_change_and_the_earlier_wins() -> None:
    here = desk()
    made = complaint(here)
    with pytest.raises(Conflict):
        regulator_time(complaint=made, actor=here.agent, due_at=now() + timedelta(hours=3), text="x")
    start = made.case.accepted_at
    assert abs(regulated(made, here, timedelta(hours=3)).due_at - start - timedelta(hours=3)) < timedelta(seconds=1)
    assert regulated(made, here, timedelta(hours=30)).due_at == start + timedelta(hours=8)
    assert abs(regulated(made, here, timedelta(hours=5)).due_at - start - timedelta(hours=5)) < timedelta(seconds=1)
    raise_level(complaint=made, actor=here.agent, level="serious", text="严重")  # five working days
    clock = CaseDeadline.objects.get(case=made.pk, kind="solution")
    assert abs(clock.due_at - start - timedelta(hours=5)) < timedelta(seconds=1)
    assert regulated(made, here, None).own_seconds is None
    with pytest.raises(Invalid):
        regulator_time(complaint=made, actor=here.agent, due_at=start - timedelta(hours=1), text="x")
    with pytest.raises(NotFound):
        regulator_time(complaint=made, actor=here.colleague, due_at=now(), text="x")
    trail = AuditEntry.objects.filter(verb="complaint.regulator_time", thing=f"case:{made.pk}")
    assert trail.count() == 4
    lines = made.case.events.filter(type="regulator")
    assert [line.data["before"] is None for line in lines] == [True, False, False, False]


def test_P3_a_regulator_does_not_wait_for_the_customer() -> None:
    here = desk()
    policy = Policy.objects.get(subject="complaint", severity="ordinary", kind="solution")
    clocks.retire_and_replace(policy=policy, changes={"may_pause": True}, actor=None, now=now())
    made = complaint(here)
    moves.start(case=made.case, actor=here.agent)
    moves.wait(case=made.case, actor=here.agent, waiting_for="customer", text="等客户照片")
    assert CaseDeadline.objects.get(case=made.pk, kind="solution").state == "paused"
    clock = regulated(made, here, timedelta(hours=30))
    assert clock.state == "running"
    assert timedelta(hours=8) <= clock.due_at - clock.started_at < timedelta(hours=8, minutes=1)
    moves.resume(case=made.case, actor=here.agent)
    moves.wait(case=made.case, actor=here.agent, waiting_for="customer", text="再等")
    assert CaseDeadline.objects.get(pk=clock.pk).state == "running"
    assert Auditor().run().moved == 0


def test_P3_only_a_regulator_has_a_time_of_its_own_whatever_the_door() -> None:
    made = complaint(desk())
    with pytest.raises(DatabaseError), transaction.atomic():
        Complaint.objects.filter(pk=made.pk).update(regulator_due_at=now())


def test_P5_a_breached_timer_takes_it_up_in_the_transaction_of_the_engine() -> None:
    here = desk()
    made = complaint(here)
    shift_time(made.case, hours=8, minutes=1)
    engine.sweep(Door.CELERY)
    first, second = Instance.objects.filter(complaint=made.pk).order_by("id")
    assert first.passed_on_at is not None
    assert (second.kind, second.why, second.owner) == ("escalated", "timer", here.manager)
    assert made.case.deadlines.filter(kind="escalated", part=second.pk, state="running").exists()
    assert Notice.objects.filter(kind="complaint_yours", recipient=here.manager, private=True).exists()
    engine.sweep(Door.CELERY)
    assert Instance.objects.filter(complaint=made.pk).count() == 2
    assert AuditEntry.objects.filter(verb="complaint.escalate", actor=None).count() == 1


def test_P5_the_escalated_complaint_that_is_late_becomes_an_appeal_heard_by_somebody_free() -> None:
    here = desk()
    made = complaint(here)
    shift_time(made.case, hours=8, minutes=1)
    engine.sweep(Door.CELERY)
    shift_time(made.case, days=40)
    engine.sweep(Door.CELERY)
    appeal = Instance.objects.get(complaint=made.pk, kind="appeal")
    assert appeal.why == "timer"
    assert appeal.owner in (here.gm_marketing, here.gm_product)


def test_P5_what_a_verb_held_at_that_moment_is_found_by_the_auditor(monkeypatch: pytest.MonkeyPatch) -> None:
    here = desk()
    made = complaint(here)
    shift_time(made.case, hours=8, minutes=1)
    with monkeypatch.context() as busy:
        busy.setattr(clockwork, "step_up_by_clock", lambda *_given: None)
        engine.sweep(Door.CELERY)
    assert Instance.objects.filter(complaint=made.pk).count() == 1
    shift_time(made.case, minutes=2)
    for _thing, mend in clockwork.overlooked(now()):
        mend()
    assert Instance.objects.get(complaint=made.pk, kind="escalated").why == "timer"
    assert list(clockwork.overlooked(now())) == []


def test_P6_a_ladder_never_tells_who_is_barred_and_records_who_comes_in() -> None:
    here = desk()
    made = complaint(here)  # about a colleague: chief, head and president are barred
    for hours in (3, 2, 2, 2, 30):
        shift_time(made.case, hours=hours)
        engine.sweep(Door.CELERY)
    told = set(Notice.objects.filter(about=f"case:{made.pk}").values_list("recipient__username", flat=True))
    assert told.isdisjoint({"chief", "head", "president", "colleague"})
    inside = set(CaseCircle.objects.filter(case=made.pk, until=None).values_list("staff__username", flat=True))
    assert told <= inside
    joined = AuditEntry.objects.filter(verb="complaint.joined", thing=f"case:{made.pk}")
    assert {entry.detail["staff"] for entry in joined} == {
        one.pk for one in here.people.values() if one.username in inside - {"agent"}
    }


def test_P6_no_notice_of_a_complaint_says_anything_of_its_matter() -> None:
    here = desk()
    made = complaint(here, level="major")
    moves.note(case=made.case, actor=here.agent, text="查录音")
    moves.watch(case=made.case, actor=here.manager)
    moves.note(case=made.case, actor=here.agent, text="录音已听")
    shift_time(made.case, hours=9)
    engine.sweep(Door.CELERY)
    notices = list(Notice.objects.filter(link__contains=made.case.number))
    assert len(notices) > 3
    for notice in notices:
        assert notice.private
        words = str(notice.facts)
        assert not any(secret in words for secret in ("态度恶劣", "福田", "张投诉人", "录音", "13800138000")), (
            notice.kind
        )


def test_P9_a_dissatisfied_complainant_is_told_to_the_manager_and_starts_a_clock() -> None:
    here = desk()
    made = complaint(here)
    decided(made, here.agent, "unfounded")
    satisfaction(complaint=made, actor=here.agent, satisfied=False, text="不接受")
    clock = CaseDeadline.objects.get(case=made.pk, kind="another")
    assert clock.due_at - clock.started_at == timedelta(hours=24)
    assert Notice.objects.filter(kind="complaint_dissatisfied", recipient=here.manager, needs_ack=True).exists()
    satisfaction(complaint=made, actor=here.agent, satisfied=True)
    clock.refresh_from_db()
    assert clock.state == "met"


def test_P5_a_decision_in_time_meets_the_clock_of_its_instance() -> None:
    here = desk()
    made = complaint(here)
    decided(made, here.agent, "unfounded")
    satisfaction(complaint=made, actor=here.agent, satisfied=False, text="不接受")
    escalate(complaint=made, actor=here.agent, text="客户不满意")
    words: dict[str, Any] = {"reasons": "复核", "remedy": "退费", "reply": "已回复", "channel": "phone"}
    decide(complaint=made, actor=here.manager, finding="partly", **words)
    assert CaseDeadline.objects.get(case=made.pk, kind="escalated").state == "met"
