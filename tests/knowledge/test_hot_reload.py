"""K4: a release is in force in every process within seconds, without a restart; a bad one leaves the old one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

from service_desk.knowledge import current
from service_desk.knowledge.actions import approve, draft
from service_desk.knowledge.current import Current
from service_desk.knowledge.language.compiled import Compiled
from service_desk.knowledge.language.release import Release, digest
from service_desk.knowledge.models import BookRelease
from service_desk.local.processes import poll_until
from service_desk.people.rules import Role
from tests.factories import staff

CONTENT: dict[str, Any] = {"category": "impolite", "suggestions": ["请稍等"]}


def release(word: str, code: str = "X1") -> BookRelease:
    content = {**CONTENT, "must_hit": [word], "must_not_hit": ["您好"]}
    version = draft(actor=staff("", Role.FRONT_DESK), code=code, kind="banned", text=word, content=content)
    return approve(actor=staff("", Role.SUPERVISOR), versions=[version])


class Process:
    """A process of the desk that checks what it is told."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._running = subprocess.Popen(
            [sys.executable, "manage.py", "check_language"],
            cwd=settings.BASE_DIR,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def check(self, text: str) -> dict[str, Any]:
        assert self._running.stdin is not None
        assert self._running.stdout is not None
        self._running.stdin.write(f"{text}\n")
        self._running.stdin.flush()
        answer: dict[str, Any] = json.loads(self._running.stdout.readline())
        return answer

    def stop(self) -> None:
        self._running.communicate(timeout=30)


@pytest.fixture
def processes(db: None) -> Iterator[list[Process]]:
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    environment = {**os.environ, "DATABASE_URL": address, "SECRET_KEY": settings.SECRET_KEY}
    running = [Process(environment) for _ in range(2)]
    yield running
    for process in running:
        process.stop()


@pytest.mark.processes
@pytest.mark.xdist_group("processes")
@pytest.mark.django_db(transaction=True)
def test_K4_two_processes_use_a_new_release_without_a_restart(processes: list[Process]) -> None:
    """How soon is the next test's business, by a clock of its own: this one may meet a busy machine."""
    release("小票机")
    assert all(process.check("小票机")["release"] in (0, 1) for process in processes)
    assert poll_until(lambda: all(p.check("小票机")["findings"] for p in processes), seconds=60)
    made = release("快签字", "X2")
    assert poll_until(lambda: all(p.check("快签字")["release"] == made.number for p in processes), seconds=30)
    assert all(p.check("快签字")["findings"] for p in processes)


@pytest.fixture
def mine(db: None, monkeypatch: pytest.MonkeyPatch) -> Current:
    made = Current()
    monkeypatch.setattr(current, "_current", made)
    return made


def test_K4_a_process_asks_at_most_every_two_seconds(
    mine: Current, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    moment = [100.0]
    monkeypatch.setattr("service_desk.knowledge.current.time.monotonic", lambda: moment[0])
    with django_assert_num_queries(1):
        mine.get()
        mine.get()
    release("小票机")
    assert mine.get().release.number == 0
    moment[0] += 2.0
    assert mine.get().release.number == 1


def test_K4_sending_asks_for_the_newest_release_at_once(mine: Current) -> None:
    assert mine.get().release.number == 0
    release("小票机")
    assert mine.get(newest=True).release.number == 1


def test_K4_a_release_that_cannot_be_built_leaves_the_old_one_and_says_so(
    mine: Current, caplog: pytest.LogCaptureFixture
) -> None:
    release("小票机")
    assert mine.get(newest=True).release.number == 1
    broken = [{"code": "X1", "kind": "banned", "text": "。"}]
    BookRelease.objects.create(number=2, content=broken, sha256=digest(broken), entries=1)
    assert mine.get(newest=True).release.number == 1
    assert "release 2 cannot be used; 1 stays in force" in caplog.text
    caplog.clear()
    assert mine.get(newest=True).release.number == 1
    assert not caplog.text
    release("快签字", "X2")
    assert mine.get(newest=True).release.number == 3


def test_K4_a_process_that_begins_uses_the_newest_release_that_can_be_used(mine: Current) -> None:
    made = release("小票机")
    broken = [{"code": "X1", "kind": "banned", "text": "。"}]
    BookRelease.objects.create(number=2, content=broken, sha256=digest(broken), entries=1)
    assert mine.get().release.number == made.number
    assert mine.get(newest=True).release.number == made.number


@pytest.mark.django_db(transaction=True)
def test_K4_who_asks_while_the_first_release_is_built_waits_for_it(
    mine: Current, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that has just begun has no old release to go on with: nothing would be found for a moment."""
    made = release("小票机")
    entered, second = threading.Event(), threading.Event()
    numbers: list[int] = []
    build = Compiled

    def slow(content: Release) -> Compiled:
        entered.set()
        assert second.wait(30)
        return build(content)

    def ask() -> None:
        second.set()  # it may go on asking as long as it likes: there is nothing in force yet
        numbers.append(mine.get().release.number)
        connection.close()

    def ask_first() -> None:
        numbers.append(mine.get().release.number)
        connection.close()

    monkeypatch.setattr(current, "Compiled", slow)
    first = threading.Thread(target=ask_first)
    first.start()
    assert entered.wait(30)
    other = threading.Thread(target=ask)
    other.start()
    for thread in (first, other):
        thread.join(30)
    assert numbers == [made.number, made.number]
