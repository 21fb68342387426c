"""K3 at the desk: what a verb says to a customer is stopped, what it writes down is only noted; through every door."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from service_desk.audit.models import AuditEntry
from service_desk.calls.actions import settle_as_exception, undo_settlement
from service_desk.calls.actions.messages import NewMessage, take_message
from service_desk.cases import actions
from service_desk.cases.models import Case, CaseEvent
from service_desk.cases.rules import MOVES, READ_BY_CUSTOMER, TO_CUSTOMER, CaseState, EventType
from service_desk.cases.views.acting import _SAYS
from service_desk.complaints.actions import return_answer, suggest
from service_desk.deadlines.clock import now
from service_desk.knowledge import current
from service_desk.knowledge.actions import approve, draft
from service_desk.knowledge.actions.findings import Unsayable
from service_desk.knowledge.models import LanguageFinding
from service_desk.knowledge.places import seen_by
from service_desk.people.rules import Role
from service_desk.rest.errors import NotAllowed
from service_desk.telephony.actions import begin_call
from tests.cases.callers import key, move, session
from tests.cases.pages import browser, post, text_of
from tests.factories import World, staff, world

pytestmark = pytest.mark.django_db
RUDE, CURT = "我就这态度", "快说吧你"
SAID = f"您好，{RUDE}，您看着办。"


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> World:
    """A desk with two banned phrases in force: one that stops, one that only warns."""
    monkeypatch.setattr(current, "_current", current.Current())
    monkeypatch.setattr(current, "EVERY", 0.0)
    author, approver = staff("", Role.FRONT_DESK), staff("", Role.SUPERVISOR)
    drafts = [
        draft(
            actor=author,
            code=code,
            kind="banned",
            text=text,
            content={
                "category": category,
                "suggestions": ["请您原谅，这是我工作的疏忽。"],
                "must_hit": [f"{text}。"],
                "must_not_hit": ["您好"],
            },
        )
        for code, text, category in (("X1", RUDE, "unfriendly"), ("X2", CURT, "impatient"))
    ]
    approve(actor=approver, versions=drafts)
    return world()


def test_K3_the_table_of_what_the_customer_hears_is_whole() -> None:
    assert {_SAYS[verb] for verb in READ_BY_CUSTOMER} | {EventType.REPORT} == TO_CUSTOMER
    assert MOVES.keys() > READ_BY_CUSTOMER
    told = [verb for verb, event in _SAYS.items() if event in TO_CUSTOMER]
    assert set(told) == READ_BY_CUSTOMER


def test_K3_what_is_told_to_the_customer_is_stopped_and_nothing_is_written(desk: World) -> None:
    case = desk.register()
    lines = case.events.count()
    with pytest.raises(Unsayable) as refusal:
        actions.tell(case=case, actor=desk.agent, text=SAID, channel="phone")
    assert refusal.value.field == "text"
    assert RUDE in str(refusal.value)
    assert "请您原谅" in str(refusal.value.remedy)
    assert case.events.count() == lines
    assert not LanguageFinding.objects.exists()


@pytest.mark.parametrize("verb", sorted(READ_BY_CUSTOMER))
def test_K3_each_verb_that_speaks_to_a_customer_is_stopped_at_the_screen_and_in_rest(desk: World, verb: str) -> None:
    case = desk.register(severity="minor")
    due = now().replace(microsecond=0)
    later = due.replace(year=due.year + 1) if due.month > 1 else due.replace(month=6)
    if verb == "postpone":
        actions.promise(case=case, actor=desk.agent, text="今天回电", due_at=later)
    if verb == "reply":
        Case.objects.filter(pk=case.pk).update(state=CaseState.RESOLVED, outcome="已修复", resolved_at=now())
    name = "reply" if verb == "reply" else "text"
    body = {name: SAID, "channel": "phone", "due_at": later.isoformat()}
    if verb == "postpone":
        body["promise"] = str(case.promises.get().pk)
    wanted: dict[str, Any] = {field: body[field] for field in (*MOVES[verb].fields, name) if field in body}
    refused = move(session(desk.agent), case.number, verb, **wanted)
    assert refused.status_code == 409, refused.content
    problem = refused.json()
    assert problem["code"] == "banned_language"
    assert [error["field"] for error in problem["errors"]] == [name]
    (found,) = problem["findings"]
    assert SAID[found["start"] : found["end"]] == RUDE
    assert found["suggestions"] == ["请您原谅，这是我工作的疏忽。"]
    screen = {**wanted, "due_at": later.astimezone().strftime("%Y-%m-%d %H:%M")}
    page = post(browser(desk.agent), case, verb, **screen)
    assert page.status_code == 409, page.content.decode()
    assert f'id="id_{name}_error"' in page.content.decode()
    assert 'name="override"' in page.content.decode()
    assert "id_override_helptext" not in page.content.decode()  # only a supervisor is offered it
    assert not CaseEvent.objects.filter(case=case, type=_SAYS[verb], text=SAID).exists()


def test_K3_a_supervisor_lets_it_pass_with_a_reason_recorded_and_audited(desk: World) -> None:
    case, client = desk.register(), browser(desk.chief)
    stopped = post(client, case, "tell", text=SAID, channel="phone")
    assert stopped.status_code == 409
    assert "id_override_helptext" in stopped.content.decode()
    passed = post(client, case, "tell", text=SAID, channel="phone", override="客户要求原话转告")
    assert passed.status_code == 302
    finding = LanguageFinding.objects.get()
    assert (finding.outcome, finding.decided_by, finding.reason) == ("overridden", desk.chief, "客户要求原话转告")
    assert (finding.thing, finding.release_id, finding.entry) == (f"case:{case.pk}", 1, "X1")
    entry = AuditEntry.objects.get(verb="language.override")
    assert entry.thing == f"case:{case.pk}"


def test_K3_the_answer_to_a_suggestion_goes_back_to_the_customer_and_is_stopped_too(desk: World) -> None:
    case = desk.register()
    due = now() + timedelta(days=2)
    sent = suggest(case=case, actor=desk.agent, unit=desk.unit, text="挂机前先道别", due_at=due)
    client, address = browser(desk.chief), f"/suggestions/{sent.pk}/"
    stopped = client.post(address, {"text": SAID})
    assert stopped.status_code == 409
    assert RUDE in stopped.content.decode()
    assert "id_override_helptext" in stopped.content.decode()
    assert key(desk.chief).post(f"/api/v1{address}answer/", {"text": SAID}).json()["code"] == "banned_language"
    assert client.post(address, {"text": SAID, "override": "引用原话"}).status_code == 302
    found = LanguageFinding.objects.get()
    assert (found.thing, found.outcome) == (f"suggestion:{sent.pk}", "overridden")
    assert seen_by(desk.chief, [found.thing])[found.thing].url == address
    with pytest.raises(Unsayable):
        return_answer(suggestion=sent, actor=desk.agent, text=SAID)


def test_K3_why_a_call_needs_no_ticket_is_checked_when_it_is_saved(desk: World) -> None:
    call = begin_call(actor=desk.agent, number="053187654321", token=uuid4(), answered=True)
    settle_as_exception(actor=desk.agent, call=call, reason="other", words=f"我说{CURT}，他就挂了")
    undo_settlement(actor=desk.agent, call=call, why=RUDE)
    assert list(LanguageFinding.objects.order_by("pk").values_list("thing", "entry", "direction")) == [
        (f"call:{call.pk}", "X2", "internal_note"),
        (f"call:{call.pk}", "X1", "internal_note"),
    ]
    assert seen_by(desk.agent, [f"call:{call.pk}"])[f"call:{call.pk}"].url == f"/calls/{call.ref}/"


def test_K3_nobody_else_overrides_by_any_door(desk: World) -> None:
    case = desk.register()
    with pytest.raises(NotAllowed):
        actions.tell(case=case, actor=desk.agent, text=SAID, channel="phone", override="没关系")
    assert move(key(desk.agent), case.number, "tell", text=SAID, channel="phone", override="行").status_code == 403
    assert not case.events.filter(type=EventType.TOLD).exists()
    sent = move(key(desk.chief), case.number, "tell", text=SAID, channel="phone", override="原话")
    assert sent.status_code == 200, sent.content


def test_K3_a_note_is_saved_with_a_warning_to_its_writer_and_kept_for_inspection(desk: World) -> None:
    case, client = desk.register(), browser(desk.agent)
    saved = post(client, case, "note", text=f"我跟他讲{RUDE}。")
    assert saved.status_code == 302
    page = client.get(saved.url).content.decode()
    assert RUDE in page
    assert "Say instead: 请您原谅" in page
    finding = LanguageFinding.objects.get()
    assert (finding.direction, finding.severity, finding.said_by) == ("internal_note", "warn", desk.agent)
    assert finding.phrase == RUDE


def test_K3_an_impatient_word_to_the_customer_warns_and_goes_out(desk: World) -> None:
    case = desk.register()
    assert post(browser(desk.agent), case, "tell", text=f"您好，{CURT}", channel="phone").status_code == 302
    assert LanguageFinding.objects.get().severity == "warn"


def test_K3_the_three_texts_of_a_hand_over_and_a_registration_are_checked(desk: World) -> None:
    case = desk.register(description=f"客服{RUDE}")
    assert LanguageFinding.objects.count() == len(case.language_found)
    before = LanguageFinding.objects.count()
    texts: dict[str, Any] = dict.fromkeys(("done", "remaining", "promised"), f"跟我说{CURT}")
    handed = actions.hand_over(case=case, actor=desk.agent, receiver=desk.colleague, **texts)
    assert len(handed.language_found) == 3
    assert LanguageFinding.objects.count() == before + 3


def test_K3_what_the_customer_said_is_no_finding(desk: World) -> None:
    case = desk.register(description=f"客户说“{RUDE}”，已安抚。")
    assert case.language_found == ()


def test_K3_a_message_for_a_colleague_is_checked_and_its_finding_seen_by_who_may_read_it(desk: World) -> None:
    data = NewMessage(for_whom=desk.colleague, from_name="王女士", matter=f"请给她回电，{RUDE}。")
    message = take_message(actor=desk.agent, data=data)
    finding = LanguageFinding.objects.get(thing=f"callmessage:{message.pk}")
    assert (finding.direction, finding.said_by) == ("internal_note", desk.agent)
    assert seen_by(desk.colleague, [finding.thing])[finding.thing].url == message.get_absolute_url()
    assert seen_by(desk.engineer, [finding.thing]) == {}


def test_K3_what_was_saved_of_many_cases_at_once_is_told_beside_each(desk: World) -> None:
    cases = [desk.register(), desk.register()]
    told = f"Language: “{CURT}” is Impatient. Say instead: 请您原谅，这是我工作的疏忽。"
    data = {"verb": "note", "sure": "1", "text": f"{CURT}。", "number": [case.number for case in cases]}
    client = browser(desk.agent)
    assert text_of(client.get(client.post("/cases/bulk/", data).headers["Location"])).count(told) == 2
    body = {"verb": "tell", "numbers": [cases[0].number], "answers": {"text": f"{CURT}。", "channel": "phone"}}
    [item] = session(desk.agent).post("/api/v1/cases/bulk/", body).json()["items"]
    assert (item["done"], item["found"]) == (True, told)
    body["answers"] = {"text": SAID, "channel": "phone"}
    [item] = session(desk.agent).post("/api/v1/cases/bulk/", body).json()["items"]
    assert (item["done"], item["found"]) == (False, "")
