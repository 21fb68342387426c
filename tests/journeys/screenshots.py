"""Takes the pictures of the README: `make screenshots` starts a desk with the demo company and looks at it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.journeys.smaller import smaller

BASE = Path(__file__).parents[2]
PICTURES = BASE / "docs" / "screenshots"
LARGEST = 200_000
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-lcd-text"]  # letters in shades of grey make small files
OURS = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "EMAIL_HOST", "SITE_URL")


def main() -> None:
    """Start, look, stop; the desk's data are thrown away."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        raise SystemExit("Chromium is missing (Debian: apt-get install chromium).")
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="desk-pictures-") as folder:
        data, port = Path(folder) / "data", free_port()
        desk = start(data, port)
        try:
            password = json.loads((data / "demo_logins.json").read_text())["password"]
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
                for name, code in (("zh", "zh-hans"), ("en", "en")):
                    take_all(browser, f"http://127.0.0.1:{port}", password, name, code)
                browser.close()
        finally:
            desk.send_signal(signal.SIGINT)
            desk.wait(60)


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def start(data: Path, port: int) -> subprocess.Popen[str]:
    """`manage.py up` in a folder of its own, until it says that it is open."""
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    desk = subprocess.Popen(
        [sys.executable, "manage.py", "up"],
        cwd=BASE,
        env={**kept, "SERVICE_DESK_DATA": str(data), "WEB_PORT": str(port), "WEB_PROCESSES": "1", "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert desk.stdout is not None
    for line in desk.stdout:
        print(line, end="", flush=True)
        if "The desk is open" in line:
            return desk
    raise SystemExit("The desk did not open.")


def take_all(browser: Browser, url: str, password: str, name: str, code: str) -> None:
    """The three pictures in one language."""
    context = browser.new_context(
        base_url=url, viewport={"width": 1440, "height": 900}, color_scheme="light", reduced_motion="reduce"
    )
    context.add_cookies([{"name": "desk_language", "value": code, "url": url}])
    page = context.new_page()
    page.goto("/login/")
    page.locator("#id_username").fill("chenjing")
    page.locator("#id_password").fill(password)
    page.keyboard.press("Enter")
    expect(page.locator("#live-state")).to_have_attribute("data-state", "live", timeout=60_000)
    take(page, f"desk-{name}")
    page.goto("/cases/?emergency=on&state=open&sort=deadline")
    page.locator("[data-rows] [data-href] a").first.click()
    expect(page.locator(".emergency")).to_be_visible()
    take(page, f"case-{name}")
    page.goto("/register/?fresh=1")
    page.locator("#id_customer").press_sequentially("sz")
    page.locator("[role=option]").first.click()
    expect(page.locator("#register-card .panel")).to_be_visible()
    page.locator("[data-pick-product]").first.click()
    page.locator("#id_fault").fill("到达层整层无信号，调度电话中断")
    page.locator("input[name=severity][value=critical]").check()
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    take(page, f"register-{name}")
    context.close()


def take(page: Page, name: str) -> None:
    """One picture, small enough for a repository."""
    expect(page.locator("#live-state")).to_have_attribute("data-state", "live", timeout=60_000)
    path = PICTURES / f"{name}.png"
    path.write_bytes(smaller(page.screenshot(animations="disabled")))
    size = path.stat().st_size
    print(f"{path.relative_to(BASE)}: {size // 1000} kB")
    if size > LARGEST:
        raise SystemExit(f"{path} is larger than {LARGEST // 1000} kB.")


if __name__ == "__main__":
    main()
