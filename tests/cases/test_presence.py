"""Seeing each other on a case: who has it open, who writes, gone when silent, hidden from who may not see the case."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from service_desk.cases import actions, presence
from service_desk.cases.models import Case, CaseEvent
from service_desk.redis_line import RedisLine
from tests.cases.pages import HTMX, browser, text_of
from tests.factories import World, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


@pytest.fixture
def case(desk: World) -> Case:
    made = desk.register(severity="minor")
    presence._line().redis.delete(f"presence:{made.pk}")
    return made


@pytest.fixture
def pokes(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    sent: list[Any] = []
    monkeypatch.setattr(presence, "poke", lambda *what: sent.append(what))
    return sent


def here(case: Case, person: Any) -> list[tuple[str, str]]:
    return [(str(each.person), each.writing) for each in presence.others(case, person.pk)]


def test_the_others_are_seen_and_one_does_not_see_oneself_nor_ones_second_tab(desk: World, case: Case) -> None:
    presence.say(case, desk.agent.pk, "tab1")
    presence.say(case, desk.agent.pk, "tab2")
    assert here(case, desk.agent) == []
    assert here(case, desk.colleague) == [("员工agent", "")]
    presence.say(case, desk.agent.pk, "tab1", gone=True)
    assert here(case, desk.colleague) == [("员工agent", "")]  # the second tab is still there
    presence.say(case, desk.agent.pk, "tab2", gone=True)
    assert here(case, desk.colleague) == []


def test_what_somebody_writes_is_seen_by_the_name_of_the_move(desk: World, case: Case) -> None:
    presence.say(case, desk.agent.pk, "tab1", writing="note")
    presence.say(case, desk.agent.pk, "tab2")
    assert here(case, desk.colleague) == [("员工agent", "Add a note")]
    presence.say(case, desk.agent.pk, "tab1", writing="no_such_move")
    assert here(case, desk.colleague) == [("员工agent", "")]


def test_a_browser_that_is_silent_is_gone_within_thirty_seconds(
    desk: World, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert presence.LIVES_SECONDS + presence.BEAT_SECONDS <= 30
    redis = presence._line().redis
    seconds, _micro = redis.time()
    redis.hset(f"presence:{case.pk}", f"{desk.agent.pk}:dead", f"{seconds - presence.LIVES_SECONDS - 1}|note")
    assert here(case, desk.colleague) == []
    assert redis.hgetall(f"presence:{case.pk}") == {}
    presence.say(case, desk.agent.pk, "tab1")
    assert 0 < redis.ttl(f"presence:{case.pk}") <= 2 * presence.LIVES_SECONDS


def test_open_pages_are_told_when_somebody_comes_writes_or_goes_and_not_at_each_beat(
    desk: World, case: Case, pokes: list[Any]
) -> None:
    for _beat in range(3):
        presence.say(case, desk.agent.pk, "tab1")
    presence.say(case, desk.agent.pk, "tab1", writing="note")
    presence.say(case, desk.agent.pk, "tab1", gone=True)
    assert pokes == [("desk:all", "presence", {"case": case.number})] * 3  # the number and nobody's name


def test_the_door_answers_who_is_there_and_writes_nothing_into_the_database(desk: World, case: Case) -> None:
    agent, colleague = browser(desk.agent), browser(desk.colleague)
    address = f"/events/cases/{case.number}/presence/"
    assert agent.post(address, {"page": "a-1", "writing": "tell"}).status_code == 200
    colleague.post(address, {"page": "b-1"})  # the first request of a session writes it
    with CaptureQueriesContext(
        connection,
    ) as ran:
        words = text_of(colleague.post(address, {"page": "b-1"}))
    assert words == "员工agent is writing: Tell the customer"
    asked = ("SELECT", "EXECUTE kept_")  # kept questions are read by their plan's name
    assert [query["sql"] for query in ran.captured_queries if not query["sql"].startswith(asked)] == []
    assert "员工colleague has this case open" in text_of(agent.get(address))


def test_P6_presence_is_hidden_with_the_case(desk: World, case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(confidential=True)
    address = f"/events/cases/{case.number}/presence/"
    for method in ("get", "post"):
        assert getattr(browser(desk.colleague), method)(address, {"page": "x"}).status_code == 404
    assert here(case, desk.agent) == []
    assert browser(desk.colleague).get(f"/cases/{case.number}/since/?event=0").status_code == 404


@pytest.mark.parametrize("page", ["", "a" * 41, "a:b", "\x00", "1|2", "é"])
def test_a_page_without_a_proper_name_is_refused(desk: World, case: Case, page: str) -> None:
    answer = browser(desk.agent).post(f"/events/cases/{case.number}/presence/", {"page": page})
    assert answer.status_code == 400
    assert here(case, desk.colleague) == []


def test_one_case_holds_a_bounded_number_of_pages(desk: World, case: Case) -> None:
    for number in range(presence._MOST + 5):
        presence.say(case, desk.agent.pk, f"t{number}")
    assert presence._line().redis.hlen(f"presence:{case.pk}") == presence._MOST


def test_without_redis_the_page_works_and_nobody_is_seen(
    desk: World, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away:
        def eval(self, *_given: Any) -> Any:
            raise OSError("away")

    line = RedisLine(seconds=0.5)
    line.redis = Away()
    monkeypatch.setattr(presence, "_line", lambda: line)
    assert presence.say(case, desk.agent.pk, "tab1") == []
    assert browser(desk.agent).get(case.get_absolute_url()).status_code == 200


def test_what_others_do_under_an_open_form_is_shown_before_it_is_sent(desk: World, case: Case) -> None:
    seen = CaseEvent.objects.filter(case=case).latest("pk").pk
    colleague = browser(desk.colleague)
    address = f"/cases/{case.number}/since/"
    assert colleague.get(address, {"event": seen}, headers=HTMX).status_code == 204
    actions.start(case=case, actor=desk.agent)
    words = text_of(colleague.get(address, {"event": seen}, headers=HTMX))
    assert "While you are writing this happened:" in words
    assert "员工agent · Work started" in words
    form = colleague.get(f"/cases/{case.number}/do/note/", headers=HTMX).content.decode()
    assert f'data-changes="{address}"' in form
    assert 'data-writing="note"' in form


@pytest.mark.parametrize("event", ["", "x", "-1", "9" * 30, "٣", "1.5"])
def test_a_seen_event_that_is_none_changes_nothing(desk: World, case: Case, event: str) -> None:
    assert browser(desk.agent).get(f"/cases/{case.number}/since/", {"event": event}).status_code == 204


@pytest.mark.parametrize(
    ("verb", "words"), [("note", "Internal"), ("tell", "The customer reads this"), ("promise", "The customer reads")]
)
def test_each_form_says_who_reads_what_is_written(desk: World, case: Case, verb: str, words: str) -> None:
    shown = text_of(browser(desk.agent).get(f"/cases/{case.number}/do/{verb}/"))
    assert words in shown
    assert ("The customer reads this" in shown) == (verb != "note")
