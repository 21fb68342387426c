"""The change of shift: a snapshot signed by two, and nothing changes it afterwards, whoever asks."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models.functions import Now

from service_desk.audit.models import AuditEntry
from service_desk.cases import actions as cases
from service_desk.cases.models import Case
from service_desk.dashboard.models import ShiftSheet
from service_desk.dashboard.shift import actions
from service_desk.deadlines.clock import now
from service_desk.rest.errors import Conflict, NotAllowed
from tests.calls.test_messages import left
from tests.calls.test_registration import phone_of, talk
from tests.cases.pages import browser, text_of
from tests.factories import World, shift_time, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


def give(desk: World, **more: Any) -> ShiftSheet:
    usual: dict[str, Any] = {"actor": desk.chief, "hours": 8, "notes": "备件 10 点到", "token": uuid.uuid4()}
    return actions.give(**(usual | more))


def test_it_holds_what_the_next_shift_must_know_and_stays_as_it_was_signed(desk: World) -> None:
    urgent, later = desk.register(severity="critical", fault="光缆中断"), desk.register(severity="minor", fault="later")
    secret = desk.register(severity="critical", fault="secret")
    Case.objects.filter(pk=secret.pk).update(confidential=True)
    cases.promise(case=later, actor=desk.agent, text="回电", due_at=now() + timedelta(hours=3))
    cases.hand_over(case=urgent, actor=desk.agent, receiver=desk.colleague, done="a", remaining="b", promised="c")
    sheet = give(desk)
    assert [row["number"] for row in sheet.facts["emergencies"]] == [urgent.number]
    assert [row["what"] for row in sheet.facts["promises"]] == ["回电"]
    assert [row["number"] for row in sheet.facts["hand_overs"]] == [urgent.number]
    assert {"emergency", "restoration"} <= {row["what"] for row in sheet.facts["clocks"]}
    assert secret.number not in str(sheet.facts)
    shift_time(urgent, hours=5)
    page = text_of(browser(desk.manager).get(f"/board/shift/{sheet.pk}/"))
    for expected in (urgent.number, "回电", "备件 10 点到", "Emergency", desk.customer.name, "not signed yet"):
        assert expected in page


def test_two_different_people_sign_and_each_signature_is_audited(desk: World) -> None:
    sheet = give(desk)
    with pytest.raises(Conflict, match="another supervisor"):
        actions.take(actor=desk.chief, sheet=sheet)
    taken = actions.take(actor=desk.manager, sheet=sheet)
    assert (taken.taken_by, actions.take(actor=desk.manager, sheet=sheet)) == (desk.manager, taken)
    with pytest.raises(Conflict, match="by both"):
        actions.take(actor=desk.head, sheet=sheet)
    told = AuditEntry.objects.filter(thing=f"shiftsheet:{sheet.pk}").order_by("pk").values_list("verb", flat=True)
    assert list(told) == ["shift.give", "shift.take"]


@pytest.mark.parametrize(
    "change", [{"notes": "x"}, {"facts": {}}, {"until": Now()}, {"given_by": None}, {"given_at": Now()}]
)
@pytest.mark.parametrize("signed", [False, True])
def test_a_signed_sheet_is_append_only_in_the_database(desk: World, change: dict[str, Any], signed: bool) -> None:
    sheet = give(desk)
    if signed:
        actions.take(actor=desk.manager, sheet=sheet)
    with pytest.raises(DatabaseError), transaction.atomic():
        ShiftSheet.objects.filter(pk=sheet.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        ShiftSheet.objects.filter(pk=sheet.pk).update(taken_by=desk.head, taken_at=Now(), **change)
    with pytest.raises(DatabaseError), transaction.atomic():
        sheet.delete()


def test_the_database_refuses_one_person_twice_and_half_a_signature(desk: World) -> None:
    sheet = ShiftSheet.objects.get(pk=give(desk).pk)
    for change in ({"taken_by": desk.chief, "taken_at": Now()}, {"taken_at": Now()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ShiftSheet.objects.filter(pk=sheet.pk).update(**change)


def test_only_those_who_lead_sign(desk: World) -> None:
    with pytest.raises(NotAllowed):
        give(desk, actor=desk.agent)
    sheet = give(desk)
    agent = browser(desk.agent)
    assert agent.get("/board/shift/").status_code == 403
    assert agent.get(f"/board/shift/{sheet.pk}/").status_code == 403
    assert agent.post(f"/board/shift/{sheet.pk}/take/").status_code == 403
    assert ShiftSheet.objects.get().taken_at is None


def test_the_form_signs_once_however_often_it_is_sent_and_says_what_is_wrong(desk: World) -> None:
    chief, token = browser(desk.chief), str(uuid.uuid4())
    for _n in range(2):
        sent = chief.post("/board/shift/", {"hours": "8", "notes": "n", "token": token})
        assert sent.status_code == 302
    assert ShiftSheet.objects.count() == 1
    for wrong in (
        {"hours": "25"},
        {"hours": "x"},
        {"hours": "9" * 400},
        {"notes": "a\x00b"},
        {"notes": "x" * 4001},
        {"token": "t"},
    ):
        page = chief.post("/board/shift/", {"hours": "8", "notes": "保留", "token": str(uuid.uuid4())} | wrong)
        assert page.status_code == 422
    assert "保留" in chief.post("/board/shift/", {"hours": "0", "notes": "保留", "token": token}).content.decode()
    assert ShiftSheet.objects.count() == 1
    assert chief.get("/board/shift/999/").status_code == 404
    assert chief.post("/board/shift/999/take/").status_code == 404
    page = chief.post(f"/board/shift/{ShiftSheet.objects.get().pk}/take/", follow=True)
    assert "another supervisor" in text_of(page)


def test_the_team_view_counts_what_each_person_holds(desk: World) -> None:
    late, paused = desk.register(severity="major"), desk.register(severity="minor")
    shift_time(late, hours=1)
    cases.start(case=paused, actor=desk.agent)
    cases.wait(case=paused, actor=desk.agent, waiting_for="customer", text="客户要求")
    chief = browser(desk.chief)
    at_once = chief.get("/board/team/")
    assert at_once.context["teams"][0].members[0].minutes == []  # what takes seconds on a large desk comes behind
    assert 'hx-get="/board/team/?minutes=1"' in at_once.content.decode()
    (team,) = chief.get("/board/team/?minutes=1").context["teams"]
    first = team.members[0]
    assert (first.person, first.held, first.late, first.pauses) == (desk.agent, 2, 1, 1)
    assert first.oldest == late.registered_at - timedelta(hours=1)
    assert chief.get(first.url).status_code == 200
    assert len(chief.get(first.late_url).context["rows"]) == first.late
    behind = chief.get(first.pauses_url)
    assert [row.case_id for row in behind.context["rows"]] == [paused.pk]
    assert "客户要求" in text_of(behind)
    whose = [share.label for share in first.minutes]
    assert whose == ["All together", "As first responder", "Waiting for the customer"]
    assert sum((share.lasted for share in first.minutes[1:]), timedelta(0)) == first.minutes[0].lasted
    assert paused.number in text_of(chief.get(first.minutes[-1].url))
    assert (team.held, team.late, team.oldest) == (2, 1, first.oldest)
    for stranger, status in ((desk.inspector, 403), (desk.agent, 403), (desk.president, 200)):
        assert browser(stranger).get(first.pauses_url).status_code == status
    assert chief.get(f"/board/team/{desk.head.pk}/pauses/").status_code == 404
    assert browser(desk.auditor).get("/board/team/").status_code == 403


def test_P6_what_has_become_confidential_since_is_kept_back_on_every_sheet(desk: World) -> None:
    urgent, later = desk.register(severity="critical", fault="光缆中断"), desk.register(severity="minor", fault="later")
    cases.promise(case=urgent, actor=desk.agent, text="两小时内回电", due_at=now() + timedelta(hours=2))
    cases.promise(case=later, actor=desk.agent, text="回信", due_at=now() + timedelta(hours=3))
    sheet = give(desk)
    Case.objects.filter(pk=urgent.pk).update(confidential=True)
    page = text_of(browser(desk.manager).get(f"/board/shift/{sheet.pk}/"))
    for secret in (urgent.number, "光缆中断", "两小时内回电"):
        assert secret not in page
    assert "回信" in page
    assert "Confidential" in page
    agents_own = sheet.facts["promises"]  # whoever is in its circle still reads it
    assert {row["number"] for row in agents_own} == {urgent.number, later.number}


def test_the_page_shows_before_what_would_stand_there_and_calls_and_call_backs_too(desk: World) -> None:
    call = talk(phone_of(desk), ago=timedelta(minutes=5))
    message = left(desk, call_back_by=now() + timedelta(hours=2))
    chief = browser(desk.chief)
    for address, shown in (("/board/shift/", 1), ("/board/shift/?hours=24", 2), ("/board/shift/?hours=x", 1)):
        page = chief.get(address)
        rows = next(part for part in page.context["parts"] if "call back" in part.title).rows
        assert len(rows) == shown, address
        assert f"Message {message.pk}" in text_of(page)
    signed = give(desk, hours=24)
    assert call.customer_number not in str(signed.facts)
    assert call.masked_number in text_of(chief.get(f"/board/shift/{signed.pk}/"))
