"""Reads the local mail folder that stands in for a mail server while none is configured."""

from __future__ import annotations

import email
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from django.conf import settings

_LINE = b"-" * 79  # what Django's file backend puts after each message
_NEWEST = 500


@dataclass(frozen=True)
class Mail:
    """One message of the folder."""

    key: str
    subject: str
    to: str
    sender: str
    date: datetime | None
    text: str
    headers: list[tuple[str, str]]


def in_use() -> bool:
    """Whether mail goes to the folder."""
    return settings.EMAIL_BACKEND == "django.core.mail.backends.filebased.EmailBackend"


def newest(*, only_to: str | None = None, limit: int = 100) -> list[Mail]:
    """The newest messages, newest first; with `only_to` those to that address alone."""
    folder = Path(settings.EMAIL_FILE_PATH)
    files = sorted(folder.glob("*.log"), key=lambda path: path.name, reverse=True)[:_NEWEST] if folder.is_dir() else []
    found = [mail for path in files for mail in reversed(_read(path))]
    return [mail for mail in found if _is_for(mail, only_to)][:limit]


def one(key: str, *, only_to: str | None = None) -> Mail | None:
    """The message with that key, if it is there and may be seen."""
    return next((mail for mail in newest(only_to=only_to, limit=_NEWEST) if mail.key == key), None)


def _is_for(mail: Mail, address: str | None) -> bool:
    return address is None or (bool(address) and mail.to.lower() == address.lower())


def _read(path: Path) -> list[Mail]:
    """A file holds one message, or several that were sent in the same second."""
    raw = [part.strip() for part in path.read_bytes().split(_LINE)]
    return [_mail(f"{path.stem}-{number}", part) for number, part in enumerate(raw) if part]


def _mail(key: str, raw: bytes) -> Mail:
    message = email.message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)  # noqa: S101  (what the policy `default` makes)
    body = message.get_body(preferencelist=("plain",))
    date = message["Date"]
    return Mail(
        key=key,
        subject=str(message["Subject"] or "").strip(),
        to=str(message["To"] or ""),
        sender=str(message["From"] or ""),
        date=_with_zone(date.datetime) if date is not None and date.datetime else None,
        text=body.get_content() if body is not None else "",
        headers=[(name, str(value)) for name, value in message.items()],
    )


def _with_zone(at: datetime) -> datetime:
    """Mail writes UTC as -0000, which Python reads as a time without a zone."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)
