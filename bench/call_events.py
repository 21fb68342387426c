"""(e) Phone systems report 100 events a second, some twice, some out of order.

Signed deliveries over real HTTP to the web processes of `make run`. Afterwards every call's row is held against what
was played, which this file knows by itself: no event may be lost, and no repeat or swap may show.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import queue
import random
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.client import whole_answer
from bench.figures import Figure, Order, load, median, percentile
from bench.house import processor_seconds, running, settle

PATH = "/api/v1/call-events"
SENDERS = 24
RATE, SECONDS, SYSTEMS, AIM = 100, 12, (1, 5), 100.0


@dataclass(frozen=True)
class Truth:
    """How a call went, and so what its row must say."""

    call_id: str
    state: str
    ring_count: int
    ended_by: str
    cause: str
    holds: tuple[float, ...]


@dataclass
class Results:
    """What the senders saw."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    seconds: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)

    def note(self, answer: str, took: float, late: float) -> None:
        with self.lock:
            self.seconds.append(took)
            self.late.append(late)
            self.answers[answer] = self.answers.get(answer, 0) + 1


def play(count: int, mark: str, luck: random.Random, start: datetime) -> tuple[list[dict[str, Any]], list[Truth]]:
    """About `count` events of calls of every kind, in order, and what they come to."""
    events: list[dict[str, Any]] = []
    truths: list[Truth] = []
    while len(events) < count:
        call_id, at = f"{mark}/{len(truths)}", start + timedelta(seconds=len(events) / 50)
        who = {"direction": "inbound", "customer_number": f"0138{luck.randrange(10**8):08}"}
        rings, held = luck.randint(1, 8), luck.choice([0.0, 10.0, 40.0])
        answered, ended_by = luck.random() < 0.8, luck.choice(["customer", "agent"])
        ring = (rings - 1) * 5 + 2.0
        steps: list[tuple[str, float, dict[str, Any]]] = [("ringing", 0, {**who, "extension": "8006"})]
        if answered:
            steps.append(("answered", ring, {"extension": "8006"}))
            if held:
                steps += [("held", ring + 5, {}), ("resumed", ring + 5 + held, {})]
        cause = "normal" if answered else "abandoned"
        steps.append(("ended", ring + 90 * answered, {"ended_by": ended_by, "cause": cause}))
        events += [
            {
                "id": f"{call_id}:{kind}",
                "type": f"call.{kind}",
                "timestamp": (at + timedelta(seconds=second)).isoformat(),
                "data": {"call_id": call_id, **data},
            }
            for kind, second, data in steps
        ]
        holds = (held,) if answered and held else ()
        truths.append(Truth(call_id, "ended" if answered else "missed", rings, ended_by, cause, holds))
    return events, truths


def disturbed(events: list[dict[str, Any]], luck: random.Random) -> list[dict[str, Any]]:
    """One in ten is sent twice, one in ten changes places with a neighbour."""
    sent = [again for event in events for again in ([event, event] if luck.random() < 0.1 else [event])]
    for place in range(len(sent) - 1):
        if luck.random() < 0.1:
            sent[place], sent[place + 1] = sent[place + 1], sent[place]
    return sent


def send(port: int, work: queue.Queue[Any], results: Results, began: float) -> None:
    """One keep-alive line; each delivery at its time, and again if the desk asks for that."""
    line = _line(port)
    while True:
        item = work.get()
        if item is None:
            line.close()
            return
        due, key, secret, event = item
        late = time.monotonic() - began - due
        if late < 0:
            time.sleep(-late)
        while True:
            try:
                status, took, answer = _deliver(line, key, secret, event)
            except ConnectionError:  # what a client does that obeys the contract: the same again
                line.close()
                line = _line(port)
                results.note("connection lost", 0.0, 0.0)
                continue
            if status in (202, 200):
                results.note(answer, took, max(0.0, time.monotonic() - began - due))
                break
            results.note(f"HTTP {status}", took, 0.0)
            if status not in (409, 429, 503):
                break
            time.sleep(0.2)


def _line(port: int) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port), timeout=60)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def _deliver(line: socket.socket, key: str, secret: bytes, event: dict[str, Any]) -> tuple[int, float, str]:
    """By hand, because an HTTP library would take from the desk the processor that is measured."""
    body, stamp = json.dumps(event).encode(), str(int(time.time()))
    digest = hmac.new(secret, f"{event['id']}.{stamp}.".encode() + body, hashlib.sha256).digest()
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"webhook-id: {event['id']}\r\nwebhook-timestamp: {stamp}\r\n"
        f"webhook-signature: v1,{base64.b64encode(digest).decode()}\r\n\r\n"
    )
    begin = time.monotonic()
    line.sendall(head.encode() + body)
    answered, told = whole_answer(line)
    return int(answered[9:12]), time.monotonic() - begin, str(json.loads(told).get("status"))


def figures(order: Order) -> Iterator[Figure]:
    """One phone system and five at the same pace; no event may be lost, no row may be unlike what was played."""
    admin()
    seconds = order.some(SECONDS, 2)
    with running(lambda name: name.startswith("web")) as port:
        until_it_answers(port)
        settle()
        measure(port, 5, RATE // 2, 2)  # each process answers its first events slowly
        for systems in SYSTEMS:
            found = [measure(port, systems, RATE, seconds) for _run in range(order.runs)]
            loads = [run["load"] for run in found]
            what = f"{RATE} call events a second, {systems} phone system{'s' * (systems > 1)}"
            own = median(run["own"] for run in found)
            calls = sum(run["calls"] for run in found)
            said = f"{calls:,} calls, none lost or unlike; processor of the web {own:.1f} ms an event"
            for key, aim in (("p50", None), ("p95", AIM), ("p95 from due", None)):
                values = [run[key] for run in found]
                yield Figure(f"{what}, {key}", values, aim=aim, main=key != "p95 from due", loads=loads, note=said)


def admin() -> Any:
    """Who may set up phone systems."""
    from service_desk.people.models import Staff

    found = Staff.objects.filter(username="bench-admin").first()
    return found or Staff.objects.create_user("bench-admin", roles=["administrator"], full_name="bench")


def measure(port: int, systems: int, rate: int, seconds: int) -> dict[str, Any]:
    """One run against web processes that are up; an error when a call's row is not what was played."""
    from service_desk.telephony.actions import NewIntegration, create_integration

    luck, mark = random.Random(systems), f"{systems}-{time.time_ns()}"
    issued = [
        create_integration(actor=admin(), data=NewIntegration(name=f"{mark} {n}", events_per_second=1000))
        for n in range(systems)
    ]
    lists, truths = [], []
    for number in range(systems):
        events, known = play(
            rate * seconds // systems, f"{mark}.{number}", luck, datetime.now(tz=UTC) - timedelta(hours=1)
        )
        lists.append(disturbed(events, luck))
        truths.append(known)
    order = sorted(
        (place * systems / rate, number, place) for number, one in enumerate(lists) for place in range(len(one))
    )
    results, work = Results(), queue.Queue[Any]()
    before, spent = load(), processor_seconds()
    began = time.monotonic() + 1
    for due, number, place in order:
        key, secret = issued[number].key, base64.b64decode(issued[number].secret.removeprefix("whsec_"))
        work.put((due, key, secret, lists[number][place]))
    threads = [threading.Thread(target=send, args=(port, work, results, began)) for _number in range(SENDERS)]
    for thread in threads:
        work.put(None)
        thread.start()
    for thread in threads:
        thread.join()
    own = 1000 * (processor_seconds() - spent) / len(order)
    wrong = [row for number, one in enumerate(issued) for row in _compare(one.integration.pk, truths[number])]
    if wrong:
        raise RuntimeError(f"{len(wrong)} rows are not what was played: {wrong[:3]}; answers {results.answers}")
    milliseconds = [1000 * one for one in results.seconds]
    print(f"{systems} systems: {percentile(milliseconds, 0.95):.0f} ms (p95), {results.answers}", flush=True)
    return {
        "p50": percentile(milliseconds, 0.5),
        "p95": percentile(milliseconds, 0.95),
        "p95 from due": 1000 * percentile(results.late, 0.95),
        "own": own,
        "load": before,
        "calls": sum(map(len, truths)),
    }


def _compare(integration: int, truths: list[Truth]) -> list[str]:
    """The rows that differ from what was played, or are missing."""
    from service_desk.telephony.models import Call, CallEvent

    names = ("call_id", "state", "ring_count", "ended_by", "cause", "hold_seconds")
    rows = {row[0]: row for row in Call.objects.filter(integration=integration).values_list(*names)}
    wrong = []
    for truth in truths:
        row = rows.get(truth.call_id)
        wanted = (truth.call_id, truth.state, truth.ring_count, truth.ended_by, truth.cause, list(truth.holds))
        if row != wanted:
            wrong.append(f"{wanted} is {row}")
    kept = CallEvent.objects.filter(integration=integration).count()
    return [*wrong, f"{len(rows)} rows, {kept} events"] if wrong else wrong


def until_it_answers(port: int) -> None:
    """Wait for the first web process."""
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        try:
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            line.request("GET", "/livez")
            if line.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("The desk did not come up.")
