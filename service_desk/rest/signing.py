"""Secrets and signatures of the Standard Webhooks scheme, for what comes in and for what goes out."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

SECRET_MARK = "whsec_"  # noqa: S105  (a mark, not a secret)


def new_secret() -> str:
    """A secret of the Standard Webhooks scheme."""
    return SECRET_MARK + base64.b64encode(secrets.token_bytes(24)).decode()


def sign(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """The signature of these very bytes, as the header carries it."""
    key = base64.b64decode(secret.removeprefix(SECRET_MARK))
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()
