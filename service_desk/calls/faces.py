"""The registration clock of a call as components/countdown.html draws it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from service_desk.calls.models import CallDeadline


@dataclass(frozen=True, slots=True)
class CallClockFace:
    """What the count-down reads."""

    kind_label: str
    state: str
    started_at: datetime
    due_at: datetime
    ended_at: datetime | None
    share: float
    explain_url: str = ""

    @property
    def is_open(self) -> bool:
        """Whether the call is still to be registered."""
        return self.ended_at is None


def face_of(clock: CallDeadline, now: datetime) -> CallClockFace:
    """The clock at `now`; it runs on elapsed time, so its share is plain arithmetic."""
    whole = (clock.due_at - clock.started_at).total_seconds()
    used = ((clock.ended_at or now) - clock.started_at).total_seconds()
    return CallClockFace(
        kind_label=str(clock.get_kind_display()),
        state=clock.state,
        started_at=clock.started_at,
        due_at=clock.due_at,
        ended_at=clock.ended_at,
        share=max(0.0, min(used / whole, 1.0)) if whole > 0 else 1.0,
    )
