"""Templates for notes and replies: own and shared, slots filled safely for the case, unknown slots refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from service_desk.audit.models import AuditEntry
from service_desk.cases import actions
from service_desk.cases.actions.templating import TemplateWords, save_template
from service_desk.cases.models import NoteTemplate
from service_desk.cases.templating import BLANK, SLOTS, fill, unknown_slots
from service_desk.customers.models import Customer
from service_desk.deadlines.clock import now
from service_desk.rest.errors import NotAllowed
from tests.cases.pages import browser, text_of
from tests.factories import World, staff, world

URL = "/templates/"


@pytest.fixture
def desk(db: None) -> World:
    return world()


def saved(desk: World, person: Any = None, **words: Any) -> NoteTemplate:
    words = {"name": "到场时间", "text": "{greeting}，{customer}"} | words
    return save_template(actor=person or desk.agent, words=TemplateWords(**words))


def offered(desk: World, person: Any, case: Any, query: str = "", use: str = "note") -> list[dict[str, Any]]:
    found = browser(person).get(f"/cases/{case.number}/templates/", {"q": query, "use": use}).json()["results"]
    assert isinstance(found, list)
    return found


def test_slots_are_filled_with_what_the_case_knows(desk: World) -> None:
    case = desk.register(severity="minor", caller_name="王女士")
    due = now() + timedelta(hours=5)
    actions.promise(case=case, actor=desk.agent, text="回电", due_at=due)
    saved(desk, text="{contact}|{ customer }|{number}|{agent}|{company}|{due}|{greeting}", use="customer")
    (found,) = offered(desk, desk.agent, case, use="customer")
    contact, customer, number, agent, company, until, greeting = found["data"]["text"].split("|")
    assert (contact, customer, number, agent) == ("王女士", desk.customer.name, case.number, "员工agent")
    assert company
    assert len(until) == 16
    assert greeting in ("Good morning", "Good afternoon", "Good evening")


def test_what_a_slot_holds_is_text_and_is_not_filled_again(desk: World) -> None:
    Customer.objects.filter(pk=desk.customer.pk).update(name="{agent}{0.__class__}%s<b>")
    case = desk.register(severity="minor")
    saved(desk, text="{customer} {contact}")
    (found,) = offered(desk, desk.agent, case)
    assert found["data"]["text"] == f"{{agent}}{{0.__class__}}%s<b> {BLANK}"


@given(st.text(max_size=80), st.dictionaries(st.sampled_from(sorted(SLOTS)), st.text(max_size=10)))
def test_filling_never_fails_and_leaves_what_is_no_slot(text: str, values: dict[str, str]) -> None:
    filled = fill(text, values)
    if "{" not in text:
        assert filled == text
    assert fill("{nothing}" + text, values).startswith("{nothing}")


def test_an_unknown_slot_is_refused_beside_the_field(desk: World) -> None:
    client = browser(desk.agent)
    answer = client.post(f"{URL}new/", {"name": "x", "text": "{custmer} 您好", "use": "note"})
    assert answer.status_code == 422
    words = text_of(answer)
    assert "There is no slot {custmer}." in words
    assert "{customer}" in words
    assert 'value="x"' in answer.content.decode()  # what was typed is still there
    assert unknown_slots("{a} { customer } {a} {} {b c\nd} {{") == ["a"]
    assert not NoteTemplate.objects.exists()


def test_own_templates_are_ones_own_and_shared_ones_reach_their_unit_line_or_everybody(desk: World) -> None:
    outsider = staff("outsider", unit=desk.unit.parent)
    case = desk.register(severity="minor")
    saved(desk, name="自己的")
    saved(desk, desk.chief, name="科里的", scope="unit", unit=desk.unit)
    saved(desk, desk.chief, name="通信的", scope="line", service_line=desk.line)
    saved(desk, desk.chief, name="大家的", scope="all")
    assert [each["label"] for each in offered(desk, desk.agent, case)] == ["大家的", "科里的", "自己的", "通信的"]
    assert [each["label"] for each in offered(desk, desk.colleague, case)] == ["大家的", "科里的", "通信的"]
    assert [each["label"] for each in offered(desk, outsider, case)] == ["大家的", "通信的"]
    assert "自己的" not in text_of(browser(desk.colleague).get(URL))


def test_only_who_leads_shares(desk: World) -> None:
    with pytest.raises(NotAllowed):
        saved(desk, scope="all")
    client = browser(desk.agent)
    client.post(f"{URL}new/", {"name": "x", "text": "y", "use": "note", "scope": "all"})
    assert NoteTemplate.objects.get().scope == "own"  # the form of somebody who does not lead has no such field
    assert 'name="scope"' in browser(desk.chief).get(f"{URL}new/").content.decode()


def test_a_template_is_found_by_name_and_by_pinyin_initials_for_its_use_alone(desk: World) -> None:
    case = desk.register(severity="minor")
    saved(desk, name="到场时间", text="a")
    saved(desk, name="道歉", text="b", use="customer")
    assert [each["label"] for each in offered(desk, desk.agent, case, "dc")] == ["到场时间"]
    assert [each["label"] for each in offered(desk, desk.agent, case, "场时")] == ["到场时间"]
    assert [each["label"] for each in offered(desk, desk.agent, case, "", "customer")] == ["道歉"]
    assert offered(desk, desk.agent, case, "没有") == []
    form = browser(desk.agent).get(f"/cases/{case.number}/do/tell/").content.decode()
    assert f'data-templates="/cases/{case.number}/templates/?use=customer"' in form
    assert "data-people" not in form


def test_changing_and_taking_away_is_for_the_owner_and_of_shared_ones_for_who_leads(desk: World) -> None:
    own = saved(desk)
    shared = saved(desk, desk.chief, name="共用", scope="all")
    colleague, manager = browser(desk.colleague), browser(desk.manager)
    words = {"name": "共用二", "text": "{number}", "use": "note", "scope": "all"}
    assert colleague.post(f"{URL}{own.pk}/", words).status_code == 404
    assert colleague.post(f"{URL}{shared.pk}/", words).status_code == 403
    assert colleague.post(f"{URL}{shared.pk}/remove/").status_code == 403
    assert manager.post(f"{URL}{shared.pk}/", words).status_code == 302
    shared.refresh_from_db()
    assert (shared.name, shared.owner) == ("共用二", desk.chief)
    assert browser(desk.agent).post(f"{URL}{own.pk}/remove/").status_code == 302
    assert list(NoteTemplate.objects.all()) == [shared]
    assert AuditEntry.objects.filter(verb="note_template.remove").count() == 1


def test_the_same_name_twice_and_a_scope_without_its_unit_are_refused_beside_the_field(desk: World) -> None:
    chief = browser(desk.chief)
    words = {"name": "一", "text": "x", "use": "note"}
    assert chief.post(f"{URL}new/", words | {"scope": "own"}).status_code == 302
    assert "You have a template of this name already." in text_of(chief.post(f"{URL}new/", words | {"scope": "all"}))
    for scope in ("unit", "line"):
        answer = chief.post(f"{URL}new/", words | {"name": scope, "scope": scope})
        assert answer.status_code == 422
        assert "Please choose one." in text_of(answer)


def test_the_database_keeps_a_scope_and_whose_it_is_together(desk: World) -> None:
    template = saved(desk)
    with pytest.raises(IntegrityError), transaction.atomic():
        NoteTemplate.objects.filter(pk=template.pk).update(scope="unit")


@pytest.mark.parametrize("field", ["name", "text"])
@pytest.mark.parametrize("value", ["", " ", "\x00", "長" * 5000, "\ud800"])
def test_bad_input_is_refused_and_nothing_is_written(desk: World, field: str, value: str) -> None:
    words: dict[str, Any] = {"name": "x", "text": "y", "use": "note"}
    words[field] = value
    body = urlencode(words, errors="surrogatepass")
    answer = browser(desk.agent).post(f"{URL}new/", body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code in (302, 400, 422)
    assert answer.status_code != 302 or value == "\ud800"  # a browser's broken bytes are read as replacement signs


@pytest.mark.parametrize("path", ["0/", "999999999999999999/", "0/remove/"])
def test_a_template_that_is_not_there_is_not_found(desk: World, path: str) -> None:
    assert browser(desk.chief).post(f"{URL}{path}", {}).status_code == 404


def test_who_only_reads_keeps_no_templates(desk: World) -> None:
    assert browser(desk.auditor).get(URL).status_code == 403
    assert browser(desk.auditor).get(f"{URL}new/").status_code == 403


def test_P6_templates_are_not_filled_for_a_case_one_may_not_see(desk: World) -> None:
    case = desk.register(severity="minor")
    type(case).objects.filter(pk=case.pk).update(confidential=True)
    assert browser(desk.colleague).get(f"/cases/{case.number}/templates/").status_code == 404
