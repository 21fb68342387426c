"""What a count-down shows at a moment: one pure reading of a deadline, shared by the template and its tests.

static/js/clock.js reads a clock the same way once a second; tests hold the two together by these words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

#: From this share of its time on a running clock is shown in amber (the ladder's own step is the policy's).
WARN_FROM = 0.75
_DAYS_FROM = timedelta(hours=100)
_ICONS = {
    "calm": "clock",
    "warn": "exclamation-triangle",
    "late": "exclamation-circle",
    "met": "check-circle",
    "paused": "pause-circle",
    "merged": "arrow-right-circle",
    "cancelled": "minus-circle",
}


@dataclass(frozen=True)
class Face:
    """A deadline as it is drawn: figures, tone, word and shape."""

    tone: str
    text: str
    word: str
    icon: str
    share: float
    ticking: bool
    due_iso: str


def read(deadline: Any, now: datetime | None) -> Face:
    """The face of `deadline` (an object or a mapping, see templates/components/countdown.html) at `now`."""
    state = str(_get(deadline, "state") or "running")
    due_at: datetime | None = _get(deadline, "due_at")
    share = min(max(float(_get(deadline, "share") or 0), 0.0), 1.0)
    tone = _tone(state, due_at, share, now)
    return Face(
        tone=tone,
        text=_text(deadline, tone, due_at, now),
        word=words()[tone],
        icon=_ICONS[tone],
        share=1.0 if tone == "late" else share,
        ticking=state in {"running", "breached"} and _get(deadline, "ended_at") is None,
        due_iso=due_at.isoformat() if due_at else "",
    )


def words() -> dict[str, str]:
    """The word of each tone, for the page and for the script that ticks."""
    return {
        "calm": _("running"),
        "warn": _("due soon"),
        "late": _("overdue"),
        "met": _("met"),
        "paused": _("paused"),
        "merged": _("merged"),
        "cancelled": _("cancelled"),
    }


def figures(left: timedelta) -> str:
    """`01:02:03`, `−00:12:40` when late, `5 d 04:12` from a hundred hours on."""
    sign, left = ("−", -left) if left < timedelta(0) else ("", left)
    seconds = int(left.total_seconds())
    if left >= _DAYS_FROM:
        days, rest = divmod(seconds, 86400)
        return sign + _("%(days)s d %(clock)s") % {"days": days, "clock": f"{rest // 3600:02}:{rest % 3600 // 60:02}"}
    return f"{sign}{seconds // 3600:02}:{seconds % 3600 // 60:02}:{seconds % 60:02}"


def _tone(state: str, due_at: datetime | None, share: float, now: datetime | None) -> str:
    if state == "breached":
        return "late"
    if state != "running":
        return state if state in _ICONS else "cancelled"
    if due_at is not None and now is not None and now >= due_at:
        return "late"
    return "warn" if share >= WARN_FROM else "calm"


def _text(deadline: Any, tone: str, due_at: datetime | None, now: datetime | None) -> str:
    if tone in {"merged", "cancelled"} or due_at is None:
        return "–"
    if tone == "paused":
        left = _get(deadline, "remaining")
        return figures(left if isinstance(left, timedelta) else timedelta(seconds=float(left))) if left is not None else "–"
    at = _get(deadline, "ended_at") or now
    return figures(due_at - at) if at else "–"


def _get(deadline: Any, name: str) -> Any:
    if isinstance(deadline, Mapping):
        return deadline.get(name)
    return getattr(deadline, name, None)
