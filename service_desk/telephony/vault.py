"""Keeps secrets that must be read again, so that a copy of the database does not give them away."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

_PURPOSE = b"service desk: secrets of phone systems"


def lock(secret: str) -> str:
    """The secret as it is stored."""
    return _fernet(_keys()).encrypt(secret.encode()).decode()


def unlock(stored: str) -> str | None:
    """The secret again; None when it was stored under a key that the desk no longer has."""
    try:
        return _fernet(_keys()).decrypt(stored.encode()).decode()
    except InvalidToken:
        return None


def _keys() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    derived = (hashlib.blake2b(_PURPOSE, key=key.encode()[:64], digest_size=32).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])
