"""The content security policy in a real browser: our pages break none of it, and what was smuggled in does not run."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Journey
from tests.journeys.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]

PAGES = (
    "/", "/desk/", "/cases/", "{case}", "/register/", "/complaints/", "/board/", "/board/wall/", "/board/team/",
    "/calls/", "/roster/", "/engine/", "/notices/", "/notices/preferences/", "/customers/{customer}/", "/calendars/",
    "/policies/", "/webhooks/", "/quality/violations/", "/quality/ledger/", "/phrasebook/", "/knowledge/articles/",
    "/reports/", "/exports/", "/account/", "/account/second-step/", "/api-keys/", "/design/", "/admin/", "/help/",
    "/complain/", "/no-such-page/",
)  # fmt: skip
EVIL = '"><img src=x onerror="window.smuggled=1"><script>window.smuggled=1</script>'
#: Counts what the browser refuses from the first moment of each page on.
LISTEN = """
window.refused = [];
document.addEventListener('securitypolicyviolation', event =>
    window.refused.push([event.effectiveDirective, event.blockedURI, event.sourceFile, event.lineNumber].join(' ')));
"""
SMUGGLE = """
() => {
    const script = document.createElement('script');
    script.textContent = 'window.smuggled = 1';
    document.body.append(script);
    const place = document.createElement('div');
    place.innerHTML = '<button id="planted" onclick="window.smuggled = 1">x</button>'
        + '<a href="javascript:window.smuggled=1">y</a>';
    document.body.append(place);
    place.querySelector('button').click();
    place.querySelector('a').click();
}
"""


def refused(page: Page) -> list[str]:
    """What the browser has refused on this page, once everything has loaded."""
    page.wait_for_load_state("load")
    found: list[str] = page.evaluate("window.refused")
    return found


def addresses(journey: Journey) -> list[str]:
    case = journey.world.register(severity="minor", fault=EVIL[:60], description=EVIL)
    return [path.format(case=case.get_absolute_url(), customer=case.customer.pk) for path in PAGES]


def listening(journey: Journey, **options: Any) -> Visitor:
    visitor = journey.visit(journey.world.admin, **options)
    visitor.context.add_init_script(LISTEN)
    visitor.expected |= {404, 403}
    return visitor


def test_no_page_breaks_its_own_policy_and_no_text_of_a_caller_runs(journey: Journey) -> None:
    visitor = listening(journey)
    page = visitor.page
    broken: dict[str, list[str]] = {}
    seen = 0
    for path in addresses(journey):
        answer = page.goto(path)
        assert answer is not None
        seen += answer.status == 200
        expect(page.locator("h1").first).to_be_visible()
        if found := refused(page):
            broken[path] = found
        assert page.evaluate("window.smuggled") is None, path
    assert broken == {}
    # A page without a script of its own has no nonce to give away.
    visitor.complaints[:] = [
        said for said in visitor.complaints if not said.endswith("lacks a nonce in its content security policy")
    ]
    assert seen >= len(PAGES) - 4, "most of these pages were really there"


def test_a_script_put_into_a_page_does_not_run_and_is_reported(journey: Journey) -> None:
    visitor = listening(journey)
    page = visitor.page
    page.goto("/cases/")
    assert refused(page) == []
    page.evaluate(SMUGGLE)
    expect(page.locator("#planted")).to_be_visible()
    page.wait_for_function("window.refused.length >= 3")
    assert page.evaluate("window.smuggled") is None
    assert {line.split()[0] for line in refused(page)} >= {"script-src-elem", "script-src-attr"}
    visitor.complaints.clear()  # these were the point
