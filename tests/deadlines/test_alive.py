"""The watchman outside is called while clocks are kept, and no longer (RELIABILITY 20)."""

from __future__ import annotations

from typing import Any

import pytest

from service_desk.deadlines import alive
from service_desk.deadlines.engine import Sweep, beat
from service_desk.deadlines.models import Heartbeat
from service_desk.deadlines.rules import Door
from tests.factories import shift_time, world
from tests.faults.sinks import HookSink

pytestmark = pytest.mark.django_db


@pytest.fixture
def watchman(settings: Any) -> Any:
    sink = HookSink()
    sink.start()
    settings.ALIVE_URL = sink.url
    yield sink
    sink.stop()


def test_he_is_called_while_sweeps_run_and_nothing_waits(watchman: HookSink) -> None:
    assert not alive.call(), "no sweep has ever run"
    beat("sentinel-1", Door.SENTINEL, Sweep())
    assert alive.call()
    watchman.until_called()
    Heartbeat.objects.update(door=Door.AUDITOR)
    assert not alive.call(), "the auditor alone is no sweeper"


def test_he_is_not_called_while_somebody_waits_to_be_told(watchman: HookSink) -> None:
    case = world().register(severity="major")
    beat("sentinel-1", Door.SENTINEL, Sweep())
    assert alive.call()
    shift_time(case, hours=7)
    assert not alive.call()


def test_without_an_address_nobody_is_called(settings: Any) -> None:
    settings.ALIVE_URL = ""
    beat("sentinel-1", Door.SENTINEL, Sweep())
    assert not alive.call()
