"""Which rooms stand in the rail, for whom, and under which key; a room that is not there yet is left out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.people.rules import DESK_ROLES, LEADING_ROLES, READING_ROLES, Role

_ADMIN = frozenset({Role.ADMINISTRATOR})
CALLERS = DESK_ROLES | LEADING_ROLES
_KEEPERS = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})
_WATCHERS = LEADING_ROLES | {Role.ADMINISTRATOR, Role.AUDITOR}


@dataclass(frozen=True)
class Room:
    """A line of the rail: the first of `names` that resolves is where it leads; no roles means everybody."""

    label: str | Promise
    icon: str
    names: tuple[str, ...]
    roles: frozenset[Role] | frozenset[str] = frozenset()
    key: str = ""
    apart: bool = False
    also: str = ""  # where pages of it begin beside its own address


@dataclass(frozen=True)
class Entry:
    """A line of the rail as one person sees it on one page."""

    label: str
    icon: str
    url: str
    key: str
    apart: bool
    current: bool


ROOMS = (
    Room(_("My desk"), "inbox-stack", ("desk",), key="d"),
    Room(_("Board"), "presentation-chart-bar", ("board",), _WATCHERS | {Role.QUALITY_INSPECTOR}, key="s"),
    Room(_("Register"), "phone-arrow-down-left", ("case-register",), DESK_ROLES | LEADING_ROLES, key="r"),
    Room(_("Cases"), "queue-list", ("case-list",), key="c"),
    Room(_("Calls"), "phone", ("call-list",), key="p"),
    Room(_("Articles"), "book-open", ("article-list",), key="a"),
    Room(pgettext_lazy("for colleagues", "Messages"), "chat-bubble-left-ellipsis", ("message-list",)),
    Room(_("Complaints"), "megaphone", ("complaint-list",), key="w", also="/cases/CMP-"),
    Room(_("Customers"), "building-office-2", ("customer-list",), key="k"),
    Room(_("Quality"), "shield-check", ("violation-list",), key="q"),
    Room(_("Roster"), "calendar-days", ("roster",), key="o"),
    Room(_("Reports"), "chart-bar", ("report-list",), _WATCHERS | {Role.QUALITY_INSPECTOR}),
    Room(_("Exports"), "arrow-down-tray", ("export-list",), READING_ROLES),
    Room(_("Whose minutes"), "clock", ("stage-sums",), LEADING_ROLES | {Role.QUALITY_INSPECTOR}, key="m"),
    Room(_("Templates"), "document-duplicate", ("note-template-list",), DESK_ROLES | LEADING_ROLES, key="t"),
    Room(_("Phrases"), "language", ("phrase-list",), READING_ROLES, key="b"),
    Room(_("Engine"), "bolt", ("engine",), _WATCHERS, key="e"),
    Room(_("Calendars"), "calendar", ("calendar-list",), _KEEPERS, apart=True),
    Room(_("Policies"), "scale", ("policy-list",), _KEEPERS),
    Room(_("Request types"), "clipboard-document-list", ("request-type-list",), _ADMIN),
    Room(_("Mail folder"), "envelope-open", ("mail-folder",), _WATCHERS),
    Room(_("Phone systems"), "phone", ("phone-system-list",), _ADMIN),
    Room(_("Webhooks"), "paper-airplane", ("webhook-list",), _ADMIN),
    Room(_("API keys"), "key", ("api-key-list",), _ADMIN),
    Room(_("Admin"), "cog-6-tooth", ("admin:index",), _ADMIN),
)


def url_or_blank(*names: str) -> str:
    """The address of the first of `names` that resolves; blank while none of these rooms is there."""
    return _url_or_blank(names, get_urlconf() or settings.ROOT_URLCONF, get_script_prefix())


@lru_cache(maxsize=256)
def _url_or_blank(names: tuple[str, ...], _site_map: str, _prefix: str) -> str:
    """Kept: a page asks for some thirty."""
    for name in names:
        try:
            return reverse(name)
        except NoReverseMatch:
            continue
    return ""


def entries(user: Any, path: str) -> list[Entry]:
    """The rail of `user` on the page at `path`."""
    seen = [(room, url_or_blank(*room.names)) for room in ROOMS if _may_see(user, room)]
    begins = [(start, url) for room, url in seen for start in (url, room.also) if url and start]
    _start, here = max(
        (each for each in begins if path.startswith(each[0])), key=lambda each: len(each[0]), default=("", "")
    )
    return [
        Entry(str(room.label), room.icon, url, room.key, room.apart, current=bool(url) and url == here)
        for room, url in seen
        if url
    ]


def _may_see(user: Any, room: Room) -> bool:
    if room.names == ("mail-folder",) and not settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"):
        return False
    return not room.roles or not room.roles.isdisjoint(getattr(user, "roles", []))
