"""(e) How long until a ringing call stands on an agent's open page, in a real browser.

Web process, Redis, PostgreSQL and browser are real. A call counts as accepted when the phone system has its 202, and as
visible when the screen of this very call stands in the page; both by this machine's clock.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import os
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.call_events import PATH, admin, until_it_answers
from bench.figures import Figure, Order, load, of_runs, summary
from bench.house import running, settle

EXTENSION, CALLS, AIM = "8006", 12, 1000.0
#: Notes in the page when each call's screen came into it.
WATCH = """
window.seenCalls = {};
const look = () => {
  for (const screen of document.querySelectorAll("[data-call]")) window.seenCalls[screen.dataset.call] ??= Date.now();
};
new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
"""


def ring(port: int, key: str, secret: bytes, number: int) -> tuple[str, float]:
    """Let a call ring and give up at once after it was shown elsewhere; its public name and when it was accepted."""
    data = {
        "call_id": f"pop-{number}",
        "direction": "inbound",
        "customer_number": f"1386547{number:04d}",
        "extension": EXTENSION,
    }
    answer = post(port, key, secret, f"ring-{number}", "call.ringing", data)
    return answer["call"]["id"], time.time()


def give_up(port: int, key: str, secret: bytes, number: int) -> None:
    """The caller hangs up, so that the next one has the screen alone."""
    data = {"call_id": f"pop-{number}", "ended_by": "customer", "cause": "abandoned"}
    post(port, key, secret, f"end-{number}", "call.ended", data)


def post(port: int, key: str, secret: bytes, name: str, kind: str, data: dict[str, Any]) -> Any:
    """One signed event over the wire."""
    body = json.dumps({"id": name, "type": kind, "timestamp": datetime.now(tz=UTC).isoformat(), "data": data}).encode()
    stamp = str(int(time.time()))
    signed = hmac.new(secret, f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()
    headers = {
        "Authorization": f"Bearer {key}",
        "Content-Type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(signed).decode(),
    }
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    line.request("POST", PATH, body, headers)
    answer = line.getresponse()
    found = json.loads(answer.read())
    line.close()
    if answer.status != 202:
        raise SystemExit(f"{answer.status}: {found}")
    return found


def figures(order: Order) -> Iterator[Figure]:
    """Calls one after the other; each run has some of them, all in one page."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        raise SystemExit("Chromium is missing (Debian: apt-get install chromium).")
    found = measure(order.runs, order.some(CALLS, 2), chromium)
    yield from of_runs("a ringing call stands on the page", found, {"p95": AIM}, names=("p50", "p95", "max"))


def measure(runs: int, calls: int, chromium: str) -> list[dict[str, Any]]:
    """Ring so many times in each run, and read from the page when each call was there."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright keeps a loop in this thread
    from playwright.sync_api import sync_playwright

    key, secret, session = _agent_with_a_telephone()
    found = []
    with running(lambda name: name.startswith("web"), web_processes=1) as port, sync_playwright() as playwright:
        until_it_answers(port)
        settle()
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = _open_page(browser, port, session)
        for run in range(runs):
            before = load()
            numbers = range(run * calls, (run + 1) * calls)
            milliseconds = [_until_it_shows(page, port, key, secret, number) for number in numbers]
            found.append({"load": before, **summary(milliseconds)})
            print(f"{found[-1]['p50']:.0f} / {found[-1]['p95']:.0f} ms", flush=True)
        browser.close()
    return found


def _agent_with_a_telephone() -> tuple[str, bytes, str]:
    """A phone system that knows an agent's extension: its key, its secret, and the agent's session."""
    from django.test import Client

    from service_desk.people.models import Staff
    from service_desk.telephony.actions import NewIntegration, add_extension, create_integration

    agent = Staff.objects.filter(username="bench-agent").first()
    agent = agent or Staff.objects.create_user("bench-agent", roles=["front_desk"], full_name="agent")
    issued = create_integration(actor=admin(), data=NewIntegration(name=f"pop {time.time_ns()}"))
    add_extension(
        actor=admin(),
        integration=issued.integration,
        extension=EXTENSION,
        staff=agent,
        valid_from=datetime.now(tz=UTC) - timedelta(hours=1),
    )
    client = Client()
    client.force_login(agent, "service_desk.people.backends.DeskBackend")
    return issued.key, base64.b64decode(issued.secret.removeprefix("whsec_")), str(client.session.session_key)


def _open_page(browser: Any, port: int, session: str) -> Any:
    """The agent's desk, with its event stream open."""
    from django.conf import settings
    from playwright.sync_api import expect

    address = f"http://127.0.0.1:{port}"
    context = browser.new_context(base_url=address)
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": address}])
    page = context.new_page()
    page.goto("/desk/")
    expect(page.locator("#live-state")).to_have_attribute("data-state", "live", timeout=60_000)
    page.evaluate(WATCH)
    return page


def _until_it_shows(page: Any, port: int, key: str, secret: bytes, number: int) -> float:
    """Milliseconds from the desk's answer until the call stands on the page; then the caller gives up."""
    ref, accepted = ring(port, key, secret, number)
    page.wait_for_function("ref => window.seenCalls[ref]", arg=ref, timeout=30_000)
    spent = page.evaluate("ref => window.seenCalls[ref]", ref) - 1000 * accepted
    give_up(port, key, secret, number)
    page.wait_for_function("() => !document.querySelector('[data-call]')", timeout=30_000)
    return float(spent)
