"""The session store in PostgreSQL, asked only for keys that it could have given out.

A cookie may hold anything, NUL included (as `"\\000…"`), and PostgreSQL's answer to that would be an error of ours.
"""

from datetime import datetime
from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from service_desk.kept import keep


@keep
def _living(key: str, now: datetime) -> QuerySet[Session]:
    return Session.objects.filter(session_key=key, expire_date__gt=now)


#: Log-ins from before people.backends are as good as new ones: nobody is logged out by an upgrade.
_FORMER, _PRESENT = "django.contrib.auth.backends.ModelBackend", "service_desk.people.backends.DeskBackend"


class SessionStore(db.SessionStore):
    """Django's own, with a key that is no key taken for none, and the read of every request kept as SQL."""

    def _validate_session_key(self, key: str | None) -> bool:  # the hook that every key from a cookie passes
        checked: bool = super()._validate_session_key(key)  # type: ignore[misc]  # not in the stubs
        return checked and key is not None and key.isascii() and key.isalnum()

    def _get_session_from_db(self) -> Session | None:  # the one question that `load` asks
        if self.session_key is None or (found := _living.first(self.session_key, timezone.now())) is None:
            self._session_key = None
            return None
        return found

    def load(self) -> dict[str, Any]:
        """What the session holds."""
        held: dict[str, Any] = super().load()
        if held.get(BACKEND_SESSION_KEY) == _FORMER:
            held[BACKEND_SESSION_KEY] = _PRESENT
        return held
