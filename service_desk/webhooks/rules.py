"""What a delivery to another program means: its states, when it is tried again, when an endpoint is given up; pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class PostState(TextChoices):
    """Where a delivery to an endpoint stands."""

    PENDING = "pending", pgettext_lazy("delivery", "Waiting")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Taken")
    DEAD = "dead", _("Given up")


class PauseReason(TextChoices):
    """Why an endpoint gets nothing."""

    BY_HAND = "by_hand", _("switched off by an administrator")
    GONE = "gone", _("it answered that it is gone (410)")
    FAILING = "failing", _("three days without success")


OPEN_STATES = (PostState.PENDING, PostState.SENDING)

#: Seconds before each further try; then the delivery is given up. Some three days in all.
RETRY_SECONDS = (
    5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600,
)  # fmt: skip
MAX_TRIES = len(RETRY_SECONDS) + 1
JITTER = 0.1
#: Whoever asks for a later try (Retry-After) is heard up to this.
LONGEST_WAIT = 24 * 3600.0
FAILS_AT_MOST = timedelta(days=3)
#: An endpoint has this long to answer; a try that has not ended after `SEND_SECONDS` counts as unanswered.
ANSWER_SECONDS = 15.0
SEND_SECONDS = 20.0
LEASE_SECONDS = 60
#: So many at once to one endpoint, and in all: one that hangs holds up itself alone.
LANES, LANES_IN_ALL = 4, 24
KEPT = timedelta(days=30)
#: Due for longer than this, a delivery has no sender.
STUCK = timedelta(seconds=60)
REDELIVER_AT_MOST = 10_000
TRIES_SHOWN = 12
ANSWER_SHOWN = 300
VERSION = 1
#: Rows of one fan-out.
BATCH = 500
GONE = 410


def retry_after(tries: int, chance: float, asked: float | None = None) -> float | None:
    """Seconds until the next try after `tries` that failed; None when it is given up.

    `chance` in [0, 1) spreads the tries by ±10 %; `asked` is what the endpoint wished (Retry-After).
    """
    if tries >= MAX_TRIES:
        return None
    own = RETRY_SECONDS[max(tries, 1) - 1] * (1 - JITTER + 2 * JITTER * chance)
    return max(own, min(asked or 0.0, LONGEST_WAIT))


_ERRORS: dict[str, StrOrPromise] = {
    "no_answer": _("no answer in time"),
    "lease_expired": _("the sending process ended before it could say whether it succeeded"),
    "unreadable": _("the secret cannot be read any more; issue a new one"),
}


def error_words(error: str) -> StrOrPromise:
    """Our own codes in words; all else stays as it is."""
    return _ERRORS.get(error, error)


def listened_to(query: str) -> list[str]:
    """The events in a TMF621 listener's query: `eventType=a,b`, `eventType=a&eventType=b`, with or without spaces."""
    pairs = (part.partition("=") for part in query.split("&"))
    named = [value for name, _equals, value in pairs if name.strip() == "eventType"]
    return [each.strip() for value in named for each in value.split(",") if each.strip()]
