"""What a count-down shows at a moment: one pure reading of a deadline, shared by the template and its tests.

static/js/clock.js reads a clock the same way once a second; tests hold the two together by these words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

#: From this share of its time on a running clock is shown in amber (the ladder's own step is the policy's).
WARN_FROM = 0.75
_DAYS_FROM = timedelta(hours=100)
_TONES = frozenset({"met", "paused", "merged", "cancelled"})
_WORDS: Mapping[str, Promise] = {
    "calm": gettext_lazy("running"),
    "warn": gettext_lazy("due soon"),
    "late": gettext_lazy("overdue"),
    "met": gettext_lazy("met"),
    "paused": gettext_lazy("paused"),
    "merged": gettext_lazy("merged"),
    "cancelled": gettext_lazy("cancelled"),
}
#: Open clocks whose figures tick: an engine error does not stop the customer's time.
_TICKING = frozenset({"running", "error"})


@dataclass(frozen=True)
class Face:
    """A deadline as it is drawn: kind, figures, tone (its shape and colour) and word."""

    kind: str
    tone: str
    text: str
    word: str
    share: float
    ticking: bool
    due_iso: str


def read(deadline: Any, now: datetime | None) -> Face:
    """The face of `deadline` (a row, an object or a mapping, see components/countdown.html) at `now`."""
    state = str(given(deadline, "state") or "running")
    due_at: datetime | None = given(deadline, "due_at")
    share = _share(deadline, due_at, now)
    tone = _tone(state, due_at, share, now)
    return Face(
        kind=str(given(deadline, "kind_label") or _call(deadline, "get_kind_display") or ""),
        tone=tone,
        text=_text(deadline, tone, due_at, now),
        word=_("ended late") if state == "breached" else str(_WORDS[tone]),
        share=1.0 if tone == "late" else share,
        ticking=state in _TICKING and given(deadline, "ended_at") is None,
        due_iso=due_at.isoformat() if due_at else "",
    )


def words() -> dict[str, str]:
    """The word of each tone, for the page and for the script that ticks."""
    return {tone: str(word) for tone, word in _WORDS.items()}


def figures(left: timedelta) -> str:
    """`01:02:03`, `−00:12:40` when late, `5 d 04:12` from a hundred hours on."""
    seconds = int(abs(left.total_seconds()))
    sign, left = ("−" if left < timedelta(0) and seconds else ""), abs(left)
    if left >= _DAYS_FROM:
        days, rest = divmod(seconds, 86400)
        return sign + _("%(days)s d %(clock)s") % {"days": days, "clock": f"{rest // 3600:02}:{rest % 3600 // 60:02}"}
    return f"{sign}{seconds // 3600:02}:{seconds % 3600 // 60:02}:{seconds % 60:02}"


def _tone(state: str, due_at: datetime | None, share: float, now: datetime | None) -> str:
    if state in _TONES:
        return state
    if state == "breached" or (due_at is not None and now is not None and now >= due_at):
        return "late"
    return "warn" if share >= WARN_FROM else "calm"


def _share(deadline: Any, due_at: datetime | None, now: datetime | None) -> float:
    """The share given, else the elapsed part of start to due time at `now` or at the end."""
    share = given(deadline, "share")
    if share is None:
        start, at = given(deadline, "started_at"), given(deadline, "ended_at") or now
        if not (start and due_at and at) or due_at <= start:
            return 0.0
        share = (at - start) / (due_at - start)
    return min(max(float(share), 0.0), 1.0)


def _text(deadline: Any, tone: str, due_at: datetime | None, now: datetime | None) -> str:
    if tone in {"merged", "cancelled"} or due_at is None:
        return "–"
    if tone == "paused":
        left = given(deadline, "remaining")
        if isinstance(left, int | float):
            left = timedelta(seconds=left)
        return figures(left) if isinstance(left, timedelta) else "–"
    at = given(deadline, "ended_at") or now
    return figures(due_at - at) if at else "–"


def given(deadline: Any, name: str) -> Any:
    """What a row, an object or a mapping says under `name`; None when it says nothing."""
    if isinstance(deadline, Mapping):
        return deadline.get(name)
    return getattr(deadline, name, None)


def _call(deadline: Any, name: str) -> Any:
    method = given(deadline, name)
    return method() if callable(method) else None
