"""Two workers, two beats and two sentinels at once, as real processes with a real Redis: each clock fires once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

from service_desk.cases.models import CaseClockEvent, CaseDeadline
from service_desk.deadlines.models import Heartbeat
from service_desk.local.processes import poll_until, spawn, stop
from service_desk.local.redis_server import Redis
from service_desk.notices.models import Delivery, Notice
from tests.deadlines.test_engine import clone_due
from tests.factories import world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes, pytest.mark.xdist_group("processes")]
CLOCKS = 1_500  # three batches of a sweep


@pytest.fixture
def doors(db: None, tmp_path: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    redis = Redis(tmp_path / "redis")
    redis.start()
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    environment = {**os.environ, "DATABASE_URL": address, "REDIS_URL": redis.url, "SECRET_KEY": settings.SECRET_KEY}
    celery = [sys.executable, "-m", "celery", "--app", "service_desk", "--quiet"]
    worker = [*celery, "worker", "--queues=critical", "--concurrency=1", "--without-gossip", "--without-mingle"]
    commands = [
        *([*worker, f"--hostname=w{n}@%h"] for n in (1, 2)),
        *([*celery, "beat", f"--schedule={tmp_path / f'beat-{n}'}", "--pidfile="] for n in (1, 2)),
        *([sys.executable, "manage.py", "enforce_deadlines", "--name", f"sentinel-{n}"] for n in (1, 2)),
    ]
    logs = [(tmp_path / f"{n}.log").open("wb") for n in range(len(commands))]
    running = [spawn(command, env=environment, output=log) for command, log in zip(commands, logs, strict=True)]
    yield running
    for process in running:
        process.terminate()
    for process in running:
        stop(process, patience=20)
    for log in logs:
        log.close()
    redis.stop()


def test_two_workers_two_beats_and_two_sentinels_fire_each_clock_exactly_once(
    doors: list[subprocess.Popen[bytes]],
) -> None:
    def all_alive() -> bool:
        return set(Heartbeat.objects.values_list("process", flat=True)) >= {"celery", "sentinel-1", "sentinel-2"}

    assert poll_until(all_alive, seconds=180), list(Heartbeat.objects.values())
    case = world().register(severity="minor")
    template = case.deadlines.get(kind="solution")
    clone_due(template, CLOCKS)
    assert poll_until(lambda: not CaseDeadline.objects.due().exists(), seconds=60)
    fired = CaseClockEvent.objects.filter(type="fired", code="warn")
    assert fired.count() == CLOCKS
    assert max(Counter(fired.values_list("deadline_id", flat=True)).values()) == 1
    assert Notice.objects.filter(kind="clock_warning").count() == CLOCKS
    assert Delivery.objects.filter(notice__kind="clock_warning").count() == CLOCKS
    assert not CaseDeadline.objects.filter(state="error").exists()
    assert [process.poll() for process in doors] == [None] * len(doors)
