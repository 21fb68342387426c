"""Every number of the board leads to a list of as many rows, which sorts by its heads and keeps its pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from service_desk.calls.actions import NewMessage, take_message
from service_desk.cases.models import Case, CircleWhy, admit
from service_desk.complaints.models import Complaint
from service_desk.complaints.rules import InstanceKind
from service_desk.dashboard.board import asking, parts, sharing, views
from service_desk.dashboard.board.columns import COLUMNS, listing
from service_desk.dashboard.board.figures import FIGURES
from service_desk.deadlines.clock import now
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.models import Incident
from service_desk.deadlines.rules import Door
from service_desk.local.demo.past import history_may_be_written
from service_desk.notices.models import Delivery
from service_desk.people.models import Absence
from service_desk.telephony import silence
from service_desk.telephony.actions import tell_silence
from service_desk.telephony.models import Call, CallEvent
from service_desk.webhooks.models import Endpoint
from tests.cases.pages import HTMX, browser
from tests.complaints.making import complaint, desk
from tests.dashboard.test_board import busy, numbers_of
from tests.factories import World, shift_time
from tests.telephony.senders import Script, pbx


@pytest.fixture
def here(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    sharing.forget()
    parts.forget()
    monkeypatch.setattr(sharing, "SHARED_SECONDS", 0.0)
    monkeypatch.setattr(silence, "working_hours", lambda: None)  # it is working time, whatever the day
    yield desk()
    sharing.forget()
    parts.forget()


def something_of_everything(here: World) -> None:
    """A desk on which no number of the board is nothing, for its chief."""
    shift_time(busy(here)["urgent"], hours=5)
    sweep(Door.SENTINEL)
    for place, stage in enumerate(InstanceKind):
        made = complaint(here, about_product=here.product) if place else complaint(here, about_unit=here.unit)
        Complaint.objects.filter(pk=made.pk).update(stage=stage)
        admit(made.case_id, [here.chief.pk], CircleWhy.OFFERED)
    phone, silent = pbx(name="总机"), pbx(name="分机")
    for person, number, kinds in (
        (here.engineer, "1", ("ringing", "answered")),
        (here.group, "2", ("ringing", "answered", "ended")),
    ):
        script = Script(call_id=number, number=f"01386547901{number}")
        for second, kind in enumerate(kinds):
            phone.post(script.event(kind, second * 5))
        Call.objects.filter(call_id=number).update(agent=person)
    silent.post(Script(call_id="old").event("ringing", 0))
    with transaction.atomic(), history_may_be_written():
        CallEvent.objects.filter(integration=silent.integration).update(received_at=now() - timedelta(minutes=90))
    tell_silence()
    take_message(
        actor=here.agent,
        data=NewMessage(
            for_whom=here.engineer,
            from_name="王",
            from_number="13800138000",
            matter="请回电",
            call_back_by=now() + timedelta(hours=1),
        ),
    )
    moment = now()
    Absence.objects.create(
        staff=here.colleague, deputy=here.agent, starts_at=moment - timedelta(1), ends_at=moment + timedelta(1)
    )
    Incident.objects.create(kind="lost", thing="case:1")
    Endpoint.objects.create(name="研发", url="https://rd.example/", types=["case.closed"], failing_since=moment)
    dead, stuck = Delivery.objects.order_by("pk")[:2]
    Delivery.objects.filter(pk=dead.pk).update(state="dead")
    Delivery.objects.filter(pk=stuck.pk).update(state="pending", next_attempt_at=moment - timedelta(hours=2))


def walked(key: str, user: Any, sort: str) -> list[int]:
    """The rows of a list from its first page to its last, three at a time."""
    found = listing(FIGURES[key], user, sort)
    page = found.page(size=3)
    rows = [row.pk for row in page.items]
    while page.next:
        page = found.page(size=3, after=page.next)
        rows += [row.pk for row in page.items]
    return rows


def test_every_number_opens_a_list_of_as_many_rows_however_it_is_sorted(here: World) -> None:
    something_of_everything(here)
    chief = browser(here.chief)
    numbers = numbers_of(chief.get("/board/"))
    assert set(numbers) == set(FIGURES)
    assert [key for key, number in numbers.items() if not number] == []
    for key, figure in FIGURES.items():
        shown = chief.get(f"/board/list/{key}/")
        assert len(shown.context["rows"]) == shown.context["number"] == numbers[key], key
        rows = walked(key, here.chief, "")
        assert len(rows) == len(set(rows)) == numbers[key], key
        for column in COLUMNS[figure.kind]:
            if column.by is None:
                continue
            up, down = walked(key, here.chief, column.name), walked(key, here.chief, f"-{column.name}")
            assert (sorted(up), down) == (sorted(rows), up[::-1]), (key, column.name)


@pytest.mark.parametrize("sort", ["nothing", "--due", "note", "\x00", "9" * 4000, "%ED%A0%80", "pk"])
def test_an_order_that_is_none_is_the_usual_one(here: World, sort: str) -> None:
    late_ones(here, 2)
    chief = browser(here.chief)
    plain, asked = chief.get("/board/list/late/"), chief.get("/board/list/late/", {"sort": sort})
    assert asked.status_code == 200
    assert [row.id for row in asked.context["rows"]] == [row.id for row in plain.context["rows"]]


def late_ones(here: World, number: int) -> None:
    for n in range(number):
        shift_time(here.register(severity="minor", fault=f"{n}"), days=9, minutes=n)


def test_heads_sort_the_pages_keep_the_order_and_a_live_list_asks_for_what_it_shows(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    late_ones(here, 3)
    monkeypatch.setattr(views, "PAGE_SIZE", 2)
    chief = browser(here.chief)
    first = chief.get("/board/list/late/?sort=-due")
    html = first.content.decode()
    assert re.findall(r'aria-sort="(\w+)"', html) == ["descending"]
    assert {"?sort=due", "?sort=entry", "?sort=who", "?sort=matter"} <= set(re.findall(r'href="(\?sort=[^"]+)"', html))
    second = chief.get(f"/board/list/late/{first.context['next_url']}")
    due = [row.clock.due_at for page in (first, second) for row in page.context["rows"]]
    assert due == sorted(due, reverse=True)
    assert not second.context["lost"]
    assert 'hx-get="/board/list/late/?sort=-due"' in html


def test_of_more_than_are_counted_the_own_order_alone_is_offered(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    late_ones(here, 3)
    monkeypatch.setattr(asking, "COUNTED", 2)
    chief = browser(here.chief)
    for asked, wanted in (("who", "due"), ("-due", "-due")):
        page = chief.get("/board/list/late/", {"sort": asked})
        assert page.context["found"].sort == wanted
        assert [head.field for head in page.context["found"].heads if head.field] == ["due"]
        assert "more than 2" in page.content.decode()
        assert len(page.context["rows"]) > 2


@pytest.mark.parametrize(
    ("opened", "back"),
    [
        ("http://testserver/board/list/late/?sort=-due&after=x", "/board/list/late/?sort=-due&after=x"),
        ("http://testserver/board/", "/board/"),
        ("http://testserver/cases/", ""),
        ("http://[", ""),
        ("//evil.example", ""),
        ("", ""),
    ],
)
def test_who_acts_from_the_board_stays_there(here: World, opened: str, back: str) -> None:
    case = here.register(severity="minor")
    chief = browser(here.chief)
    seen = {"version": Case.objects.get(pk=case.pk).version, "seen": "0", "text": "已看过"}
    done = chief.post(f"/cases/{case.number}/do/note/", seen, headers={**HTMX, "HX-Current-URL": opened})
    assert (done.status_code, done.headers["HX-Redirect"]) == (204, back or case.get_absolute_url())
    joined = chief.post(f"/cases/{case.number}/watch/", {"next": back or opened})
    assert joined.headers["Location"] == (back or case.get_absolute_url())
    answered = chief.post("/board/acknowledge/", {"next": back or opened})
    assert answered.headers["Location"] == (back or "/board/")
