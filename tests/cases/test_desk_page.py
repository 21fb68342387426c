"""My desk: what stands there, in which order, for whom, and at what cost."""

from __future__ import annotations

from typing import Any

import pytest

from service_desk.cases import actions
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.rules import Door
from service_desk.notices.models import Notice
from tests.cases.pages import HTMX, browser, text_of
from tests.factories import World, shift_time, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


def numbers(response: Any, rows: str = "rows") -> list[str]:
    return [row.case.number for row in response.context[rows]]


def test_home_leads_to_my_desk_and_strangers_to_the_log_in(desk: World) -> None:
    agent = browser(desk.agent)
    assert agent.get("/").headers["Location"] == "/desk/"
    agent.logout()
    assert agent.get("/desk/").headers["Location"].startswith("/login/")


def test_emergencies_stand_on_top_then_the_nearest_deadline_then_what_has_none(desk: World) -> None:
    no_clock = desk.register(severity="minor", fault="a")
    actions.start(case=no_clock, actor=desk.agent)
    actions.resolve(case=no_clock, actor=desk.agent, outcome="x")
    far = desk.register(severity="major", fault="b")
    actions.start(case=far, actor=desk.agent)
    near = desk.register(severity="minor", fault="c")
    urgent = desk.register(severity="critical", fault="d")
    actions.start(case=urgent, actor=desk.agent)
    page = browser(desk.agent).get("/desk/")
    assert numbers(page) == [urgent.number, near.number, far.number, no_clock.number]


def test_only_my_open_cases_stand_there(desk: World) -> None:
    mine, closed = desk.register(severity="minor"), desk.register(severity="minor")
    desk.register(actor=desk.colleague)
    actions.cancel(case=closed, actor=desk.agent, text="重复")
    assert numbers(browser(desk.agent).get("/desk/")) == [mine.number]


def test_a_row_says_clock_state_severity_customer_and_last_event(desk: World) -> None:
    case = desk.register(severity="major")
    actions.note(case=case, actor=desk.colleague, text="备件在路上")
    page = browser(desk.agent).get("/desk/")
    words = text_of(page)
    for expected in (case.number, "Major", "Registered", desk.customer.name, "Internal note : 备件在路上"):
        assert expected.replace(" :", ":") in words.replace(" :", ":")
    assert "data-ticking" in page.content.decode()


@pytest.mark.parametrize("count", [3, 60])
def test_the_desk_costs_the_same_number_of_queries_at_any_size(
    desk: World, count: int, django_assert_num_queries: Any
) -> None:
    for _ in range(count):
        desk.register(actor=desk.engineer, severity="major")
    engineer = browser(desk.engineer)
    engineer.get("/desk/")  # the first page of a session writes it
    with django_assert_num_queries(12):
        page = engineer.get("/desk/")
    assert len(numbers(page)) == min(count, 50)
    assert page.context["more_rows"] is (count > 50)


@pytest.mark.parametrize("count", [3, 60])
def test_the_desk_of_a_supervisor_too(desk: World, count: int, django_assert_num_queries: Any) -> None:
    for _ in range(count):
        shift_time(desk.register(severity="major"), hours=1)
    chief = browser(desk.chief)
    chief.get("/desk/")
    with django_assert_num_queries(13):
        page = chief.get("/desk/")
    assert len(numbers(page, "unit_rows")) == min(count, 25)


def test_supervisors_see_what_is_late_or_soon_late_in_their_unit_and_below(desk: World) -> None:
    fresh, soon, late = (desk.register(severity="major", fault=name) for name in "abc")
    shift_time(soon, minutes=25)
    shift_time(late, hours=1)
    assert numbers(browser(desk.chief).get("/desk/"), "unit_rows") == [late.number, soon.number]
    assert numbers(browser(desk.head).get("/desk/"), "unit_rows") == [late.number, soon.number]
    assert "unit_rows" in browser(desk.agent).get("/desk/").context
    assert browser(desk.agent).get("/desk/").context["unit_rows"] == []
    assert fresh.number not in numbers(browser(desk.chief).get("/desk/"), "unit_rows")


def test_C7_notice_to_acknowledge_stands_on_the_desk_and_leaves_once_it_is_answered(desk: World) -> None:
    desk.register(severity="critical")
    sweep(Door.SENTINEL)
    manager = browser(desk.manager)
    page = manager.get("/desk/")
    (waiting,) = page.context["notices"]
    assert "Acknowledge" in text_of(page)
    key = waiting.notice.key
    answered = manager.post(f"/desk/notices/{key}/acknowledge/", {"next": "/desk/"}, follow=True)
    assert "Acknowledged." in text_of(answered)
    assert answered.context["notices"] == []
    notice = Notice.objects.get(key=key)
    assert (notice.acked_by, notice.acked_via) == (desk.manager, "screen")
    again = manager.post(f"/desk/notices/{key}/acknowledge/", {"next": "//evil.example/"}, follow=True)
    assert "This had been acknowledged already." in text_of(again)
    assert again.redirect_chain[-1][0] == "/desk/"


def test_somebody_elses_notice_is_not_acknowledged_by_pressing(desk: World) -> None:
    desk.register(severity="critical")
    sweep(Door.SENTINEL)
    key = Notice.objects.filter(recipient=desk.manager).latest("pk").key
    assert browser(desk.colleague).post(f"/desk/notices/{key}/acknowledge/").status_code == 403
    assert Notice.objects.get(key=key).acked_at is None


def test_htmx_gets_the_moving_part_alone_and_it_is_refreshed_by_pushed_events(desk: World) -> None:
    agent = browser(desk.agent)
    assert 'data-refresh-on="case notice' in agent.get("/desk/").content.decode()
    part = agent.get("/desk/", headers=HTMX).content.decode()
    assert "<html" not in part
    assert "My open cases" in part


def test_an_empty_desk_says_what_would_be_here(desk: World) -> None:
    assert "Cases appear here when you register one" in text_of(browser(desk.agent).get("/desk/"))
    assert "Nothing is late or soon late" in text_of(browser(desk.chief).get("/desk/"))
