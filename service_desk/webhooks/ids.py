"""Names of events: they sort by time, and stay the same through every repeat."""

from __future__ import annotations

import uuid

import uuid_utils

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_key() -> str:
    """A fresh `msg_01K…` (ULID), which goes out as webhook-id."""
    number = uuid.UUID(str(uuid_utils.uuid7())).int
    return "msg_" + "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))
