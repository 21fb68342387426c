"""RELIABILITY 21: a jump of the database's clock is an incident; one far forward holds the fire, for a while."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from service_desk.audit.models import AuditEntry
from service_desk.deadlines import clock, clock_watch
from service_desk.deadlines.clock_watch import ClockWatch, confirm_clock
from service_desk.deadlines.models import Incident
from service_desk.rest.errors import NotAllowed
from tests.factories import World, world


class Clocks:
    """The database's clock and the machine's, both moved by the test."""

    def __init__(self, start: datetime) -> None:
        self.wall, self.running = start, 1000.0

    def pass_by(self, seconds: float, jump: float = 0.0) -> None:
        self.wall += timedelta(seconds=seconds + jump)
        self.running += seconds


@pytest.fixture
def clocks(db: None, monkeypatch: pytest.MonkeyPatch) -> Clocks:
    both = Clocks(clock.now())
    monkeypatch.setattr(clock_watch, "now", lambda: both.wall)
    monkeypatch.setattr(time, "clock_gettime", lambda _clock: both.running)
    return both


@pytest.fixture
def watch(clocks: Clocks) -> ClockWatch:
    made = ClockWatch("sentinel-1")
    assert made.may_fire()
    return made


def test_time_that_passes_is_no_jump(clocks: Clocks, watch: ClockWatch) -> None:
    for seconds in (1, 1, 3600, 0.5):
        clocks.pass_by(seconds)
        assert watch.may_fire()
    assert not Incident.objects.exists()


def test_a_small_jump_is_an_incident_and_holds_nothing(clocks: Clocks, watch: ClockWatch) -> None:
    clocks.pass_by(1, jump=20)
    assert watch.may_fire()
    assert Incident.objects.get().detail == "+20.0 s"


def test_a_jump_backward_holds_nothing(clocks: Clocks, watch: ClockWatch) -> None:
    clocks.pass_by(1, jump=-7200)
    assert watch.may_fire()


def test_a_jump_forward_holds_the_fire_for_five_minutes_and_then_fires_anyway(
    clocks: Clocks, watch: ClockWatch
) -> None:
    clocks.pass_by(1, jump=3600)
    assert not watch.may_fire()
    clocks.pass_by(298)
    assert not watch.may_fire()
    clocks.pass_by(3)
    assert watch.may_fire()


def test_the_clock_that_comes_back_ends_the_hold(clocks: Clocks, watch: ClockWatch) -> None:
    clocks.pass_by(1, jump=3600)
    assert not watch.may_fire()
    clocks.pass_by(5, jump=-3600)
    assert watch.may_fire()


def test_a_person_confirms_the_clock_on_the_engines_page(clocks: Clocks, watch: ClockWatch, client: Client) -> None:
    desk: World = world()
    clocks.pass_by(1, jump=3600)
    assert not watch.may_fire()
    client.force_login(desk.chief)
    assert "The time is right" in client.get(reverse("engine")).content.decode()
    assert client.post(reverse("engine-confirm-clock")).status_code == 302
    clocks.pass_by(1)
    assert watch.may_fire()
    assert AuditEntry.objects.get(verb="engine.confirm_clock").actor == desk.chief


def test_the_front_desk_confirms_no_clock(db: None) -> None:
    actor: Any = world().agent
    with pytest.raises(NotAllowed):
        confirm_clock(actor=actor)


def test_a_process_that_begins_during_a_hold_holds_its_fire_too(clocks: Clocks, watch: ClockWatch) -> None:
    clocks.pass_by(1, jump=3600)
    assert not watch.may_fire()
    late_comer = ClockWatch("celery")
    assert not late_comer.may_fire()
    assert clock_watch.holding().exists()
    confirm_clock(actor=world().chief)
    clocks.pass_by(1)
    assert late_comer.may_fire()
    assert watch.may_fire()
    assert not clock_watch.holding().exists()


def test_nobody_holds_the_fire_for_a_jump_that_a_clock_found_which_has_gone_back_since(clocks: Clocks) -> None:
    """Its finder may have died meanwhile: without this, who begins now would wait for more than that hour."""
    found = clocks.wall + timedelta(hours=1)
    Incident.objects.create(kind=clock_watch.KIND, thing="sentinel-9", detail="+3600.0 s", found_at=found)
    assert ClockWatch("sentinel-1").may_fire()
    assert not clock_watch.holding().exists()


def test_a_jump_beside_an_incident_that_nobody_settled_is_told_again(clocks: Clocks, watch: ClockWatch) -> None:
    clocks.pass_by(1, jump=20)
    assert watch.may_fire()
    clocks.pass_by(1, jump=3600)
    assert not watch.may_fire()
    assert [each.detail for each in Incident.objects.filter(repaired_at=None)] == ["+3600.0 s"]
    assert Incident.objects.count() == 2


def test_an_answer_that_took_long_is_no_jump(
    clocks: Clocks, watch: ClockWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process frozen between its two looks for 90 s sees the database's clock 90 s behind, then 90 s ahead."""

    def slow() -> datetime:
        told = clocks.wall
        clocks.pass_by(90)
        return told

    with monkeypatch.context() as patched:
        patched.setattr(clock_watch, "now", slow)
        assert watch.may_fire()
    clocks.pass_by(1)
    assert watch.may_fire()
    assert not Incident.objects.exists()
