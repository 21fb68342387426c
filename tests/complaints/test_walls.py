"""What must never be false of a complaint, asked of the database itself and of every verb (P2, P5-P7, P10)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from service_desk.audit.hiding import seen_by
from service_desk.audit.models import AuditEntry
from service_desk.cases import actions as moves
from service_desk.cases.models import Case, CaseBarred, CaseCircle
from service_desk.complaints.actions import call_in, concern, correct, decide, escalate, let_go, praise, raise_level
from service_desk.complaints.circle import eligible_hearers
from service_desk.complaints.models import Complaint, CorrectiveAction, Instance
from service_desk.deadlines.clock import now
from service_desk.notices.actions.repeating import repeat_due
from service_desk.notices.models import Notice
from service_desk.people.models import Unit
from service_desk.quality.models import LedgerEntry, Violation
from service_desk.rest.errors import Conflict, Invalid, NotAllowed, NotFound
from tests.complaints.making import complaint, decided, desk, fill
from tests.factories import staff

pytestmark = pytest.mark.django_db
WORDS: dict[str, Any] = {"reasons": "录音", "remedy": "道歉", "reply": "已说明", "channel": "phone"}


def refused(sql: str, *values: Any) -> bool:
    """Whether the database refuses this, at the latest at the commit."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except DatabaseError:
        return True
    return False


def test_P6_the_database_knows_no_complaint_that_is_not_confidential() -> None:
    case = complaint(desk()).case
    for change in ("confidential = false", "severity = 'major'", "level = ''", "emergency_started_at = now()"):
        assert refused(f"UPDATE cases_case SET {change} WHERE id = %s", case.pk), change
    for change in ("kind = 'call', level = ''", "state = 'cancelled', ended_at = now(), cancel_reason = 'x'"):
        assert refused(f"UPDATE cases_case SET {change} WHERE id = %s", case.pk), change


def test_P6_the_circle_is_history_and_a_complaint_is_kept() -> None:
    case = complaint(desk()).case
    assert refused("DELETE FROM cases_casecircle WHERE case_id = %s", case.pk)
    assert refused("UPDATE cases_casecircle SET staff_id = staff_id + 1 WHERE case_id = %s", case.pk)
    assert refused("UPDATE cases_casebarred SET why = 'line' WHERE case_id = %s", case.pk)
    for table in ("complaint", "instance", "clear", "correctiveaction", "suggestion"):
        assert refused(f"TRUNCATE complaints_{table} CASCADE"), table


def test_P7_nobody_barred_comes_into_the_circle_whatever_they_are() -> None:
    here = desk()
    made = complaint(here)
    for name in ("colleague", "chief", "head", "president"):
        person = here.people[name]
        assert refused(
            "INSERT INTO cases_casecircle (case_id, staff_id, why) VALUES (%s, %s, 'called_in')", made.pk, person.pk
        ), name
        with pytest.raises(Invalid) as told:
            call_in(complaint=made, actor=here.agent, staff=person, text="需要协助")
        assert told.value.code == "barred"
        with pytest.raises(Invalid):
            moves.hand_over(
                case=made.case, actor=here.agent, receiver=person, done="已听", remaining="答复", promised="今天"
            )


def test_P7_a_superuser_who_is_concerned_is_out() -> None:
    here = desk()
    made = complaint(here, about_staff=here.admin)
    assert here.admin.is_superuser
    assert not Complaint.objects.visible_to(here.admin).exists()
    assert refused("UPDATE cases_case SET handler_id = %s WHERE id = %s", here.admin.pk, made.pk)


def test_P7_a_complaint_about_the_very_top_finds_somebody_independent() -> None:
    here = desk()
    made = complaint(here, about_staff=here.president)
    handler = made.case.handler
    assert handler != here.president
    assert Complaint.objects.visible_to(handler).filter(pk=made.pk).exists()
    assert not Complaint.objects.visible_to(here.president).exists()


def test_P7_whom_it_turns_out_to_be_about_leaves_with_the_line_at_once() -> None:
    here = desk()
    made = complaint(here, about_staff=None, about_unit=Unit.objects.get(name="客户服务部"))
    call_in(complaint=made, actor=here.agent, staff=here.engineer, text="请说明现场")
    assert Complaint.objects.visible_to(here.engineer).exists()
    concern(complaint=made, actor=here.agent, staff=here.engineer, text="录音里是他")
    assert not Complaint.objects.visible_to(here.engineer).exists()
    assert CaseBarred.objects.filter(case=made.pk, staff=here.engineer, why="concerned").exists()
    assert CaseBarred.objects.filter(case=made.pk, staff=here.chief, why="line").exists()
    assert CaseCircle.objects.get(case=made.pk, staff=here.engineer).until is not None


def test_P6_who_joins_and_leaves_is_written_in_the_trail() -> None:
    here = desk()
    made = complaint(here)
    call_in(complaint=made, actor=here.agent, staff=here.group, text="需要专家意见")
    with pytest.raises(Conflict):
        let_go(complaint=made, actor=here.agent, staff=here.agent, text="x")
    let_go(complaint=made, actor=here.agent, staff=here.group, text="意见已给")
    assert not Complaint.objects.visible_to(here.group).exists()
    verbs = list(AuditEntry.objects.filter(thing=f"case:{made.pk}").order_by("id").values_list("verb", flat=True))
    assert [verb for verb in verbs if verb in ("complaint.join", "complaint.leave")] == [
        "complaint.join",
        "complaint.leave",
    ]


def test_P6_a_hand_over_lets_the_receiver_in_and_out_again() -> None:
    here = desk()
    made = complaint(here)
    words: dict[str, Any] = {"done": "已听", "remaining": "答复", "promised": "今天"}
    moves.hand_over(case=made.case, actor=here.agent, receiver=here.engineer, **words)
    assert Complaint.objects.visible_to(here.engineer).exists()
    moves.decline(case=made.case, actor=here.engineer, text="不熟悉")
    assert not Complaint.objects.visible_to(here.engineer).exists()
    moves.hand_over(case=made.case, actor=here.agent, receiver=here.group, **words)
    moves.accept(case=made.case, actor=here.group)
    assert Case.objects.get(pk=made.pk).handler == here.group
    assert Complaint.objects.visible_to(here.group).exists()
    decide(complaint=made, actor=here.group, finding="unfounded", **WORDS)
    assert Instance.objects.get(complaint=made.pk).owner == here.group


def test_P5_what_was_decided_stands_for_ever() -> None:
    here = desk()
    made = complaint(here)
    decided(made, here.agent)
    assert refused("UPDATE complaints_instance SET finding = 'unfounded' WHERE complaint_id = %s", made.pk)
    assert refused("UPDATE complaints_instance SET reasons = 'x' WHERE complaint_id = %s", made.pk)
    with pytest.raises(Conflict):
        decided(made, here.agent)


def test_P5_the_appeal_is_never_heard_by_who_decided_or_handled_it_through_any_door() -> None:
    here = desk()
    made = complaint(here, about_staff=None, about_product=here.product)
    junior = staff("junior_head", "department_head", unit=here.unit)  # reports to the chief
    escalate_by(made, here)
    decide(complaint=made, actor=here.chief, finding="partly", **WORDS)
    offered = eligible_hearers(made)
    assert {here.chief, here.agent, junior}.isdisjoint(offered)
    call_in(complaint=made, actor=here.chief, staff=here.manager, text="准备申诉")
    for person in (here.chief, junior):
        with pytest.raises(Invalid) as told:
            escalate(complaint=made, actor=here.manager, text="申诉", owner=person)
        assert told.value.code == "not_free"
        assert refused(
            "INSERT INTO complaints_instance (complaint_id, kind, owner_id, why, reason, finding, reasons, remedy,"
            " reply, reply_channel) VALUES (%s, 'appeal', %s, 'supervisor', '', '', '', '', '', '')",
            made.pk,
            person.pk,
        )
    escalate(complaint=made, actor=here.manager, text="申诉", owner=offered[0])
    assert Instance.objects.get(complaint=made.pk, kind="appeal").owner == offered[0]


def escalate_by(made: Complaint, here: Any) -> None:
    """To the chief of the agent."""
    decided(made, here.agent, "unfounded")
    call_in(complaint=made, actor=here.agent, staff=here.chief, text="请复核")
    escalate(complaint=made, actor=here.chief, text="复核", owner=here.chief)


def test_P5_only_a_supervisor_of_the_circle_or_a_dissatisfied_complainant_takes_it_up() -> None:
    here = desk()
    made = complaint(here)
    with pytest.raises(NotAllowed):
        escalate(complaint=made, actor=here.agent, text="我想升级")
    with pytest.raises(NotFound):
        escalate(complaint=made, actor=here.manager, text="不在范围内")


def test_P2_SQL_closes_no_complaint_with_a_clear_empty() -> None:
    here = desk()
    made = complaint(here)
    fill(made, here.agent, without="record")
    decided(made, here.agent, "unfounded")
    closing = (
        "UPDATE cases_case SET state = 'closed', ended_at = now(), outcome = 'x', reply = 'y', resolved_at = now(),"
        " replied_at = now() WHERE id = %s"
    )
    assert refused(closing, made.pk)
    fill(made, here.agent)
    assert not refused(closing, made.pk)


@pytest.mark.parametrize("verb", ["grade", "observe", "merge", "split", "cancel"])
def test_P1_what_would_make_a_complaint_disappear_is_no_move_of_it(verb: str) -> None:
    here = desk()
    made = complaint(here)
    given: dict[str, dict[str, Any]] = {
        "grade": {"severity": "minor"},
        "observe": {"text": "x", "level": "major"},
        "merge": {"into": "CALL-20260101-0001", "text": "x"},
        "split": {"fault": "x", "text": "x"},
        "cancel": {"text": "x"},
    }
    with pytest.raises((Conflict, NotAllowed, Invalid)):
        getattr(moves, verb)(case=made.case, actor=here.agent, **given[verb])
    assert Case.objects.get(pk=made.pk).state == "registered"


def test_P10_a_substantiated_complaint_is_a_suspected_violation_that_names_no_complainant() -> None:
    here = desk()
    made = complaint(here)
    decided(made, here.agent)
    violation = Violation.objects.get()
    assert (violation.person, violation.offence) == (here.colleague, "substantiated_complaint")
    assert violation.state == "suspected"
    words = f"{violation.source} {violation.detail}" + str(list(Notice.objects.values_list("facts", flat=True)))
    assert not any(secret in words for secret in ("张投诉人", "态度恶劣", "13800138000"))


def test_P10_a_corrective_action_has_an_owner_a_date_and_a_clock_and_closing_waits_for_it() -> None:
    here = desk()
    made = complaint(here)
    later = now() + timedelta(days=5)
    with pytest.raises(Conflict):
        correct(complaint=made, actor=here.agent, owner=here.agent, text="培训", due_at=later)
    fill(made, here.agent)
    moves.start(case=made.case, actor=here.agent)
    decided(made, here.agent)
    with pytest.raises(Invalid):
        correct(complaint=made, actor=here.agent, owner=here.colleague, text="培训", due_at=later)
    correct(complaint=made, actor=here.agent, owner=here.agent, text="培训", due_at=later)
    action = CorrectiveAction.objects.get()
    clock = made.case.deadlines.get(kind="corrective", part=action.pk)
    assert abs((clock.due_at - later).total_seconds()) <= 1  # the date that was agreed, not so many working hours
    moves.resolve(case=made.case, actor=here.agent, outcome="已道歉")
    moves.reply(case=made.case, actor=here.agent, reply="已答复", channel="phone")
    with pytest.raises(Conflict, match="corrective"):
        moves.close(case=made.case, actor=here.agent)


def test_P10_praise_stands_in_the_ledger() -> None:
    here = desk()
    praise(actor=here.chief, staff=here.agent, text="客户来电表扬耐心细致")
    entry = LedgerEntry.objects.get(kind="praise")
    assert (entry.staff, entry.by) == (here.agent, here.chief)


def test_P4_a_level_is_only_raised_and_a_major_one_is_told_at_once() -> None:
    here = desk()
    made = complaint(here)
    raise_level(complaint=made, actor=here.agent, level="major", text="媒体关注")
    assert Notice.objects.filter(kind="complaint_major", recipient=here.manager, needs_ack=True).exists()
    with pytest.raises(Invalid):
        raise_level(complaint=made, actor=here.agent, level="ordinary", text="降级")


def test_P4_an_unacknowledged_major_complaint_is_repeated_and_never_to_who_is_barred() -> None:
    here = desk()
    made = complaint(here, level="major")
    barred = set(CaseBarred.objects.filter(case=made.pk).values_list("staff", flat=True))
    for _again in range(3):
        Notice.objects.filter(next_repeat_at__isnull=False).update(next_repeat_at=now() - timedelta(seconds=1))
        assert repeat_due("sentinel") >= 1
    told = set(Notice.objects.filter(about=f"case:{made.pk}").values_list("recipient", flat=True)) - {None}
    assert len(Notice.objects.filter(kind="complaint_major")) >= 4
    assert told.isdisjoint(barred)
    inside = set(CaseCircle.objects.filter(case=made.pk, until=None).values_list("staff", flat=True))
    assert told <= inside


def test_P6_the_trail_leaves_out_what_is_about_a_complaint_for_everybody_outside() -> None:
    here = desk()
    made = complaint(here)
    about = AuditEntry.objects.filter(thing=f"case:{made.pk}")
    assert about.exists()
    for outside in (here.admin, here.auditor, here.colleague):
        assert not seen_by(about, outside).exists()
    assert seen_by(about, here.agent).count() == about.count()
    call = here.register()
    assert seen_by(AuditEntry.objects.filter(thing=f"case:{call.pk}"), here.admin).exists()
