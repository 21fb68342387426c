"""Codes of the second step: which of them an app shows at a moment, and how those on paper are written. Pure."""

from __future__ import annotations

import secrets
import unicodedata
from datetime import datetime

import pyotp

#: The app's clock may be off by one step to either side (RFC 6238, 5.2).
_DRIFT = 1
_SECONDS = 30
#: No letters or figures that are taken for each other on paper.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_LENGTH = 12
CODES = 10


def new_secret() -> str:
    """160 random bits, as apps take them."""
    return pyotp.random_base32()


def address(secret: str, *, name: str, company: str) -> str:
    """What the picture for the app says."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=company)


def step_of(secret: str, code: str, *, now: datetime, after: int) -> int | None:
    """The time step whose code this is, if it is valid now and later than the step `after`, which was used."""
    typed = "".join(unicodedata.normalize("NFKC", code).split())
    if len(typed) != 6 or not (typed.isascii() and typed.isdecimal()):
        return None
    present, totp = int(now.timestamp()) // _SECONDS, pyotp.TOTP(secret)
    for step in range(present - _DRIFT, present + _DRIFT + 1):
        if step > after and secrets.compare_digest(totp.at(step * _SECONDS), typed):
            return step
    return None


def new_codes() -> list[str]:
    """Ten codes of some 59 bits each, in groups that can be read aloud."""
    return ["-".join(_word() for _group in range(_LENGTH // 4)) for _code in range(CODES)]


def _word() -> str:
    return "".join(secrets.choice(_LETTERS) for _letter in range(4))


def plain(code: str) -> str:
    """A code of the paper as it is compared: without dashes, spaces and capitals."""
    typed = unicodedata.normalize("NFKC", code).casefold()
    return "".join(letter for letter in typed if letter in _LETTERS)
