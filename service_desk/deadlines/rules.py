"""The words of a clock: its kinds, its states, what happens to it."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class ClockKind(TextChoices):
    """What is due (C6, C7)."""

    FIRST_RESPONSE = "first_response", _("First response")
    ON_SITE = "on_site", _("On site")
    FEEDBACK = "feedback", _("Feedback to the customer")
    RESTORATION = "restoration", _("Restoration")
    SOLUTION = "solution", _("Solution")
    EMERGENCY = "emergency", _("Emergency process")
    HAND_OVER = "hand_over", _("Acceptance of a hand-over")
    PROMISE = "promise", _("Promise to the customer")
    CONSULTATION = "consultation", _("Answer of the expert")
    PROGRESS = "progress", _("Progress told to the customer")
    ESCALATED = "escalated", _("Decision about the escalated complaint")
    APPEAL = "appeal", _("Decision about the appeal")
    ANOTHER = "another", _("Another solution")
    CORRECTIVE = "corrective", _("Corrective action")
    REGISTRATION = "registration", _("Registration of a call")


#: Clocks of a part of a case, armed with that part and not with the case.
PART_KINDS = (
    ClockKind.HAND_OVER,
    ClockKind.PROMISE,
    ClockKind.CONSULTATION,
    ClockKind.ESCALATED,
    ClockKind.APPEAL,
    ClockKind.ANOTHER,
    ClockKind.CORRECTIVE,
)

#: What no waiting holds, whatever a policy says: the emergency (C7), what was promised (C11), progress (C12), the
#: registration of a call (C3, D3).
NEVER_PAUSED = (ClockKind.EMERGENCY, *PART_KINDS, ClockKind.PROGRESS, ClockKind.REGISTRATION)


class ClockState(TextChoices):
    """Where a clock stands. `breached` has ended late; one that runs past its due time is running and overdue."""

    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    MET = "met", _("Met")
    BREACHED = "breached", _("Breached")
    CANCELLED = "cancelled", _("Cancelled")
    MERGED = "merged", _("Merged")
    ERROR = "error", _("Engine error")


#: A clock in one of these may still fire or be stopped.
OPEN_STATES = (ClockState.RUNNING, ClockState.PAUSED, ClockState.ERROR)


class ClockEventType(TextChoices):
    """What happened to a clock, in its append-only history."""

    STARTED = "started", _("Clock started")
    FIRED = "fired", _("Step fired")
    PAUSED = "paused", _("Clock paused")
    RESUMED = "resumed", _("Clock resumed")
    MET = "met", _("Met")
    BREACHED = "breached", _("Ended late")
    CANCELLED = "cancelled", _("Clock cancelled")
    MERGED = "merged", _("Clock ended by merging")
    RECOMPUTED = "recomputed", _("Due time recomputed")
    ERROR = "error", _("Engine error")


class Door(TextChoices):
    """Through which of the three always-open doors the engine was called."""

    CELERY = "celery", _("Celery")
    SENTINEL = "sentinel", _("Sentinel")
    AUDITOR = "auditor", _("Auditor")


class RolloutState(TextChoices):
    """Where a change of running clocks stands: listed first, moved only when somebody has confirmed the list."""

    PREPARING = "preparing", _("Being listed")
    READY = "ready", _("Waiting for confirmation")
    APPLYING = "applying", _("Being applied")
    DONE = "done", _("Applied")
    DROPPED = "dropped", _("Dropped")

    @classmethod
    def at_work(cls) -> tuple[RolloutState, ...]:
        """States in which a worker has something to do."""
        return (cls.PREPARING, cls.APPLYING)


#: A step fired later than this many seconds after its time is marked 'system was late by …' (D12).
LATE_MARK_SECONDS = 5
#: A door without a beat for this many seconds is an alarm though nothing was late (RELIABILITY 11).
DEAD_DOOR_SECONDS = 10


#: What the auditor and the engine report, in words.
INCIDENT_WORDS: Mapping[str, Promise] = {
    "clock_missing": _("A clock was missing and has been started"),
    "clock_moved": _("A due time had been changed by hand and was computed again"),
    "step_without_notice": _("A step was fired and told nobody"),
    "sweep_late": _("Steps were not fired in time"),
    "outbox_stuck": _("Notices are due and do not leave the house"),
    "poison_clock": _("A clock could not be fired and was set aside"),
    "clock_jump": _("The time of the machine has jumped"),
    "blocker": _("A session of the database holds up others"),
    "no_emergency_policy": _("A major fault has no emergency policy"),
    "no_registration_policy": _("No policy says by when an answered call is registered"),
}


#: What is overdue by more than this after a sweep that fired nothing is held up by somebody.
_HELD_UP_SECONDS = 0.1


def look_again(fired: int, to_next: float) -> float:
    """Seconds until a sentinel sweeps again: at once while it has work, without spinning while nothing can be fired.

    A locked clock, and one for which the fire is held, stays overdue however often it is looked at.
    """
    return _HELD_UP_SECONDS if not fired and to_next < -_HELD_UP_SECONDS else max(to_next, 0.0)
