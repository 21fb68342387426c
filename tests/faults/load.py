"""Other work while a fault is on: cases registered and read over real HTTP at a steady rate; each answer is kept."""

from __future__ import annotations

import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from itertools import count
from typing import Any

from service_desk.cases.api import scopes
from service_desk.deadlines.clock import now
from service_desk.notices.permissions import SCOPE_READ
from service_desk.rest.actions import issue_key
from tests.factories import World

PATH = "/api/v1/cases/"


@dataclass(frozen=True)
class Reply:
    """One request: when it began, how long it took, and what came (status 0: the connection failed)."""

    began: float
    seconds: float
    status: int
    number: str = ""


@dataclass
class Load:
    """Callers that register cases; `replies` grows while they run.

    With `registering` n only each n-th request registers; the others read what open pages ask for all the time: the
    bell's notices, and the case that was registered last.
    """

    port: int
    world: World
    per_second: float = 5.0
    callers: int = 2
    registering: int = 1
    replies: list[Reply] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        agent = self.world.agent
        _key, self._key = issue_key(
            actor=agent, owner=agent, name="load", scopes=[scopes.WRITE, scopes.READ, SCOPE_READ],
            expires_at=now() + timedelta(days=1),
        )  # fmt: skip
        self._body = {
            "customer": self.world.customer.pk,
            "product_type": self.world.product.pk,
            "severity": "minor",
            "fault": "单站断站告警",
            "description": "客户来电反映整站断站，影响周边居民通话。",
            "caller_name": "王先生",
            "caller_phone": "0755/2677-2892",
        }

    def start(self) -> None:
        """Begin to call."""
        self._threads = [threading.Thread(target=self._call, args=[n], daemon=True) for n in range(self.callers)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> list[Reply]:
        """No more calls; those on their way come home first."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(60)
        return list(self.replies)

    def _call(self, which: int) -> None:
        """One caller; they do not march in step, as people do not."""
        pause = self.callers / self.per_second
        line = self._line()
        next_at, last = time.monotonic() + pause * which / self.callers, ""
        for turn in count(which):
            if self._stopping.wait(max(0.0, next_at - time.monotonic())):
                break
            next_at += pause
            began = time.monotonic()
            try:
                if turn % self.registering == 0:
                    status, number = self._register(line)
                    last = number or last
                else:
                    status, number = self._read(line, last if turn % 2 else ""), ""
            except (OSError, HTTPException):
                status, number = 0, ""
                line.close()
                line = self._line()
            self.replies.append(Reply(began, time.monotonic() - began, status, number))
        line.close()

    def _line(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=60)

    def _read(self, line: HTTPConnection, number: str) -> int:
        """That case, or what somebody was told lately."""
        path = f"{PATH}{number}/" if number else "/api/v1/notices/"
        line.request("GET", path, headers={"Authorization": f"Bearer {self._key}"})
        answer = line.getresponse()
        answer.read()
        return answer.status

    def _register(self, line: HTTPConnection) -> tuple[int, str]:
        headers = {
            "Authorization": f"Bearer {self._key}",
            "Content-Type": "application/json",
            "Idempotency-Key": uuid.uuid4().hex,
        }
        line.request("POST", PATH, json.dumps(self._body), headers)
        answer = line.getresponse()
        told: Any = answer.read()
        return answer.status, json.loads(told)["number"] if answer.status == 201 else ""


def registered(replies: list[Reply]) -> list[str]:
    """Numbers of the cases that the desk said it had taken."""
    return [reply.number for reply in replies if reply.status == 201]


def percentile(replies: list[Reply], share: float) -> float:
    """Seconds that this share of the answered requests took at most."""
    ranked = sorted(reply.seconds for reply in replies)
    return ranked[min(len(ranked) - 1, int(len(ranked) * share))]
