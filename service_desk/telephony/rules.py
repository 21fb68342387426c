"""The words of calls, how numbers are matched, how deliveries are signed; pure, so that all can be tested alone."""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.customers.rules import to_e164
from service_desk.rest.signing import new_secret as new_secret
from service_desk.rest.signing import sign as sign


class CallEventType(TextChoices):
    """What a phone system reports, in the order in which equal times are read."""

    STARTED = "call.started", _("Call began")
    QUEUED = "call.queued", _("Put into a queue")
    RINGING = "call.ringing", _("Ringing")
    ANSWERED = "call.answered", _("Answered")
    HELD = "call.held", _("Put on hold")
    RESUMED = "call.resumed", _("Back from hold")
    TRANSFERRED = "call.transferred", _("Transferred")
    ENDED = "call.ended", _("Call ended")


class CallState(TextChoices):
    """How far a call is; derived from its events, never sent."""

    NEW = "new", pgettext_lazy("call", "new")
    QUEUED = "queued", pgettext_lazy("call", "queued")
    RINGING = "ringing", pgettext_lazy("call", "ringing")
    ANSWERED = "answered", pgettext_lazy("call", "answered")
    HELD = "held", pgettext_lazy("call", "on hold")
    ENDED = "ended", pgettext_lazy("call", "ended")
    MISSED = "missed", pgettext_lazy("call", "missed")


class Direction(TextChoices):
    """Who rang whom."""

    INBOUND = "inbound", pgettext_lazy("call", "inbound")
    OUTBOUND = "outbound", pgettext_lazy("call", "outbound")
    INTERNAL = "internal", pgettext_lazy("call", "internal")


class Party(TextChoices):
    """Who did something on the line."""

    CUSTOMER = "customer", pgettext_lazy("call", "customer")
    AGENT = "agent", pgettext_lazy("call", "agent")
    SYSTEM = "system", pgettext_lazy("call", "system")
    UNKNOWN = "unknown", pgettext_lazy("call", "unknown")


class Cause(TextChoices):
    """Why a call ended."""

    NORMAL = "normal", pgettext_lazy("call", "hung up")
    TRANSFERRED = "transferred", pgettext_lazy("call", "transferred")
    BUSY = "busy", pgettext_lazy("call", "busy")
    REJECTED = "rejected", pgettext_lazy("call", "rejected")
    NO_ANSWER = "no_answer", pgettext_lazy("call", "no answer")
    ABANDONED = "abandoned", pgettext_lazy("call", "caller gave up")
    ANSWERED_ELSEWHERE = "answered_elsewhere", pgettext_lazy("call", "answered elsewhere")
    FAILED = "failed", pgettext_lazy("call", "failed")


class IntegrationKind(TextChoices):
    """In which form a phone system writes; each has its driver."""

    NATIVE = "native", _("Native events")
    GENERIC_CTI = "generic_cti", _("Generic CTI (as for Zammad)")
    FREESWITCH = "freeswitch", _("FreeSWITCH (mod_json_cdr)")
    ASTERISK = "asterisk", _("Asterisk (manager interface)")
    MANUAL = "manual", _("By hand, without a phone system")  # the desk's own: it has no door and is set up by nobody


class AuthMode(TextChoices):
    """How a delivery proves where it comes from."""

    SIGNED = "signed", _("Key and signature")
    KEY_ONLY = "key_only", _("Key only, from listed addresses")


class CallRule(TextChoices):
    """The rules that a call is held against; at most one fact a rule and call."""

    ANSWER_RINGS = "T1", _("T1 answered within the rings allowed")
    APOLOGY = "T2", _("T2 apology first after many rings")
    OUTBOUND_RINGS = "T3", _("T3 outbound call ended after the rings due")
    HOLD = "T4", _("T4 word to the waiting caller in time")
    HANG_UP = "T5", _("T5 the caller hangs up first")
    TRANSFER = "T6", _("T6 transfer with name and matter")
    REGISTERED = "T7", _("T7 answered call registered in time")


class Verdict(TextChoices):
    """What a call's facts say about a rule."""

    KEPT = "kept", pgettext_lazy("call rule", "kept")
    BREACHED = "breached", pgettext_lazy("call rule", "breached")
    DUE = "due", pgettext_lazy("call rule", "to be done")


class RecordStatus(TextChoices):
    """What became of one delivered item."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Limits:
    """The figures of T1-T4; a company's own stand in the table of call limits."""

    ring_cycle_seconds: float = 5.0
    answer_rings: int = 3
    apology_ring: int = 5
    outbound_least: int = 6
    outbound_most: int = 7
    hold_word_seconds: float = 15.0
    hold_grace_seconds: float = 2.0
    hold_offer_seconds: float = 60.0


LIMITS = tuple(Limits.__dataclass_fields__)
ORDER = {kind: place for place, kind in enumerate(CallEventType.values)}
CLOCK_AHEAD = timedelta(seconds=120)
SIGNATURE_WINDOW = timedelta(seconds=300)
STALE_AFTER = timedelta(hours=4)
JOINED_WITHIN = timedelta(seconds=60)
IDS_KEPT = timedelta(days=30)
LARGEST_ATTRIBUTES = 4096
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)

_WITHHELD = frozenset({"", "anonymous", "unknown", "restricted", "private", "withheld", "unavailable"})
_SIP = re.compile(r"^(?:sips?:|tel:)?([^@;>]+)(?:[@;].*)?$", re.IGNORECASE)
_SHORT = 8


def is_withheld(raw: str) -> bool:
    """Whether the caller's number was not shown."""
    return raw.strip().lower() in _WITHHELD


@lru_cache(maxsize=1024)  # each event of a call asks for the same number
def e164_cn(raw: str, region: str = "CN") -> str | None:
    """The number as customers' numbers are matched, or None (withheld, an extension, a short number).

    What begins with '+' is never read as a Chinese number; at most eight figures are a short number or an extension.
    """
    if is_withheld(raw):
        return None
    found = _SIP.match(raw.strip())
    text = found.group(1) if found else raw
    if sum(character.isdigit() for character in text) <= _SHORT and not text.startswith("+"):
        return None
    return to_e164(text, region)


# --- Keys and signatures -------------------------------------------------------------------------------

KEY_MARK = "ck_live"
_KEY = re.compile(r"ck_live_([a-z0-9]{8})_[0-9a-f]{48}")
_ALPHABET = string.ascii_lowercase + string.digits


class KeyText(NamedTuple):
    """A key as it is shown once, with the part by which it is found."""

    prefix: str
    text: str

    @property
    def digest(self) -> str:
        """What is kept of it."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def new_key() -> KeyText:
    """A fresh key of an integration."""
    prefix = "".join(secrets.choice(_ALPHABET) for _number in range(8))
    return KeyText(prefix, f"{KEY_MARK}_{prefix}_{secrets.token_hex(24)}")


def parse_key(text: str) -> KeyText | None:
    """The key's parts, or None when this is no key of an integration."""
    found = _KEY.fullmatch(text)
    return KeyText(found.group(1), text) if found else None


def is_signed(secrets_in_force: Sequence[str], header: str, message_id: str, timestamp: str, body: bytes) -> bool:
    """Whether one signature of the list in the header is that of one secret in force."""
    given = [part.encode("utf-8", "replace") for part in header.split()[:10] if part.startswith("v1,")]
    try:
        own = [sign(secret, message_id, timestamp, body).encode() for secret in secrets_in_force]
    except (UnicodeEncodeError, binascii.Error):
        return False
    matches = [hmac.compare_digest(one, other) for one in own for other in given]
    return any(matches)
