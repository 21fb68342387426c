"""(a) Registering a case through REST over real HTTP: clocks, timeline, audit and notices are written with it."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from bench.figures import load, summary
from bench.house import BASE, forget_mail, running
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


VARIANTS = (
    Variant("major fault", "major", 1, 200),
    Variant("major fault", "major", 8, 800),
    Variant("critical fault, emergency process started", "critical", 1, 200),
    Variant("critical fault, emergency process started", "critical", 8, 800),
    Variant("major fault with Idempotency-Key", "major", 1, 200, True),
    Variant("major fault with Idempotency-Key", "major", 8, 800, True),
)


def measure(*, runs: int, variants: tuple[Variant, ...] = VARIANTS) -> list[dict[str, Any]]:
    """The figures of each variant and run; the whole desk of `make run` is at work meanwhile."""
    agent = Staff.objects.get(username="chenjing")
    _key, text = issue_key(
        actor=agent, owner=agent, name="bench", scopes=[scopes.WRITE], expires_at=now() + timedelta(days=1)
    )
    body = {
        "customer": Customer.objects.order_by("-pk").values_list("pk", flat=True)[0],
        "product_type": ProductType.objects.get(name="GSM 基站").pk,
        "fault": "整站断站",
        "description": "客户来电反映整站断站,影响周边居民通话。",
        "caller_name": "王先生",
        "caller_phone": "0755/2677-2892",
    }
    figures = []
    with running(lambda name: True) as port:
        _order(port, text, body, Variant("", "major", 8, WARM_UP * 8))
        for run in range(runs):
            for variant in variants:
                forget_mail()
                before = load()
                done = _order(port, text, body, variant)
                milliseconds = [value * 1000 for value in done["seconds"]]
                figures.append(
                    {
                        **asdict(variant),
                        "run": run,
                        "load": before,
                        "per_second": len(milliseconds) / done["wall"],
                        **summary(milliseconds),
                    }
                )
    return figures


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
