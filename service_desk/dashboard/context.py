"""The frame around every page: rail, search, language, theme, person, clock; built once a page and only when asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from service_desk.dashboard import pieces, rail, words
from service_desk.dashboard.rail import Entry
from service_desk.deadlines import clock

THEME_COOKIE = "desk_theme"
THEMES = ("auto", "light", "dark")


@dataclass
class Frame:
    """What base.html reads; see docs/design.md."""

    request: HttpRequest
    company: str = field(default_factory=lambda: settings.COMPANY_NAME)

    @cached_property
    def user(self) -> Any:
        """Who is logged in, or None."""
        user = getattr(self.request, "user", None)
        return user if user is not None and user.is_authenticated else None

    @cached_property
    def now(self) -> datetime:
        """The database's time, asked once a page."""
        return clock.now()

    @cached_property
    def rail(self) -> list[rail.Entry]:
        """The rooms this person may enter."""
        return rail.entries(self.user, self.request.path) if self.user else []

    @property
    def theme(self) -> str:
        """Light, dark or auto: the person's own choice, else the browser's cookie."""
        chosen = getattr(self.user, "theme", "auto")
        if chosen == "auto":
            chosen = self.request.COOKIES.get(THEME_COOKIE, "auto")
        return chosen if chosen in THEMES else "auto"

    @property
    def themes(self) -> list[tuple[str, str, str]]:
        """The choices of the theme switch: value, word, icon."""
        return [
            ("auto", _("As the device"), "computer-desktop"),
            ("light", _("Light"), "sun"),
            ("dark", _("Dark"), "moon"),
        ]

    @property
    def languages(self) -> list[tuple[str, str]]:
        """The choices of the language switch, each in its own language."""
        return [("zh-hans", "中文"), ("en", "English")]

    @property
    def here(self) -> str:
        """Where the switches come back to."""
        return self.request.get_full_path()

    @property
    def search_url(self) -> str:
        """Where the search of the top line leads."""
        return rail.url_or_blank("search", "case-list")

    @property
    def bell_url(self) -> str:
        """The fragment with the count of unread notices."""
        return rail.url_or_blank("notice-bell")

    @property
    def notices_url(self) -> str:
        """The page with one's own notices."""
        return rail.url_or_blank("notice-list")

    @property
    def login_url(self) -> str:
        """Where an expired session leads; the scripts know the log-in page by it."""
        return rail.url_or_blank("login")

    @property
    def logout_url(self) -> str:
        """Takes a POST."""
        return rail.url_or_blank("logout")

    @property
    def calls_url(self) -> str:
        """The call bar, for those who take calls."""
        takes_calls = self.user is not None and not rail.CALLERS.isdisjoint(self.user.roles)
        return rail.url_or_blank("call-bar") if takes_calls else ""

    @property
    def stream_url(self) -> str:
        """Server-sent events; blank when nobody is logged in."""
        return "/events/stream/" if self.user else ""

    @property
    def poll_url(self) -> str:
        """The same events by asking, when the stream does not get through."""
        return "/events/poll/" if self.user else ""

    @property
    def words(self) -> dict[str, object]:
        """What the scripts say."""
        return words.for_scripts()

    @cached_property
    def rail_drawn(self) -> SafeString:
        """The rail as HTML."""
        return pieces.drawn("components/rail.html", *self._rail_facts)

    @cached_property
    def shortcuts_drawn(self) -> SafeString:
        """The dialog of shortcuts as HTML."""
        return pieces.drawn("components/shortcuts.html", *self._rail_facts)

    @property
    def _rail_facts(self) -> tuple[str, tuple[Entry, ...], str]:
        return self.company, tuple(self.rail), self.calls_url

    @property
    def shapes_drawn(self) -> SafeString:
        """The shapes of states, which other marks of the page refer to."""
        return pieces.drawn("components/shapes.html")

    @property
    def words_drawn(self) -> SafeString:
        """What the scripts say, as JSON."""
        return pieces.words_drawn()


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `frame` for base.html, `csp_nonce` for the tags of django-htmx."""
    return {
        "frame": SimpleLazyObject(lambda: Frame(request)),
        "csp_nonce": getattr(request, "csp_nonce", None),
    }
