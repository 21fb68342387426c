"""The board's figures equal what a plain count finds, each leads to its rows, and nobody counts what is not theirs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from service_desk.cases import actions
from service_desk.cases.models import Case, CaseDeadline, HandOver, Promise
from service_desk.cases.rules import OPEN_STATES
from service_desk.dashboard.board import agents, asking, parts, sharing
from service_desk.dashboard.board.figures import COUNTED, FIGURES, counts
from service_desk.deadlines.clock import now
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.models import Incident
from service_desk.deadlines.rules import Door
from service_desk.notices.models import Delivery, Notice
from service_desk.people.models import Absence, DutyShift
from tests.cases.pages import HTMX, browser, text_of
from tests.factories import World, shift_time, world


@pytest.fixture
def desk(db: None, monkeypatch: pytest.MonkeyPatch) -> World:
    sharing.forget()
    parts.forget()
    monkeypatch.setattr(sharing, "SHARED_SECONDS", 0.0)
    return world()


def busy(desk: World) -> dict[str, Case]:
    """A desk in the middle of the day: something for most figures."""
    cases = {
        "calm": desk.register(severity="minor", fault="calm"),
        "soon": desk.register(severity="major", fault="soon"),
        "hour": desk.register(severity="major", fault="hour"),
        "late": desk.register(severity="major", fault="late"),
        "urgent": desk.register(severity="critical", fault="urgent"),
        "secret": desk.register(severity="critical", fault="secret"),
        "given": desk.register(severity="minor", fault="given"),
        "promised": desk.register(severity="minor", fault="promised"),
        "done": desk.register(severity="minor", fault="done"),
    }
    actions.cancel(case=cases["done"], actor=desk.agent, text="重复")
    actions.hand_over(
        case=cases["given"], actor=desk.agent, receiver=desk.colleague, done="a", remaining="b", promised="c"
    )
    actions.promise(case=cases["promised"], actor=desk.agent, text="回电", due_at=now() + timedelta(minutes=50))
    Case.objects.filter(pk=cases["secret"].pk).update(confidential=True)
    shift_time(cases["soon"], minutes=20)
    shift_time(cases["late"], minutes=40)
    sweep(Door.SENTINEL)
    return cases


def numbers_of(response: Any) -> dict[str, int]:
    board = response.context["board"]
    return {tile.figure.key: tile.number for group in board.tiles.values() for tile in group}


def brute(desk: World, user: Any, at: datetime) -> dict[str, int]:
    """The same by looking at every row in Python."""
    seen = set(Case.objects.visible_to(user).values_list("pk", flat=True))
    working = {case.pk for case in Case.objects.all() if case.state in OPEN_STATES} & seen
    clocks = [c for c in CaseDeadline.objects.all() if c.ended_at is None and c.case_id in working]
    late = [c for c in clocks if c.due_at <= at]
    unanswered = {
        n.chain.split(":")[1] for n in Notice.objects.all() if n.is_open and n.chain.startswith("case_deadline:")
    }
    ticking = [c for c in clocks if c.state != "paused" and c.due_at > at]
    return {
        "emergencies": sum(Case.objects.get(pk=pk).emergency_is_running for pk in working),
        "late": len(late),
        "unanswered": sum(str(c.pk) in unanswered for c in late),
        "due_15": sum(c.due_at <= at + timedelta(minutes=15) for c in ticking),
        "due_60": sum(c.due_at <= at + timedelta(minutes=60) for c in ticking),
        "promises": sum(
            p.settled_at is None and p.due_at <= at + timedelta(minutes=60) and p.case_id in working
            for p in Promise.objects.all()
        ),
        "hand_overs": sum(h.state == "proposed" and h.case_id in working for h in HandOver.objects.all()),
        "undelivered": sum(d.state in ("dead", "unknown") for d in Delivery.objects.all())
        if user.has_role("supervisor", "administrator")
        else 0,
        "incidents": sum(i.repaired_at is None for i in Incident.objects.all()),
    }


@pytest.mark.parametrize("who", ["chief", "head", "inspector", "admin"])
def test_every_figure_is_what_a_plain_count_finds(desk: World, who: str) -> None:
    busy(desk)
    Incident.objects.create(kind="lost", thing="case:1")
    Incident.objects.create(kind="lost", thing="case:2", repaired_at=now())
    found = numbers_of(browser(desk.people[who]).get("/board/"))
    wanted = brute(desk, desk.people[who], now())
    assert {key: found[key] for key in wanted} == wanted
    assert (wanted["emergencies"], wanted["hand_overs"], wanted["promises"]) == (1, 1, 1)
    assert wanted["late"]
    assert wanted["due_60"] > wanted["due_15"] > 0


@pytest.mark.parametrize("key", list(FIGURES))
def test_the_list_behind_each_number_has_as_many_rows(desk: World, key: str) -> None:
    cases = busy(desk)
    page = browser(desk.chief).get("/board/")
    number = numbers_of(page).get(key, 0)
    shown = browser(desk.chief).get(f"/board/list/{key}/")
    assert shown.status_code == 200
    assert len(shown.context["rows"]) == shown.context["number"] == number
    assert cases["secret"].number not in text_of(shown)


def test_of_what_is_confidential_others_do_not_even_learn_the_number(desk: World) -> None:
    cases = busy(desk)
    for_chief, for_agent = counts(desk.chief, FIGURES.values()), counts(desk.agent, FIGURES.values())
    assert (for_chief["emergencies"], for_agent["emergencies"]) == (1, 2)  # the agent holds it
    assert cases["secret"].number not in text_of(browser(desk.chief).get("/board/"))
    assert "complaints_complaint" not in numbers_of(browser(desk.chief).get("/board/"))


def test_only_those_who_lead_inspect_or_administer_open_the_board(desk: World) -> None:
    for address in ("/board/", "/board/wall/", "/board/list/late/"):
        assert browser(desk.agent).get(address).status_code == 403
        assert browser(desk.auditor).get(address).status_code == 200
    assert browser(desk.agent).post("/board/acknowledge/").status_code == 403


@pytest.mark.parametrize("address", ["/board/list/nothing/", "/board/list/late%00/", "/board/list/" + "x" * 3000 + "/"])
def test_an_address_that_is_none_is_not_found(desk: World, address: str) -> None:
    assert browser(desk.chief).get(address).status_code == 404


@pytest.mark.parametrize("cursor", ["x", "\x00", "9" * 400, "%F0%9F"])
def test_a_cursor_of_another_list_shows_the_beginning(desk: World, cursor: str) -> None:
    busy(desk)
    shown = browser(desk.chief).get("/board/list/late/", {"after": cursor})
    assert shown.status_code == 200
    assert shown.context["lost"]
    assert shown.context["rows"]


def test_an_emergency_says_how_long_is_left_who_answered_and_who_has_not(desk: World) -> None:
    cases = busy(desk)
    line = browser(desk.chief).get("/board/").context["board"].urgent[0]
    assert line.title == cases["urgent"].number
    assert line.clock.kind == "emergency"
    waiting = list(line.answers.waits_for)
    assert waiting
    assert line.answers.answered_by == []
    mine = Notice.objects.waiting().filter(about=f"case:{cases['urgent'].pk}", recipient__isnull=False).first()
    assert mine is not None
    assert mine.recipient is not None
    answer = browser(mine.recipient).post(f"/desk/notices/{mine.key}/acknowledge/", {"next": "/board/"})
    assert answer.headers["Location"] == "/board/"
    after = browser(desk.chief).get("/board/").context["board"].urgent[0]
    assert after.answers.answered_by == [str(mine.recipient)]


def test_all_of_mine_are_answered_at_one_press_and_others_are_refused_with_the_reason(desk: World) -> None:
    busy(desk)
    theirs = Notice.objects.waiting().exclude(recipient=None).first()
    assert theirs is not None
    head = browser(desk.gm_product)
    page = head.post("/board/acknowledge/", {"key": [str(theirs.key), "no key", "\x00"]}, follow=True)
    allowed = not Notice.objects.filter(pk=theirs.pk, acked_at=None).exists()
    words = text_of(page)
    assert ("1 notice acknowledged." in words) if allowed else ("1 refused: Only the recipient" in words)
    chief = browser(desk.chief)
    keys = [str(notice.key) for notice in Notice.objects.waiting()]
    page = chief.post("/board/acknowledge/", {"key": keys}, follow=True)
    assert "acknowledged." in text_of(page)
    assert not Notice.objects.waiting().exists()
    assert numbers_of(page)["unanswered"] == 0
    assert "There was nothing left to acknowledge." in text_of(chief.post("/board/acknowledge/", {}, follow=True))


def test_C18_a_gap_in_the_roster_stands_on_the_board(desk: World) -> None:
    assert browser(desk.chief).get("/board/").context["board"].gaps == []
    DutyShift.objects.filter(role="hotline").update(ends_at=now() + timedelta(days=2))
    page = browser(desk.chief).get("/board/")
    assert [label for label, _gap in page.context["board"].gaps] == ["Hotline"]


def test_agents_stand_as_the_rows_say(desk: World) -> None:
    def standing() -> dict[str, str]:
        return {person.username: person.standing for person in agents.everybody()}

    assert set(standing().values()) == {"free"}
    assert set(standing()) == {"agent", "colleague", "engineer", "group"}
    moment = now()
    Absence.objects.create(
        staff=desk.engineer,
        deputy=desk.agent,
        starts_at=moment - timedelta(hours=1),
        ends_at=moment + timedelta(hours=1),
    )
    assert standing()["engineer"] == "away"
    desk.register(severity="minor")
    board = browser(desk.chief).get("/board/").context["board"]
    assert {line.person.username: line.load for line in board.agents}["agent"] == 1


def test_D13_the_board_says_that_the_engine_is_dead(desk: World) -> None:
    page = browser(desk.chief).get("/board/")
    assert not page.context["board"].healthy
    assert [check.code for check in page.context["board"].checks if not check.ok] == ["sweep", "dispatch"]


def test_the_wall_names_no_customer(desk: World) -> None:
    busy(desk)
    for part in ({}, HTMX):
        page = browser(desk.chief).get("/board/wall/", headers=part)
        assert desk.customer.name not in page.content.decode()
        assert "desk-clock" in page.content.decode()


def test_the_moving_part_alone_is_sent_to_htmx(desk: World) -> None:
    page = browser(desk.chief).get("/board/", headers=HTMX).content.decode()
    assert "<html" not in page
    assert 'id="tile-late"' in page
    assert "data-at=" in page


def test_the_board_costs_at_most_twenty_queries_however_much_there_is(desk: World) -> None:
    chief = browser(desk.chief)
    chief.get("/board/")
    busy(desk)
    with CaptureQueriesContext(connection) as few:
        chief.get("/board/")
    for _n in range(4):
        shift_time(desk.register(severity="critical"), hours=5)
    sweep(Door.SENTINEL)
    with CaptureQueriesContext(connection) as many:
        chief.get("/board/")
    assert len(few) == len(many) <= 20, "\n".join(query["sql"][:160] for query in many)


def test_beyond_a_thousand_it_says_more_than(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert COUNTED == 1_000
    monkeypatch.setattr(asking, "COUNTED", 1)
    for _n in range(3):
        desk.register(severity="critical")
    assert counts(desk.chief, [FIGURES["emergencies"]]) == {"emergencies": 2}


def test_a_note_to_the_holder_begins_with_their_name(desk: World) -> None:
    case = desk.register(severity="minor")
    form: Callable[[str], Any] = lambda query: browser(desk.chief).get(f"/cases/{case.number}/do/note/{query}")  # noqa: E731
    assert "@agent " in form("?to=holder").content.decode()
    assert "@agent " not in form("?to=nobody").content.decode()
