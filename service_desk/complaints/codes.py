"""Reference and code of a complaint sent by the web form: told once to the sender, checked in constant time."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

#: Without what is taken for another: 0 O 1 I L U.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_REFERENCE, _CODE = 6, 12
#: Compared with where there is no such reference, so that both answers cost the same.
_NOTHING = hashlib.sha256(b"").hexdigest()


def new_reference(now: datetime) -> str:
    """WC-20261122-7K3F9Q: the desk's day, and letters that tell nothing of how many there are."""
    day = now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    return f"WC-{day:%Y%m%d}-{''.join(secrets.choice(_LETTERS) for _n in range(_REFERENCE))}"


def code_of(reference: str, token: UUID) -> str:
    """The code that belongs to a sending, in groups: some 59 bits; derived, so that a double click is told the same."""
    digest = salted_hmac("service_desk.complaints.code", f"{reference}:{token}", algorithm="sha256").digest()
    letters = "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:_CODE])
    return "-".join(letters[place : place + 4] for place in range(0, _CODE, 4))


def digest_of(code: str) -> str:
    """What is kept of a code: it is long and random, so that a plain digest is enough."""
    return hashlib.sha256(plain(code).encode()).hexdigest()


def is_code(code: str, digest: str | None) -> bool:
    """Whether this is the code of that digest, in constant time, also where there is none."""
    right = constant_time_compare(digest_of(code), digest or _NOTHING)
    return right and digest is not None


def sender_digest(address: str | None) -> str:
    """By which the sendings of one address are counted without keeping it."""
    return salted_hmac("service_desk.complaints.sender", address or "-", algorithm="sha256").hexdigest()


def plain(code: str) -> str:
    """As it was meant: without spaces and dashes, in capitals, the letters that look like others as those."""
    return "".join(letter for letter in code.upper() if letter.isascii() and letter.isalnum())
