"""(j) A breach and two hundred open boards: when each hears of it, when each shows it, and how the web answers others.

`python -m bench.push FOLDER --out FILE` for a filled desk (demo data, or bench.stage): its own web processes, sentinel
and dispatcher run; each board has two event streams over sockets of their own, logged in as one of the supervisors:
that of every page and that of the board. Times are of one machine, from the commit of the step's notice by PostgreSQL's
record; a board shows the breach when it has got what was read after that commit.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.figures import load, percentile
from bench.house import House, forget_mail, running

BOARDS, ROUNDS = 200, 5
PAGES_A_SECOND = 4.0
LONGEST_OPENING = 60.0
_AT = re.compile(rb'"at": ([0-9.]+)')
_WANTED = ("web-1", "web-2", "sentinel-1", "dispatch")


@dataclass
class Board:
    """One open board: when it heard of what, and when it got what was read at which moment."""

    cookie: str
    heard: dict[str, float] = field(default_factory=dict)
    got: list[tuple[float, float]] = field(default_factory=list)  # (when, of what moment)
    size: int = 0
    events: int = 0

    def shown(self, committed: float) -> float:
        """When this board first showed what was read after this moment."""
        return next((when for when, at in self.got if at >= committed), float("inf"))


def main() -> None:
    """Measure the desk in one folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--boards", type=int, default=BOARDS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    house = House(given.folder, print)
    house.open()
    try:
        from django.core.management import call_command

        call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
        found = measure(boards=given.boards, rounds=given.rounds)
        given.out.write_text(json.dumps(found, indent=1))
        print(json.dumps(found, indent=1))
    finally:
        house.close(keep=True)


def measure(*, boards: int, rounds: int) -> dict[str, Any]:
    """Breaches one after another before so many open boards."""
    from service_desk.cases.models import CaseDeadline
    from service_desk.people.models import Staff

    forget_mail()  # the dispatcher would send it beside
    leaders = [person for person in Staff.objects.filter(is_active=True) if person.leads]
    cookies = [_session(leaders[number % len(leaders)]) for number in range(boards)]
    visitor = _session(leaders[0])
    with running(lambda name: name in _WANTED) as port:
        found = asyncio.run(_walk(port, cookies, visitor, rounds))
    return {
        "supervisors": len(leaders),
        "open clocks": CaseDeadline.objects.open().count(),
        "load": load(),
        **found,
    }


def _session(person: Any) -> str:
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY], store[BACKEND_SESSION_KEY] = str(person.pk), settings.AUTHENTICATION_BACKENDS[-1]
    store[HASH_SESSION_KEY], store["seen"] = person.get_session_auth_hash(), int(time.time())
    store.create()
    return f"{settings.SESSION_COOKIE_NAME}={store.session_key}"


async def _walk(port: int, cookies: list[str], visitor: str, rounds: int) -> dict[str, Any]:
    await _until_it_answers(port)
    pages = ["/cases/", "/desk/"]
    await _visits(port, visitor, pages, seconds=6)  # each process answers its first pages slowly
    quiet = await _visits(port, visitor, pages, seconds=8)
    open_boards = [Board(cookie) for cookie in cookies]
    began = time.monotonic()
    tasks = [asyncio.create_task(work(port, board)) for board in open_boards for work in (_listen, _look)]
    while not all(board.events for board in open_boards) and time.monotonic() - began < LONGEST_OPENING:
        await asyncio.sleep(0.25)
    opened = time.monotonic() - began
    await asyncio.sleep(3)
    for board in open_boards:
        board.size = board.events = 0
    busy = asyncio.create_task(_visits(port, visitor, pages, seconds=6.0 * rounds))
    delays, shows = [], []
    for _round in range(rounds):
        case_id, committed = await asyncio.to_thread(_breach)
        await asyncio.sleep(4)
        about = f"case:{case_id}"
        delays += [board.heard.get(about, float("inf")) - committed for board in open_boards]
        shows += [board.shown(committed) - committed for board in open_boards]
    web = await busy
    for task in tasks:
        task.cancel()
    ended = [why for why in await asyncio.gather(*tasks, return_exceptions=True) if isinstance(why, Exception)]
    return {
        "boards": len(open_boards), "rounds": rounds, "streams that broke": len(ended),
        "all boards open after, s": round(opened, 1),
        "event after commit, s": _spread(delays), "shown after commit, s": _spread(shows),
        "page without boards, s": _spread(quiet), "page beside boards, s": _spread(web),
        "drawn parts sent": sum(board.events for board in open_boards),
        "bytes of them": sum(board.size for board in open_boards),
    }  # fmt: skip


def _spread(given: list[float]) -> dict[str, float]:
    values = [value for value in given if value != float("inf")] or [float("nan")]
    return {
        "never": given.count(float("inf")),
        "n": len(values), "p50": round(percentile(values, 0.5), 4), "p95": round(percentile(values, 0.95), 4),
        "max": round(max(values), 4),
    }  # fmt: skip


def _breach() -> tuple[int, float]:
    """Let one running clock be late now; which case, and when its notice was committed."""
    from django.db import connection, transaction
    from django.db.models import F
    from django.db.models.functions import Now

    from service_desk.cases.models import CaseDeadline
    from service_desk.local.demo.past import history_may_be_written
    from service_desk.notices.models import Notice

    ahead = CaseDeadline.objects.filter(state="running", case__confidential=False, next_at__gt=Now(), due_at__gt=Now())
    clock = random.choice(list(ahead.order_by("-due_at")[:50]))
    newest = Notice.objects.order_by("-id").values_list("id", flat=True).first() or 0
    with transaction.atomic(), history_may_be_written():
        CaseDeadline.objects.filter(pk=clock.pk).update(next_at=Now(), due_at=Now(), version=F("version") + 1)
    until = time.time() + 20
    while time.time() < until:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT extract(epoch FROM pg_xact_commit_timestamp(xmin)) FROM notices_notice"
                " WHERE id > %s AND about = %s ORDER BY id LIMIT 1",
                [newest, f"case:{clock.case_id}"],
            )
            if row := cursor.fetchone():
                return clock.case_id, float(row[0])
        time.sleep(0.05)
    raise RuntimeError("No notice came of the breach.")


async def _until_it_answers(port: int) -> None:
    for _try in range(120):
        try:
            await _get(port, "/livez", "")
        except OSError:
            await asyncio.sleep(0.5)
        else:
            return
    raise RuntimeError("The web does not answer.")


async def _visits(port: int, cookie: str, pages: list[str], *, seconds: float) -> list[float]:
    """Somebody else's pages, so many a second; how long each took."""
    spent: list[float] = []
    until = time.monotonic() + seconds
    number = 0
    while time.monotonic() < until:
        began = time.monotonic()
        status, _headers, _body = await _get(port, pages[number % len(pages)], cookie)
        if status != 200:
            raise RuntimeError(f"A page answered {status}")
        spent.append(time.monotonic() - began)
        number += 1
        await asyncio.sleep(max(0.0, 1 / PAGES_A_SECOND - spent[-1]))
    return spent


async def _get(port: int, path: str, cookie: str, headers: str = "") -> tuple[int, dict[str, str], bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}; desk_language=zh-hans\r\n"
            f"Connection: close\r\n{headers}\r\n".encode()
        )
        answer = await reader.read()
    finally:
        writer.close()
    head, _gap, body = answer.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    fields = {name.lower(): value.strip() for name, _colon, value in (line.partition(":") for line in lines[1:])}
    return int(lines[0].split()[1]), fields, body


async def _listen(port: int, board: Board) -> None:
    """The event stream of one board."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /events/stream/ HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {board.cookie}\r\n\r\n".encode())
    kind = ""
    while line := await reader.readline():
        text = line.decode().strip()
        if text.startswith("event:"):
            kind = text[6:].strip()
        elif text.startswith("data:") and kind in ("case", "told", "engine", "call"):
            about = json.loads(text[5:]).get("about", "")
            board.heard.setdefault(about, time.time())
    raise ConnectionError("a stream ended")


async def _look(port: int, board: Board) -> None:
    """The stream of the board itself, as js/board.js opens it on a page that shows nothing yet."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    cookie = f"{board.cookie}; desk_language=zh-hans"
    path = "/events/stream/board/?page=board"
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n".encode())
    while line := await reader.readline():
        if line.startswith(b"data:") and (found := _AT.search(line, 0, 80)):
            board.got.append((time.time(), float(found[1])))
            board.size += len(line)
            board.events += 1
    raise ConnectionError("a board's stream ended")


if __name__ == "__main__":
    main()
