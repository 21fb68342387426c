"""What a notice and its way to a person mean: levels, channels, states, the retry schedule; no database, no clock."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


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

    PENDING = "pending", _("Waiting")
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


def levels_from(level: str) -> list[str]:
    """`level` and all graver ones."""
    members = list(Level)
    return [str(member) for member in members[members.index(Level(level)) :]]


def group_key(chain: str, slot: str) -> str:
    """The chain without its slot: a robot of a whole group is told each step once, not once per person."""
    return chain.replace(f":{slot}", "", 1) if slot else chain
