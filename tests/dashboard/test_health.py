"""/healthz, /readyz and the engine's page say the truth, also when it is bad (D13)."""

from __future__ import annotations

import shutil
from collections import namedtuple
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse

from service_desk.dashboard import health
from service_desk.deadlines import clock
from service_desk.deadlines.engine import Sweep, beat
from service_desk.deadlines.models import Heartbeat, Incident
from service_desk.deadlines.rules import Door
from service_desk.notices.models import DispatcherBeat
from tests.factories import World, shift_time, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


def alive() -> None:
    beat("sentinel-1", Door.SENTINEL, Sweep())
    DispatcherBeat.objects.create(name="dispatch")


def failed(client: Client) -> list[str]:
    return list(client.get("/healthz").json()["failed"])


def test_D13_healthz_is_503_without_a_sweep_and_200_with_one(desk: World, client: Client) -> None:
    assert failed(client) == ["sweep", "dispatch"]
    assert client.get("/healthz").status_code == 503
    alive()
    assert failed(client) == []
    assert client.get("/healthz").status_code == 200


def test_D13_healthz_is_red_when_a_step_waits_and_when_the_sweep_is_old(desk: World, client: Client) -> None:
    alive()
    case = desk.register(severity="major")
    shift_time(case, hours=7)
    assert failed(client) == ["overdue"]
    Heartbeat.objects.update(beat_at="2026-01-01T00:00:00Z")
    assert failed(client) == ["sweep", "overdue"]


def test_a_beat_from_before_the_clock_went_back_is_no_sign_of_life(desk: World, client: Client) -> None:
    alive()
    later = clock.now() + timedelta(hours=2)
    Heartbeat.objects.update(beat_at=later)
    DispatcherBeat.objects.update(beat_at=later)
    assert failed(client) == ["sweep", "dispatch"]
    assert not any(door["alive"] for door in health.doors(health.measure()))
    beat("sentinel-2", Door.SENTINEL, Sweep())
    assert failed(client) == ["dispatch"]


def test_a_full_disk_is_named_also_when_the_database_is_away(
    db: None, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "disk_free", lambda: 0.0)
    with monkeypatch.context() as away:
        away.setattr(health, "measure", _refuse)
        assert failed(client) == ["database", "disk"]
    assert "disk" in failed(client)


def _refuse() -> None:
    raise DatabaseError("gone")


def test_the_disk_of_the_database_counts_where_it_has_one_of_its_own(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA_DIR = tmp_path
    (tmp_path / "postgres").mkdir()
    free = {settings.BASE_DIR: 0.9, tmp_path: 0.8, tmp_path / "postgres": 0.01}
    usage = namedtuple("usage", "total free")
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage(100, 100 * free[place]))
    assert health.disk_free() == 0.01


def test_healthz_says_503_when_the_database_is_away(db: None, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(health, "measure", away)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (503, {"status": "fail", "failed": ["database"]})


def test_readyz_and_livez_answer_without_log_in(db: None, client: Client) -> None:
    assert client.get("/readyz").status_code == 200
    assert client.get("/livez").status_code == 200


def test_engine_page_names_the_silent_door_and_the_incidents(desk: World, client: Client) -> None:
    alive()
    Incident.objects.create(kind="clock_moved", thing="casedeadline:7")
    client.force_login(desk.chief)
    page = client.get(reverse("engine")).content.decode()
    assert "casedeadline:7" in page
    assert "sentinel-1" in page
    part = client.get(reverse("engine"), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part


def test_engine_page_is_not_for_the_front_desk_and_the_refusal_is_audited(desk: World, client: Client) -> None:
    from service_desk.audit.models import AuditEntry

    client.force_login(desk.agent)
    assert client.get(reverse("engine")).status_code == 403
    assert AuditEntry.objects.get(verb="engine.view").outcome == "refused"
