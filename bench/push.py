"""(j) A breach and two hundred open boards: when each hears of it, what they ask then, and how the web answers others.

`python -m bench.push FOLDER --out FILE` for a filled desk (demo data, or bench.stage): its own web processes, sentinel
and dispatcher run; each board is a real event stream over a socket of its own, logged in as one of the supervisors,
and asks as js/board.js does. Times are of one machine, from the commit of the step's notice by PostgreSQL's record.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.figures import load, percentile
from bench.house import House, running

BOARDS, ROUNDS = 200, 5
EVERY, SHARED, SPREAD, REST = 5.0, 0.35, 0.45, 2.0  # as in js/board.js
PAGES_A_SECOND = 4.0
_WANTED = ("web-1", "web-2", "sentinel-1", "dispatch")


@dataclass
class Board:
    """One open board: its stream, when it heard of what, and its mark."""

    cookie: str
    heard: dict[str, float] = field(default_factory=dict)
    shown: dict[str, float] = field(default_factory=dict)
    mark: str = ""
    last_heard: float = float("-inf")
    asked: float = 0.0
    spent: list[float] = field(default_factory=list)
    empty: int = 0
    poked: asyncio.Event = field(default_factory=asyncio.Event)


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
    quiet = await _visits(port, visitor, pages, seconds=8)
    open_boards = [Board(cookie) for cookie in cookies]
    tasks = [asyncio.create_task(work(port, board)) for board in open_boards for work in (_listen, _look)]
    await asyncio.sleep(8)
    for board in open_boards:
        board.spent.clear()
        board.empty = 0
    busy = asyncio.create_task(_visits(port, visitor, pages, seconds=6.0 * rounds))
    delays, shows = [], []
    for _round in range(rounds):
        case_id, committed = await asyncio.to_thread(_breach)
        await asyncio.sleep(4)
        about = f"case:{case_id}"
        delays += [board.heard.get(about, float("inf")) - committed for board in open_boards]
        shows += [board.shown.get(about, float("inf")) - committed for board in open_boards]
    web = await busy
    for task in tasks:
        task.cancel()
    ended = [task for task in await asyncio.gather(*tasks, return_exceptions=True) if isinstance(task, OSError)]
    asked = [seconds for board in open_boards for seconds in board.spent]
    return {
        "boards": len(open_boards), "rounds": rounds, "streams that broke": len(ended),
        "event after commit, s": _spread(delays), "shown after commit, s": _spread(shows),
        "page without boards, s": _spread(quiet), "page beside boards, s": _spread(web),
        "board's own request, s": _spread(asked), "board requests": len(asked),
        "of them nothing new": sum(board.empty for board in open_boards),
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
            board.last_heard = time.monotonic()
            board.poked.set()
    raise ConnectionError("a stream ended")


async def _look(port: int, board: Board) -> None:
    """What js/board.js does: every five seconds, and soon after something was heard."""
    await asyncio.sleep(random.random() * EVERY)
    while True:
        board.poked.clear()
        about = {each for each in board.heard if each not in board.shown}
        board.asked = began = time.monotonic()
        told = "Board-Heard: 1\r\n" if about else ""
        part = f"HX-Request: true\r\nBoard-Mark: {board.mark}\r\n{told}"
        status, headers, _body = await _get(port, "/board/", board.cookie, part)
        board.spent.append(time.monotonic() - began)
        if status not in (200, 204):
            raise RuntimeError(f"The board answered {status}")
        board.empty += status == 204
        board.mark = headers.get("board-mark", board.mark)
        if status == 200:
            board.shown |= dict.fromkeys(about, time.time())
        try:
            await asyncio.wait_for(board.poked.wait(), EVERY + random.random() * SPREAD)
        except TimeoutError:
            continue
        again = max(board.last_heard + SHARED + random.random() * SPREAD, board.asked + REST)
        await asyncio.sleep(max(0.0, again - time.monotonic()))


if __name__ == "__main__":
    main()
