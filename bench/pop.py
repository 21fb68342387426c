"""`python -m bench.pop`: how long until a ringing call stands on an agent's open page, in a real browser.

Web process, Redis, PostgreSQL and browser are real. A call counts as accepted when the phone system has its 202, and as
visible when the screen of this very call stands in the page; both by this machine's clock.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import http.client
import json
import os
import shutil
import statistics
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.call_events import PATH, _warm
from bench.house import BASE, House, running

EXTENSION = "8006"
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


def measure(calls: int, chromium: str) -> dict[str, Any]:
    """Ring `calls` times, one after the other, and read from the page when each was there."""
    from django.conf import settings
    from django.test import Client
    from playwright.sync_api import expect, sync_playwright

    from service_desk.people.models import Staff
    from service_desk.telephony.actions import NewIntegration, add_extension, create_integration

    admin, agent = Staff.objects.get(username="bench"), Staff.objects.get(username="agent")
    issued = create_integration(actor=admin, data=NewIntegration(name=f"pop {time.time_ns()}"))
    add_extension(
        actor=admin,
        integration=issued.integration,
        extension=EXTENSION,
        staff=agent,
        valid_from=datetime.now(tz=UTC) - timedelta(hours=1),
    )
    client = Client()
    client.force_login(agent, "service_desk.people.backends.DeskBackend")
    session = str(client.session.session_key)
    key, secret = issued.key, base64.b64decode(issued.secret.removeprefix("whsec_"))
    seconds: list[float] = []
    with running(lambda name: name.startswith("web"), web_processes=1) as port, sync_playwright() as playwright:
        _warm(port)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(base_url=f"http://127.0.0.1:{port}")
        context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": f"http://127.0.0.1:{port}"}]
        )
        page = context.new_page()
        page.goto("/desk/")
        expect(page.locator("#live-state")).to_have_attribute("data-state", "live", timeout=60_000)
        page.evaluate(WATCH)
        for number in range(calls):
            ref, accepted = ring(port, key, secret, number)
            page.wait_for_function("ref => window.seenCalls[ref]", arg=ref, timeout=30_000)
            seconds.append(page.evaluate("ref => window.seenCalls[ref]", ref) / 1000 - accepted)
            give_up(port, key, secret, number)
            page.wait_for_function("() => !document.querySelector('[data-call]')", timeout=30_000)
        browser.close()
    return {
        "calls": calls,
        "p50_ms": round(1000 * statistics.median(seconds)),
        "p95_ms": round(1000 * statistics.quantiles(seconds, n=20)[18]),
        "worst_ms": round(1000 * max(seconds)),
        "load": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    """One run, and its figures as a JSON line."""
    parser = argparse.ArgumentParser(prog="python -m bench.pop", description=__doc__)
    parser.add_argument("--calls", type=int, default=60)
    parser.add_argument("--folder", type=Path, default=BASE / "var" / "bench-pop")
    given = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        raise SystemExit("Chromium is missing (Debian: apt-get install chromium).")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright keeps a loop in this thread
    house = House(given.folder, print)
    house.open()
    try:
        from django.core.management import call_command
        from django.test import override_settings

        call_command("migrate", verbosity=0)
        call_command("load_reference_data", verbosity=0)
        with override_settings(STATIC_ROOT=given.folder / "static"):
            call_command("collectstatic", interactive=False, verbosity=0)
        from service_desk.people.models import Staff

        Staff.objects.create_user("bench", roles=["administrator"], full_name="bench")
        Staff.objects.create_user("agent", roles=["front_desk"], full_name="agent")
        print(json.dumps(measure(given.calls, chromium)), flush=True)
    finally:
        house.close(keep=False)


if __name__ == "__main__":
    main()
