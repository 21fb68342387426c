"""The session store in PostgreSQL, asked only for keys that it could have given out.

A cookie may hold anything, NUL included (as `"\\000…"`), and PostgreSQL's answer to that would be an error of ours.
"""

from django.contrib.sessions.backends import db


class SessionStore(db.SessionStore):
    """Django's own, with a key that is no key taken for none."""

    def _validate_session_key(self, key: str | None) -> bool:  # the hook that every key from a cookie passes
        checked: bool = super()._validate_session_key(key)  # type: ignore[misc]  # not in the stubs
        return checked and key is not None and key.isascii() and key.isalnum()
