"""Row 8: the same delivery fifty times at once over real HTTP is one call, one case; one six minutes old is refused."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any

from django.conf import settings

from service_desk.calls.models import CallDeadline
from service_desk.cases.models import Case, CaseDeadline, CaseEvent
from service_desk.telephony.models import Call, CallEvent
from service_desk.telephony.rules import sign
from tests.faults.conftest import Run
from tests.faults.load import PATH, Load
from tests.telephony.senders import EVENTS, Script, pbx

TIMES = 50
OLD = 6 * 60


def test_the_same_again_and_again(run: Run, say: Callable[[str], None]) -> None:
    # The secrets of phone systems are kept under the key of the process that made them, which is this one.
    run.fleet.start("web-1", "web-2", env={"SECRET_KEY": settings.SECRET_KEY})
    run.fleet.until_ready()
    _a_phone_systems_event(run, say)
    _a_programs_post(run, say)


def _a_phone_systems_event(run: Run, say: Callable[[str], None]) -> None:
    phone, script = pbx(), Script()
    raw = json.dumps(script.event("answered", 8, extension="8006")).encode()

    def signed(message: str, at: int) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {phone.key}",
            "Content-Type": "application/json",
            "webhook-id": message,
            "webhook-timestamp": str(at),
            "webhook-signature": sign(phone.secret, message, str(at), raw),
        }

    fresh = signed("msg-same", int(time.time()))
    ends = _together(run, EVENTS, raw, fresh)
    assert set(ends) <= {200, 202, 409}, ends
    assert ends[202] == 1
    assert _send(run, EVENTS, raw, fresh)[0] == 200  # who was told 'in progress' and comes again
    rows = (Call.objects.count(), CallEvent.objects.count(), CallDeadline.objects.count())
    assert rows[:2] == (1, 1)
    assert rows[2] == len(set(CallDeadline.objects.values_list("call", "kind", "cycle")))
    # The delivery as it was, six minutes old; the same with a new name; and one whose stamp was only made younger.
    old = int(time.time()) - OLD
    younger = {**signed("msg-old", old), "webhook-timestamp": str(int(time.time()))}
    refused = [
        _send(run, EVENTS, raw, headers)[0] for headers in (signed("msg-same", old), signed("msg-2", old), younger)
    ]
    assert refused == [401, 401, 401]
    assert (Call.objects.count(), CallEvent.objects.count(), CallDeadline.objects.count()) == rows
    say(f"a phone system's event {TIMES} times at once: {dict(ends)}; six minutes later: {refused}")


def _a_programs_post(run: Run, say: Callable[[str], None]) -> None:
    load = Load(run.fleet.port, run.world)
    raw = json.dumps(load._body).encode()
    headers = {
        "Authorization": f"Bearer {load._key}",
        "Content-Type": "application/json",
        "Idempotency-Key": "the-same-key",
    }
    before = Case.objects.count()
    ends = _together(run, PATH, raw, headers)
    assert set(ends) <= {201, 409}, ends
    assert ends[201] >= 1
    status, told = _send(run, PATH, raw, headers)
    assert status == 201
    assert Case.objects.count() == before + 1
    case = Case.objects.get(number=json.loads(told)["number"])
    clocks = Counter(CaseDeadline.objects.filter(case=case).values_list("kind", "cycle"))
    assert clocks
    assert set(clocks.values()) == {1}
    assert CaseEvent.objects.filter(case=case, type="registered").count() == 1
    other, _told = _send(run, PATH, json.dumps({**load._body, "fault": "另一件事"}).encode(), headers)
    assert other in (409, 422)  # the same key for something else
    assert Case.objects.count() == before + 1
    say(f"a POST with one Idempotency-Key {TIMES} times at once: {dict(ends)}, one case; another body: {other}")


def _together(run: Run, path: str, raw: bytes, headers: dict[str, str]) -> Counter[int]:
    """Send it fifty times at the same moment, each on a connection of its own."""
    barrier = threading.Barrier(TIMES)

    def one(_number: int) -> int:
        barrier.wait(60)
        return _send(run, path, raw, headers)[0]

    with ThreadPoolExecutor(TIMES) as pool:
        return Counter(pool.map(one, range(TIMES)))


def _send(run: Run, path: str, raw: bytes, headers: dict[str, str]) -> tuple[int, Any]:
    line = HTTPConnection("127.0.0.1", run.fleet.port, timeout=90)
    try:
        line.request("POST", path, raw, headers)
        answer = line.getresponse()
        return answer.status, answer.read()
    finally:
        line.close()
