"""Two workers, two beats and two sentinels at once, as real processes with a real Redis: each clock fires once."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from psutil import Process

from service_desk.cases.models import CaseClockEvent, CaseDeadline
from service_desk.deadlines.models import Heartbeat
from service_desk.local.processes import poll_until
from service_desk.local.redis_server import Redis
from service_desk.notices.addressing import address_waiting
from service_desk.notices.models import Delivery, Notice
from tests.deadlines.test_engine import clone_due
from tests.factories import world
from tests.nursery import Nursery, gone

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes, pytest.mark.xdist_group("processes")]
CLOCKS = 1_500  # three batches of a sweep


@pytest.fixture
def doors(db: None, tmp_path: Path) -> Iterator[list[Process]]:
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
    nursery = Nursery(environment, tmp_path / "nursery.log")
    yield [nursery.fork(command, tmp_path / f"{n}.log") for n, command in enumerate(commands)]
    nursery.end()
    redis.stop()


def test_two_workers_two_beats_and_two_sentinels_fire_each_clock_exactly_once(
    doors: list[Process],
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
    while address_waiting():  # no dispatcher runs here
        pass
    assert Delivery.objects.filter(notice__kind="clock_warning").count() == CLOCKS
    assert not CaseDeadline.objects.filter(state="error").exists()
    assert not any(map(gone, doors))
