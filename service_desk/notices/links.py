"""Signed links by which a recipient acknowledges without logging in; each is bound to its recipient and ages."""

from __future__ import annotations

from dataclasses import dataclass

from django.core import signing

_SALT = "service_desk.notices.acknowledge"
MAX_AGE_SECONDS = 7 * 86400


@dataclass(frozen=True)
class Claim:
    """What a genuine link says: which notice, on whose behalf."""

    notice_id: int
    staff_id: int


class Expired(Exception):  # noqa: N818  (an answer, not a fault of the program)
    """The link was genuine but is too old."""


class Forged(Exception):  # noqa: N818  (an answer, not a fault of the program)
    """Nobody here has signed this."""


def sign(notice_id: int, staff_id: int) -> str:
    """The signed part of the link."""
    return signing.dumps([notice_id, staff_id], salt=_SALT)


def unsign(token: str) -> Claim:
    """What the link claims; raises `Expired` or `Forged`."""
    try:
        notice_id, staff_id = signing.loads(token, salt=_SALT, max_age=MAX_AGE_SECONDS)
        return Claim(int(notice_id), int(staff_id))
    except signing.SignatureExpired as error:
        raise Expired from error
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise Forged from error
