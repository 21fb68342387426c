"""What a call owes the desk and when it has paid: pure functions and words (C3, C14, T7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.telephony.rules import Cause, Direction

#: The subject of the policies that say by when a call is registered and a promised call back is made.
PHONE = "phone"
#: Heard of a call so much later than it ended (an outage): the 24 h run from the hearing, and are marked so.
HEARD_LATE_AFTER = timedelta(hours=1)
#: Causes by which the phone system says that nobody talked, whatever it said before.
_NOBODY_TALKED = frozenset({Cause.NO_ANSWER, Cause.BUSY, Cause.REJECTED, Cause.ANSWERED_ELSEWHERE})


class SettledAs(TextChoices):
    """As what an answered call was registered (C3). A complaint is a case, and no list says which case is one (P6)."""

    CASE = "case", _("Case")
    MESSAGE = "message", pgettext_lazy("call", "Message for a colleague")
    EXCEPTION = "exception", _("No ticket needed")


class Exemption(TextChoices):
    """Why an answered call needs no ticket (C3)."""

    WRONG_NUMBER = "wrong_number", _("Wrong number")
    INTERNAL = "internal", _("Internal call")
    FOLLOW_UP = "follow_up", _("Follow-up of a case")
    NO_CALLER = "no_caller", _("Nobody spoke")
    NUISANCE = "nuisance", _("Advertising or nuisance")
    TEST = "test", _("Test call")
    OTHER = "other", pgettext_lazy("reason", "Another reason")


class MessageState(TextChoices):
    """How far a message for somebody absent is (C14)."""

    RELAYED = "relayed", pgettext_lazy("message", "Relayed")
    ACKNOWLEDGED = "acknowledged", pgettext_lazy("message", "Acknowledged")
    DONE = "done", pgettext_lazy("message", "Called back")


@dataclass(frozen=True, slots=True)
class Owed:
    """A registration that a call owes: from when its time runs, and whether that is later than the answer."""

    started_at: datetime
    heard_late: bool


def owed(
    *,
    direction: str,
    answered_at: datetime | None,
    ended_at: datetime | None,
    heard_at: datetime,
    cause: str,
) -> Owed | None:
    """What the call owes: answered inbound calls of customers; nothing when nobody talked or it was internal (C3, T7).

    A function of what is known of the call now, so that the order in which that became known means nothing.
    """
    if direction != Direction.INBOUND or answered_at is None or cause in _NOBODY_TALKED:
        return None
    if ended_at is not None and heard_at > ended_at + HEARD_LATE_AFTER:
        return Owed(heard_at, heard_late=True)
    return Owed(answered_at, heard_late=False)


def counts_at(*, settled_at: datetime, registered_at: datetime | None, answered_at: datetime | None) -> datetime:
    """When a call counts as registered: when the case was, if that was after the call and the link came later.

    A case that was there before the call was not registered for it: then the moment of the link counts.
    """
    if registered_at is None or answered_at is None or registered_at < answered_at:
        return settled_at
    return min(registered_at, settled_at)
