"""(a) Registering a case through REST over real HTTP: clocks, timeline, audit and notices are written with it."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

from bench.figures import Figure, Order, load, of_runs, summary
from bench.house import BASE, forget_mail, running, settle
from service_desk.cases.api import scopes
from service_desk.customers.models import Customer
from service_desk.deadlines.clock import now
from service_desk.people.models import ProductType, Staff
from service_desk.rest.actions import issue_key

PATH = "/api/v1/cases/"
WARM_UP = 60


@dataclass(frozen=True)
class Variant:
    """One way of calling: what is registered, and by how many callers at once."""

    name: str
    severity: str
    callers: int
    count: int
    idempotent: bool = False


ONE, EIGHT = 150, 560
VARIANTS = (
    Variant("major fault", "major", 1, ONE),
    Variant("major fault", "major", 8, EIGHT),
    Variant("critical fault, emergency process started", "critical", 1, ONE),
    Variant("critical fault, emergency process started", "critical", 8, EIGHT),
    Variant("major fault with Idempotency-Key", "major", 1, ONE, True),
    Variant("major fault with Idempotency-Key", "major", 8, EIGHT, True),
)
AIMS = {"p50": 15.0, "p95": 30.0}
THROUGHPUT = 120.0


def figures(order: Order) -> Iterator[Figure]:
    """What one caller waits for, and how many a second eight callers get."""
    variants = [replace(one, count=order.some(one.count, one.callers * 2)) for one in VARIANTS]
    found = measure(runs=order.runs, variants=variants)
    for variant in variants:
        runs = [run for run in found if (run["name"], run["callers"]) == (variant.name, variant.callers)]
        what = f"registering, {variant.name}"
        if variant.callers == 1:
            yield from of_runs(f"{what}, one caller", runs, AIMS)
        else:
            yield from of_runs(f"{what}, {variant.callers} callers", runs, main=False)
            loads = [run["load"] for run in runs]
            rates = [run["per_second"] for run in runs]
            yield Figure(f"{what}, {variant.callers} callers", rates, "/s", THROUGHPUT, at_least=True, loads=loads)


def measure(*, runs: int, variants: Sequence[Variant] = VARIANTS) -> list[dict[str, Any]]:
    """The figures of each variant and run; the whole desk of `make run` is at work meanwhile."""
    found = []
    with running(lambda name: True) as port:
        caller = Caller(port)
        caller.order(Variant("", "major", 8, WARM_UP * 8))
        settle()
        for run in range(runs):
            for variant in variants:
                forget_mail()
                found.append({"run": run, **caller.order(variant)})
    return found


class Caller:
    """Registers cases over HTTP with a key of its own."""

    def __init__(self, port: int) -> None:
        agent = Staff.objects.get(username="chenjing")
        _key, self.key = issue_key(
            actor=agent, owner=agent, name="bench", scopes=[scopes.WRITE], expires_at=now() + timedelta(days=1)
        )
        self.port = port
        self.body = {
            "customer": Customer.objects.order_by("-pk").values_list("pk", flat=True)[0],
            "product_type": ProductType.objects.get(name="GSM 基站").pk,
            "fault": "整站断站",
            "description": "客户来电反映整站断站,影响周边居民通话。",
            "caller_name": "王先生",
            "caller_phone": "0755/2677-2892",
        }

    def order(self, variant: Variant) -> dict[str, Any]:
        """Register so many, and say what it took."""
        before = load()
        done = _order(self.port, self.key, self.body, variant)
        milliseconds = [value * 1000 for value in done["seconds"]]
        return {
            **asdict(variant),
            "load": before,
            "per_second": len(milliseconds) / done["wall"],
            **summary(milliseconds),
        }


def _order(port: int, key: str, body: dict[str, Any], variant: Variant) -> Any:
    order = {
        "port": port,
        "key": key,
        "path": PATH,
        "body": {**body, "severity": variant.severity},
        "mark": uuid.uuid4().hex,
        **asdict(variant),
    }
    done = subprocess.run(
        [sys.executable, "-m", "bench.client"], input=json.dumps(order), capture_output=True, text=True, cwd=BASE
    )
    if done.returncode:
        raise RuntimeError(f"registering failed: {done.stdout[-500:]}{done.stderr[-2000:]}")
    return json.loads(done.stdout)
