"""What a notice and its way to a person mean: levels, channels, states, the retry schedule; no database, no clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Level(TextChoices):
    """How grave a notice is; the order of the members is the order of gravity."""

    INFO = "info", _("Information")
    WARNING = "warning", _("Warning")
    BREACH = "breach", _("Deadline missed")
    EMERGENCY = "emergency", _("Emergency")

    @property
    def rank(self) -> int:
        """0 for the mildest."""
        return list(Level).index(self)


class ChannelKind(TextChoices):
    """A way out of the house; the screen needs none, the notice itself is what it shows."""

    EMAIL = "email", _("E-mail")
    WECOM = "wecom", _("WeCom robot")
    DINGTALK = "dingtalk", _("DingTalk robot")
    FEISHU = "feishu", _("Feishu robot")
    WEBHOOK = "webhook", _("Webhook")


class DeliveryState(TextChoices):
    """Where a delivery stands.

    UNKNOWN is given up like DEAD, but one of the attempts may have arrived (it ended without an answer).
    """

    PENDING = "pending", pgettext_lazy("delivery", "Waiting")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    UNKNOWN = "unknown", _("Perhaps arrived")
    DEAD = "dead", _("Not delivered")
    CANCELLED = "cancelled", _("No longer needed")


class AckVia(TextChoices):
    """How an acknowledgement came in."""

    LINK = "link", _("Signed link")
    SCREEN = "screen", _("Screen")
    REST = "rest", _("REST interface")


#: States in which the dispatcher still has work to do.
OPEN_STATES = (DeliveryState.PENDING, DeliveryState.SENDING)
#: States that somebody has to look at.
FAILED_STATES = (DeliveryState.DEAD, DeliveryState.UNKNOWN)

#: Seconds before each further attempt, then the delivery is given up.
RETRY_SECONDS = (5, 15, 45, 120, 300)
MAX_ATTEMPTS = len(RETRY_SECONDS) + 1
JITTER = 0.2
#: A claimed delivery belongs to its sender this long; an attempt ends well before.
LEASE_SECONDS = 60
#: A delivery that has been due for longer than this has no dispatcher.
STUCK_SECONDS = 60
SEND_SECONDS = 20
#: An emergency opens the next channel beside the first after so many failures or so long.
WIDEN_ATTEMPTS = 2
WIDEN_SECONDS = 60
#: C7: an unacknowledged notice is repeated this often unless its sender says otherwise.
REPEAT_SECONDS = 15 * 60
#: A repeat that is later than this says so (D12).
LATE_SECONDS = 60


def retry_after(attempts: int, chance: float) -> float | None:
    """Seconds until the next attempt after `attempts` failed ones; None when it is given up.

    `chance` in [0, 1) spreads the attempts by ±20 %, so that a recovered server is not met by all at once.
    """
    if attempts >= MAX_ATTEMPTS:
        return None
    return RETRY_SECONDS[max(attempts, 1) - 1] * (1 - JITTER + 2 * JITTER * chance)


_ERRORS: dict[str, StrOrPromise] = {
    "no_recipient": _("nobody could be found for this role"),
    "no_address": _("this person has no e-mail address"),
    "lease_expired": _("the sending process ended before it could say whether it succeeded"),
}


def error_words(error: str) -> StrOrPromise:
    """Our own codes in words; what a server answered stays as it is."""
    return _ERRORS.get(error, error)
