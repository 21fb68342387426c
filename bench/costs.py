"""(h) What one case, one call and one fired clock cost: processor time, bytes on the disk, bytes of the log.

The product's own verbs in this process, so that nothing else is counted: Python here, PostgreSQL in the one process
that serves it. A checkpoint before each first run makes it show what the log costs just after one.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import psutil
from django.db import connection

from bench.call_events import admin, play
from bench.due_storm import arrange
from bench.figures import Figure, Order, load
from service_desk.cases import actions
from service_desk.cases.actions import Registration
from service_desk.cases.models import Case
from service_desk.customers.models import Customer
from service_desk.deadlines.clock import now
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.rules import Door
from service_desk.people.models import ProductType, Staff
from service_desk.telephony.actions import NewIntegration, create_integration
from service_desk.telephony.actions.receiving import receive_event
from service_desk.telephony.reading import read_event

CASES, CLOCKS, EVENTS = 60, 150, 300
LEAD = 12.0


def figures(order: Order) -> Iterator[Figure]:
    """Each thing's cost, a value a run."""
    cases, clocks, events = order.some(CASES, 4), order.some(CLOCKS, 10), order.some(EVENTS, 20)
    jobs: tuple[tuple[str, Callable[[int], int]], ...] = (
        ("a case registered", lambda _run: len(_registered(cases))),
        ("a case from registration to closing", lambda _run: _lived(cases)),
        ("a call, from ringing to its end", lambda run: _called(events, run)),
    )
    for what, job in jobs:
        yield from _told(what, [_cost(job, run) for run in range(order.runs)])
    fired = []
    for run in range(order.runs):
        begins = arrange(clocks, LEAD)
        time.sleep(max(0.0, (begins - now()).total_seconds() + 1.1))
        fired.append(_cost(lambda _run: sweep(Door.SENTINEL).fired, run))
    yield from _told("a clock that fires, with its notices", fired)


def _told(what: str, runs: list[dict[str, float]]) -> Iterator[Figure]:
    loads = [run["load"] for run in runs]
    for name, unit in (("Python", "ms"), ("PostgreSQL", "ms"), ("disk", "kB"), ("log", "kB")):
        yield Figure(f"cost of {what}: {name}", [run[name] for run in runs], unit, loads=loads)


def _cost(job: Callable[[int], int], run: int) -> dict[str, float]:
    """What `job` cost for each of the things that it says it made."""
    with connection.cursor() as cursor:
        if run == 0:
            cursor.execute("CHECKPOINT")
        cursor.execute("SELECT pg_backend_pid()")
        server = psutil.Process(cursor.fetchone()[0])
    before, started = load(), _state(server)
    made = job(run)
    spent = [(after - then) / made for then, after in zip(started, _state(server), strict=True)]
    return {
        "load": before,
        "Python": spent[0] * 1000,
        "PostgreSQL": spent[1] * 1000,
        "disk": spent[2] / 1000,
        "log": spent[3] / 1000,
    }


def _state(server: psutil.Process) -> tuple[float, float, float, float]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database()), pg_current_wal_lsn() - '0/0'::pg_lsn")
        size, log = cursor.fetchone()
    times = server.cpu_times()
    return time.process_time(), float(times.user + times.system), float(size), float(log)


def _registered(count: int) -> list[Case]:
    agent = Staff.objects.get(username="chenjing")
    data = Registration(
        customer=Customer.objects.latest("pk"),
        product_type=ProductType.objects.get(name="GSM 基站"),
        fault="整站断站",
        severity="major",
        description="客户来电反映整站断站,影响周边居民通话。值班员已到机房查看,设备供电正常。",
    )
    return [actions.register(actor=agent, data=data) for _ in range(count)]


def _lived(count: int) -> int:
    """Registered, begun, restored, resolved, answered, closed: six verbs a case."""
    agent = Staff.objects.get(username="chenjing")
    for case in _registered(count):
        actions.start(case=case, actor=agent)
        actions.restore(case=case, actor=agent, text="业务已恢复")
        actions.resolve(case=case, actor=agent, outcome="已更换故障单板,业务恢复。")
        actions.reply(case=case, actor=agent, reply="故障已处理完毕,请您确认。", channel="phone")
        actions.close(case=case, actor=agent)
    return count


def _called(count: int, run: int) -> int:
    mark = f"costs-{time.time_ns()}"
    integration = create_integration(actor=admin(), data=NewIntegration(name=mark)).integration
    events, calls = play(count, mark, random.Random(run), datetime.now(tz=UTC) - timedelta(minutes=10))
    for event in events:
        receive_event(integration=integration, event=read_event(event))
    return len(calls)
