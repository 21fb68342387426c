"""Somebody at a real browser, watched: an error on the console or a page without its headers fails the journey."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response

from service_desk.people.models import Staff

NONCE = re.compile(r"script-src [^;]*'nonce-[^']{8,}'")
REFUSED = re.compile(r"the server responded with a status of (\d{3})")


@dataclass
class Visitor:
    """One browser window with its own cookies; `expected` are the refusals that the journey provokes on purpose."""

    context: BrowserContext
    page: Page
    expected: set[int] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)
    pages_seen: int = 0

    def console(self, message: ConsoleMessage) -> None:
        """Chromium reports violations of the content security policy here as well."""
        if message.type not in ("error", "warning"):
            return
        status = REFUSED.search(message.text)
        if status and int(status[1]) in self.expected:
            return
        self.complaints.append(f"{self.page.url}: console {message.type}: {message.text}")

    def failed(self, error: Any) -> None:
        """A script that was not caught."""
        self.complaints.append(f"{self.page.url}: {error.error if hasattr(error, 'error') else error}")

    def answered(self, response: Response) -> None:
        """Each page carries the headers that keep others out."""
        if response.request.resource_type != "document" or response.status in (204, 301, 302):
            return
        self.pages_seen += 1
        headers = response.headers
        policy = headers.get("content-security-policy", "")
        wanted = {
            # a page of refusal has no script of its own, and no nonce then
            "a nonce in its content security policy": bool(NONCE.search(policy)) or response.status >= 400,
            "a content security policy for scripts": "script-src 'self'" in policy,
            "frame-ancestors 'none'": "frame-ancestors 'none'" in policy,
            "no unsafe-inline": "unsafe-" not in policy,
            "nosniff": headers.get("x-content-type-options") == "nosniff",
            "frame denial": headers.get("x-frame-options") == "DENY",
            "a referrer policy": headers.get("referrer-policy") == "same-origin",
        }
        self.complaints += [f"{response.url} lacks {name}" for name, met in wanted.items() if not met]


def open_browser(
    browser: Browser, url: str, *, staff: Staff | None = None, language: str = "en", **options: Any
) -> Visitor:
    """A new window; with `staff` somebody who has logged in already, in `language`."""
    context = browser.new_context(base_url=url, locale="en-GB", reduced_motion="reduce", **options)
    context.set_default_timeout(15_000)
    cookies = [{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": url}]
    if staff is not None:
        client = Client()
        staff.refresh_from_db(fields=["password"])  # a log-in by the form has it hashed anew, with the desk's own care
        client.force_login(staff, "service_desk.people.backends.DeskBackend")
        cookies.append({"name": settings.SESSION_COOKIE_NAME, "value": str(client.session.session_key), "url": url})
    context.add_cookies(cookies)  # type: ignore[arg-type]
    visitor = Visitor(context, context.new_page())
    context.on("console", visitor.console)
    context.on("weberror", visitor.failed)
    context.on("response", visitor.answered)
    return visitor
