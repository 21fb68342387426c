"""A complaint from acceptance to its end through the product's verbs, and what its record must hold (P1-P5, P8)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from service_desk.cases import actions as moves
from service_desk.cases.models import Case, CaseCircle
from service_desk.complaints.actions import Acceptance, accept, escalate, satisfaction
from service_desk.complaints.circle import eligible_hearers
from service_desk.complaints.models import Complaint
from service_desk.deadlines.clock import now
from service_desk.notices.models import Notice
from service_desk.rest.errors import Conflict, Invalid, NotFound
from tests.complaints.making import complaint, decided, desk, fill

pytestmark = pytest.mark.django_db


def test_P1_anybody_accepts_a_complaint_and_it_is_a_case_and_more() -> None:
    here = desk()
    made = complaint(here, actor=here.auditor, next_reply_at=now() + timedelta(hours=3))
    case = Case.objects.get(pk=made.pk)
    assert case.kind == "complaint"
    assert case.confidential
    assert case.severity is None
    assert case.number.startswith("CMP-")
    assert case.first_responder == here.auditor
    assert case.open_promises == 1
    assert set(case.deadlines.values_list("kind", flat=True)) == {"first_response", "feedback", "solution", "promise"}


def test_P1_what_is_missing_is_named_field_by_field() -> None:
    here = desk()
    with pytest.raises(Invalid) as refused:
        accept(actor=here.agent, data=Acceptance(channel="phone", level="ordinary", matter="慢", wanted="快"))
    assert {error.field for error in refused.value.errors} == {"about_staff", "name"}


def test_P6_only_the_circle_knows_of_it() -> None:
    here = desk()
    made = complaint(here)
    seeing = {name for name, one in here.people.items() if Case.objects.visible_to(one).filter(pk=made.pk).exists()}
    assert seeing == {"agent"}
    assert {name for name, one in here.people.items() if Complaint.objects.visible_to(one).exists()} == {"agent"}


def test_P7_who_receives_a_complaint_about_themselves_loses_sight_of_it() -> None:
    here = desk()
    made = complaint(here, about_staff=here.agent)
    assert made.case.first_responder == here.agent
    assert made.case.handler == here.manager
    assert not Case.objects.visible_to(here.agent).filter(pk=made.pk).exists()
    with pytest.raises(NotFound):
        fill(made, here.agent)


def test_P2_a_complaint_does_not_close_with_a_clear_empty_and_says_which() -> None:
    here = desk()
    made = complaint(here)
    fill(made, here.agent, without="follow")
    moves.start(case=made.case, actor=here.agent)
    decided(made, here.agent, "unfounded")
    moves.resolve(case=made.case, actor=here.agent, outcome="已说明")
    moves.reply(case=made.case, actor=here.agent, reply="已回复", channel="phone")
    with pytest.raises(Conflict, match="Followed clearly"):
        moves.close(case=made.case, actor=here.agent)
    fill(made, here.agent)
    assert moves.close(case=made.case, actor=here.agent).state == "closed"


def test_C8_a_visit_about_a_complaint_owes_no_technical_report_and_the_reply_may_go_by_letter() -> None:
    here = desk()
    made = complaint(here)
    fill(made, here.agent)
    moves.start(case=made.case, actor=here.agent)
    moves.arrive(case=made.case, actor=here.agent)
    decided(made, here.agent, "unfounded")
    moves.resolve(case=made.case, actor=here.agent, outcome="已当面说明")
    moves.reply(case=made.case, actor=here.agent, reply="书面答复", channel="letter")
    assert moves.close(case=made.case, actor=here.agent).state == "closed"


def test_P5_from_the_complaint_to_the_appeal_each_by_its_own_owner() -> None:
    here = desk()
    made = complaint(here)
    moves.start(case=made.case, actor=here.agent)
    decided(made, here.agent, "unfounded")
    satisfaction(complaint=made, actor=here.agent, satisfied=False, text="不接受")
    escalate(complaint=made, actor=here.agent, text="客户不满意")
    second = made.instances.get(kind="escalated")
    assert second.owner == here.manager
    assert second.why == "dissatisfied"
    decided(made, here.manager, "partly")
    escalate(complaint=made, actor=here.manager, text="客户申诉", owner=here.gm_product)
    third = made.instances.get(kind="appeal")
    assert third.owner == here.gm_product
    decided(made, here.gm_product)
    assert [one.finding for one in made.instances.order_by("id")] == ["unfounded", "partly", "substantiated"]
    with pytest.raises(Conflict):
        escalate(complaint=made, actor=here.gm_product, text="还要")


def test_P5_the_appeal_is_offered_only_to_who_neither_decided_nor_handled_it() -> None:
    here = desk()
    made = complaint(here)
    names = {one.username for one in eligible_hearers(made)}
    assert names.isdisjoint({"agent", "colleague", "chief", "head", "president"})
    assert {"gm_marketing", "gm_product"} <= names


def test_P4_a_major_complaint_is_told_at_once_and_asks_for_an_acknowledgement() -> None:
    here = desk()
    made = complaint(here, level="major")
    notice = Notice.objects.get(kind="complaint_major")
    assert notice.recipient == here.manager
    assert notice.needs_ack
    assert notice.level == "emergency"
    assert CaseCircle.objects.filter(case=made.pk, staff=here.manager, why="ladder").exists()
