"""E-mail: one message to one recipient, in plain text and simple HTML, always under the delivery's Message-ID."""

from __future__ import annotations

import smtplib
from mimetypes import guess_type
from pathlib import Path
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from service_desk.notices.channels.base import BadTarget, Letter, NotSent
from service_desk.notices.rules import ChannelKind


class EmailChannel:
    """Sends through the mail backend of the settings: SMTP, or the local mail folder without EMAIL_HOST."""

    kind: ClassVar[str] = ChannelKind.EMAIL
    lanes: ClassVar[int] = 4

    def check(self, target: str) -> str:
        """An e-mail address."""
        try:
            validate_email(target)
        except ValidationError as error:
            raise BadTarget(_("This is no e-mail address.")) from error
        return target

    def send(self, letter: Letter) -> None:
        """Hand the message to the mail server."""
        try:
            compose(letter).send()
        except smtplib.SMTPRecipientsRefused as error:
            code, answer = next(iter(error.recipients.values()))
            raise NotSent(_say(code, answer), final=code >= 500) from error
        except smtplib.SMTPResponseException as error:
            raise NotSent(_say(error.smtp_code, error.smtp_error), final=_is_final(error)) from error
        except (TimeoutError, smtplib.SMTPServerDisconnected) as error:
            # Silence after the message was handed over looks the same as silence before it.
            raise NotSent(f"{type(error).__name__}: {error}", uncertain=True) from error
        except (OSError, smtplib.SMTPException) as error:
            raise NotSent(f"{type(error).__name__}: {error}") from error


def compose(letter: Letter) -> EmailMultiAlternatives:
    """The message as it goes out."""
    with translation.override(letter.language):
        context = {"letter": letter}
        message = EmailMultiAlternatives(
            subject=f"[{letter.level_label}] {letter.subject}"[:250],
            body=render_to_string("notices/mail.txt", context),
            to=[letter.target],
            headers={"Message-ID": letter.message_id, "Auto-Submitted": "auto-generated"},
            connection=get_connection(),
        )
        message.attach_alternative(letter.html or render_to_string("notices/mail.html", context), "text/html")
        for name, path in letter.files:
            message.attach(name, Path(path).read_bytes(), guess_type(name)[0] or "application/octet-stream")
        return message


def _is_final(error: smtplib.SMTPResponseException) -> bool:
    """5xx about this message; what the server says about the log-in or itself may be put right meanwhile."""
    return error.smtp_code >= 500 and isinstance(error, smtplib.SMTPSenderRefused | smtplib.SMTPDataError)


def _say(code: int, answer: bytes | str) -> str:
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    return f"SMTP {code} {text}"[:500]
