"""Where one person is logged in: each browser with its address and when it was last used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from service_desk.people.models import Staff

LONGEST_AGENT = 300
_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("HarmonyOS", "HarmonyOS"),
    ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Login:
    """One session; `mark` names it on the page without being its key."""

    mark: str
    device: str
    ip: str
    seen_at: datetime | None
    current: bool


def mark_of(key: str) -> str:
    """A name for a session that cannot be turned back into its key."""
    return salted_hmac("people.own_sessions", key).hexdigest()[:20]


def logins_of(staff: Staff, current_key: str | None) -> list[Login]:
    """Every valid session of this person, the present one first, then the last used."""
    found = [
        Login(
            mark=mark_of(key),
            device=device_of(str(data.get("agent", ""))),
            ip=str(data.get("ip", "")),
            seen_at=datetime.fromtimestamp(int(data["seen"]), UTC) if "seen" in data else None,
            current=key == current_key,
        )
        for key, data in own(staff)
    ]
    oldest = datetime.min.replace(tzinfo=UTC)
    return sorted(found, key=lambda login: (login.current, login.seen_at or oldest), reverse=True)


def own(staff: Staff) -> Iterator[tuple[str, dict[str, Any]]]:
    """Keys and contents of the person's valid sessions. Reads all that are valid: rare work, and the rows are few."""
    for session in Session.objects.filter(expire_date__gt=Now()).iterator():
        data = session.get_decoded()
        if data.get(SESSION_KEY) == str(staff.pk):
            yield session.session_key, data


def device_of(agent: str) -> str:
    """A browser in words: 'Firefox, Windows'."""
    browser = next((word for mark, word in _BROWSERS if mark in agent), "")
    system = next((word for mark, word in _SYSTEMS if mark in agent), "")
    return ", ".join(part for part in (browser, system) if part) or _("unknown device")
