"""The round trip of the language check: POST /api/v1/language/check/ over real HTTP, at the pace of 500 agents typing.

`python -m bench.language_http` makes a desk of nothing but its phrasebook and a book of 10 000 forms, starts two web
processes and sends 250 questions a second over kept-alive connections from a process that does nothing else. Says
also what a question cost each side in processor time, which other work on the machine lengthens less. Ends with 1 if
an aim is missed. `--folder` keeps the desk for the next call.
"""

from __future__ import annotations

import argparse
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil

from bench.client import all_at_once, whole_answer
from bench.figures import Figure, Order, load, of_runs, summary
from bench.house import BASE, House, running, settle
from bench.language import release, texts

RATE, SECONDS, CONNECTIONS = 250, 12, 25
SIZES = (59, 200, 600)  # a changed paragraph with 20 characters on either side; most are short
AIMS = {"per second": RATE * 0.98, "p95": 100.0}
PATH = "/api/v1/language/check/"


def figures(order: Order) -> Iterator[Figure]:
    """Answers and their pace; each run asks for some seconds, in one start of the web processes."""
    key, found = _furnished(), []
    seconds = order.some(SECONDS * 2 // 3, 2)
    with running(lambda name: name.startswith("web")) as port:
        _order(port, key, rate=50, seconds=3)  # both processes build their matchers
        settle()
        for _run in range(order.runs):
            before, spent = load(), _processor(order.folder)
            done = _order(port, key, rate=RATE, seconds=seconds)
            milliseconds = [value * 1000 for value in done["seconds"]]
            cost = {
                side: 1000 * (now - spent[side]) / len(milliseconds) for side, now in _processor(order.folder).items()
            }
            found.append(
                {"load": before, "pace": len(milliseconds) / done["wall"], "cost": cost, **summary(milliseconds)}
            )
    said = "processor ms a question: " + ", ".join(f"{side} {cost:.2f}" for side, cost in found[-1]["cost"].items())
    yield from of_runs("language check over HTTP", found, {"p95": AIMS["p95"]}, note=said)
    pace, loads = [run["pace"] for run in found], [run["load"] for run in found]
    yield Figure("language check over HTTP, answers", pace, "/s", AIMS["per second"], at_least=True, loads=loads)


def main() -> int:
    """Measure, print, and say whether the aims are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="the data folder of a desk; without one it is made and removed")
    parser.add_argument("--seconds", type=int, default=SECONDS, help=f"how long to ask (default {SECONDS})")
    parser.add_argument("--client", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.client:
        return _client()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="bench-language-"))
    house = House(folder, print)
    try:
        house.open()
        key = _furnished()
        with running(lambda name: name.startswith("web")) as port:
            _order(port, key, rate=50, seconds=3)  # both processes build their matchers
            before, spent = load(), _processor(folder)
            done = _order(port, key, rate=RATE, seconds=given.seconds)
            spent = {side: seconds - spent[side] for side, seconds in _processor(folder).items()}
    finally:
        house.close(keep=given.folder is not None)
        if given.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    return _told(done, before, {**spent, "client": done["processor"]})


def _processor(folder: Path) -> dict[str, float]:
    """The processor seconds that the web processes and PostgreSQL have taken so far."""
    postmaster = int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
    sides = {"web": psutil.Process().children(), "PostgreSQL": psutil.Process(postmaster).children()}
    web = [child for child in sides["web"] if "service_desk.local.web" in child.cmdline()]
    return {name: sum(map(_seconds_of, each)) for name, each in {**sides, "web": web}.items()}


def _seconds_of(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _furnished() -> str:
    """The desk's phrasebook with as many made-up entries as the aim asks for; the key of somebody who may check."""
    from django.core.management import call_command

    from service_desk.deadlines.clock import now
    from service_desk.knowledge.api import CHECK
    from service_desk.knowledge.language.release import digest
    from service_desk.knowledge.models import BookRelease
    from service_desk.people.models import Staff
    from service_desk.people.rules import Role
    from service_desk.rest.actions import issue_key

    call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
    call_command("load_reference_data", verbosity=0)
    content = release().plain()
    number = (BookRelease.objects.newest().values_list("number", flat=True).first() or 0) + 1
    BookRelease.objects.create(number=number, content=content, sha256=digest([number, content]), entries=len(content))
    agent, _made = Staff.objects.get_or_create(
        username="bench", defaults={"full_name": "测速员", "email": "bench@desk.example", "roles": [Role.FRONT_DESK]}
    )
    _key, text = issue_key(actor=agent, owner=agent, name="bench", scopes=[CHECK], expires_at=now() + timedelta(days=1))
    return text


def _order(port: int, key: str, *, rate: int, seconds: int) -> Any:
    order = {"port": port, "key": key, "rate": rate, "seconds": seconds}
    command = [sys.executable, "-m", "bench.language_http", "--client"]
    done = subprocess.run(command, input=json.dumps(order), capture_output=True, text=True, cwd=BASE)
    if done.returncode:
        raise RuntimeError(f"asking failed: {done.stdout[-500:]}{done.stderr[-2000:]}")
    return json.loads(done.stdout)


def _told(done: dict[str, Any], before: float, processor: dict[str, float]) -> int:
    milliseconds = [value * 1000 for value in done["seconds"]]
    figures = {"per second": len(milliseconds) / done["wall"], **summary(milliseconds)}
    missed = 0
    for name, value in figures.items():
        aim = AIMS.get(name)
        good = aim is None or (value >= aim if name == "per second" else value <= aim)
        missed += not good
        print(f"{'ok    ' if good else 'MISSED'} {name}: {value:.1f}" + (f" (aim {aim:g})" if aim else ""))
    costs = ", ".join(f"{side} {1000 * spent / len(milliseconds):.2f}" for side, spent in processor.items())
    print(f"processor ms a question: {costs}")
    print(f"load before: {before:.1f}, after: {load():.1f}")
    return 1 if missed else 0


# --- The asking process -----------------------------------------------------------------------------------------------
def _client() -> int:
    order = json.load(sys.stdin)
    samples = [text for size in SIZES for text in texts(size, 60 if size < 100 else 15, seed=size)]
    each = order["rate"] * order["seconds"] // CONNECTIONS
    gap = CONNECTIONS / order["rate"]
    wall, answers = all_at_once(
        CONNECTIONS, lambda place, start, taken: _ask(order, samples, place, each, gap, start, taken)
    )
    if len(answers) != each * CONNECTIONS:
        return 1
    json.dump({"wall": wall, "seconds": answers, "processor": time.process_time()}, sys.stdout)
    return 0


def _ask(
    order: dict[str, Any],
    samples: list[str],
    place: int,
    count: int,
    gap: float,
    start: threading.Barrier,
    taken: list[float],
) -> None:
    """One agent after another on one line; late answers do not slow the asking down, they count as late."""
    line = socket.create_connection(("127.0.0.1", order["port"]))
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    prepared = [_request(order["key"], samples[(place * 7 + number) % len(samples)]) for number in range(count)]
    start.wait()
    began = time.perf_counter() + gap * place / CONNECTIONS
    for number, request in enumerate(prepared):
        due = began + number * gap
        time.sleep(max(0.0, due - time.perf_counter()))
        line.sendall(request)
        head, _body = whole_answer(line)
        taken.append(time.perf_counter() - due)
        if not head.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(head.decode())
    line.close()


def _request(key: str, text: str) -> bytes:
    body = json.dumps({"text": text, "direction": "to_customer"}).encode()
    return (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


if __name__ == "__main__":
    sys.exit(main())
