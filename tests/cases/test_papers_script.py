"""Files chosen, dropped and pasted in a real browser; a report that is being written survives a reload."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, FilePayload, Page, expect

from service_desk.cases.models import Case
from tests.browsers import chromium_running
from tests.cases.test_files import picture
from tests.factories import World, world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("papers")]

_PASTE = """text => {
  const data = new DataTransfer();
  data.items.add(new File([text], "粘贴.txt", {type: "text/plain"}));
  document.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true}));
}"""
_DROP = """text => {
  const data = new DataTransfer();
  data.items.add(new File([text], "拖入.txt", {type: "text/plain"}));
  const dropped = new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true});
  document.querySelector("#files").dispatchEvent(dropped);
}"""


@pytest.fixture
def desk(transactional_db: None, settings: Any, tmp_path: Path) -> World:
    settings.FILES_DIR = tmp_path / "files"
    return world()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with chromium_running() as browser:
        yield browser


@pytest.fixture
def page(chromium: Browser, desk: World, client: Client, live_server: Any, settings: Any) -> Iterator[Page]:
    client.force_login(desk.agent)
    context = chromium.new_context(base_url=live_server.url)
    for name, value in (
        (settings.SESSION_COOKIE_NAME, client.session.session_key),
        (settings.LANGUAGE_COOKIE_NAME, "en"),
    ):
        context.add_cookies([{"name": name, "value": str(value), "url": live_server.url}])
    context.set_default_timeout(15_000)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if "Content Security" in said.text else None)
    page.route("**/events/**", lambda route: route.fulfill(status=503))
    yield page
    context.close()
    assert errors == []


def test_files_are_chosen_pasted_and_dropped_and_each_refused_one_says_why(desk: World, page: Page) -> None:
    case = desk.register(severity="minor")
    page.goto(case.get_absolute_url())
    with page.expect_file_chooser() as chooser:
        page.get_by_role("link", name="Add files").click()
    chooser.value.set_files(
        [
            FilePayload(name="现场.png", mimeType="image/png", buffer=picture("PNG")),
            FilePayload(name="坏.exe", mimeType="text/plain", buffer=b"MZ\x00\x01"),
            FilePayload(name="太大.log", mimeType="text/plain", buffer=b"x" * (10 * 1024 * 1024 + 1)),
        ]
    )
    shown = page.locator(".uploads")
    expect(shown).to_contain_text("Files of this kind are not taken. Send a picture")
    expect(shown).to_contain_text("The file is too large")
    page.evaluate(_PASTE, "粘贴的日志")
    expect(shown.locator("li", has_text="粘贴.txt")).to_contain_text("Added")
    page.evaluate(_DROP, "拖入的日志")
    expect(shown.locator("li", has_text="拖入.txt")).to_contain_text("Added")
    page.reload()
    files = page.locator("#files")
    for name in ("现场.png", "粘贴.txt", "拖入.txt"):
        expect(files.get_by_role("link", name=name, exact=True)).to_be_visible()
    assert sorted(case.files.values_list("name", flat=True)) == sorted(["现场.png", "粘贴.txt", "拖入.txt"])


def test_what_is_written_of_a_report_survives_a_reload_and_is_saved(desk: World, page: Page) -> None:
    case: Case = desk.register(severity="minor")
    address = f"{case.get_absolute_url()}report/service_report/"
    page.goto(address)
    page.get_by_label("What was found").fill("上联光模块光衰过大")
    page.get_by_label("Not solved").check()
    page.reload()
    expect(page.locator(".draft-note")).to_be_visible()
    expect(page.get_by_label("What was found")).to_have_value("上联光模块光衰过大")
    expect(page.get_by_label("Not solved")).to_be_checked()
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Draft last saved by")).to_be_visible()
    expect(page.locator(".draft-note")).to_have_count(0)
    draft = case.reports.get()
    assert (draft.data["found"], draft.data["result"], draft.state) == ("上联光模块光衰过大", "unsolved", "draft")
