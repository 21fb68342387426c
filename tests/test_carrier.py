"""The loop of dispatcher and sender: it does not spin while PostgreSQL is away, and sees a clock that goes back."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection

from service_desk import carrier, precedence
from service_desk.carrier import WallWatch
from service_desk.notices.dispatcher import Dispatcher
from service_desk.precedence import Standing
from service_desk.webhooks.sender import Sender


def _dispatcher() -> tuple[Any, Any, Any]:
    made = Dispatcher("dispatch-1", stopping=lambda: True)
    return made, made.dispatch._waker, made.dispatch


def _sender() -> tuple[Any, Any, Any]:
    made = Sender(stopping=lambda: True)
    return made, made.sending.flights._waker, made.sending.flights


@pytest.mark.parametrize("make", [_dispatcher, _sender])
def test_what_lands_while_postgresql_is_away_does_not_let_the_sending_loops_spin(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A letter's landing wakes the loop, and nobody hears it out while nothing can be written down."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    monkeypatch.setattr(carrier, "give_up_connection", lambda: None)
    loop, waker, flights = make()

    def away() -> None:
        raise OperationalError("the database system is starting up")

    waker.send(b"!")
    for _turn in range(3):
        loop._guarded(away)
    flights.close()
    assert pauses == [1.0, 1.0, 1.0]


def test_a_carrier_notices_a_clock_that_goes_back_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    wall, running = datetime(2026, 7, 1, tzinfo=UTC), [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: running[0])
    watch = WallWatch()
    assert watch.went_back(wall)  # nobody knows what was before
    running[0] += 1
    assert not watch.went_back(wall + timedelta(seconds=1))
    running[0] += 1
    assert not watch.went_back(wall + timedelta(hours=1))  # forward is the sentinels' business
    running[0] += 1
    assert watch.went_back(wall)


@pytest.mark.django_db(transaction=True)
def test_letters_wait_a_moment_while_a_storm_is_fired_and_never_longer_than_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    running = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: running[0])
    standing = Standing()
    assert not standing.back()
    firing = connection.copy()
    try:
        firing.set_autocommit(False)
        with firing.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [precedence._LOCK])
        assert standing.back()
        running[0] += precedence.PATIENCE_SECONDS - 0.1
        assert standing.back()
        running[0] += 0.2
        assert not standing.back(), "a storm without end would hold every letter"
        firing.rollback()
        assert not standing.back()
        with firing.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [precedence._LOCK])
        assert standing.back(), "the next storm is met with new patience"
    finally:
        firing.close()


@pytest.mark.django_db
def test_a_carrier_that_stands_back_sends_nothing_and_looks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made, _waker, flights = _dispatcher()
    did: list[str] = []
    monkeypatch.setattr(made, "_settle", lambda: None)
    monkeypatch.setattr(made, "_second", lambda: None)

    def carry() -> bool:
        did.append("carry")
        return True

    monkeypatch.setattr(made, "_wait", lambda: did.append("wait"))
    monkeypatch.setattr(made, "carry", carry)
    monkeypatch.setattr(Standing, "back", lambda _self: True)
    made.step()
    monkeypatch.setattr(Standing, "back", lambda _self: False)
    made.step()
    flights.close()
    assert did == ["wait", "carry"]
