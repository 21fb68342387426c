"""Keeps secrets that must be read again, so that a copy of the database does not give them away."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Vault:
    """Locks and unlocks the secrets of one purpose; the key is derived from `SECRET_KEY`, older ones still open."""

    def __init__(self, purpose: bytes) -> None:
        self._purpose = purpose

    def lock(self, secret: str) -> str:
        """The secret as it is stored; nothing stays nothing."""
        return _fernet(self._purpose, _keys()).encrypt(secret.encode()).decode() if secret else ""

    def unlock(self, stored: str) -> str | None:
        """The secret again; None when it was stored under a key that the desk no longer has, or there is none."""
        if not stored:
            return None
        try:
            return _fernet(self._purpose, _keys()).decrypt(stored.encode()).decode()
        except InvalidToken:
            return None

    def in_force(self, *stored: str) -> tuple[str, ...]:
        """Those of several that can be read."""
        return tuple(secret for secret in map(self.unlock, stored) if secret)


def _keys() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=16)
def _fernet(purpose: bytes, keys: tuple[str, ...]) -> MultiFernet:
    derived = (hashlib.blake2b(purpose, key=key.encode()[:64], digest_size=32).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])
