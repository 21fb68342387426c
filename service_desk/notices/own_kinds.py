"""The kinds of notices that this package sends itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from service_desk.notices.kinds import register, render
from service_desk.notices.rules import ChannelKind, error_words


def _failure_words(facts: Mapping[str, Any]) -> dict[str, str]:
    return {
        "recipient": facts["recipient"] or gettext("nobody"),
        "subject": render(facts["kind"], facts["facts"]).subject,
        "channel": str(ChannelKind(facts["channel"]).label),
        "error": str(error_words(facts["error"])),
    }


register(
    "delivery_failed",
    words=_failure_words,
    subject=_("Not delivered to %(recipient)s: %(subject)s"),
    body=_(
        "A notice to %(recipient)s by %(channel)s could not be delivered after %(attempts)s attempts.\n"
        "Reason: %(error)s\nPlease tell them in another way. The notice: %(subject)s"
    ),
)
register(
    "test",
    subject=_("Test notice"),
    body=_("%(by)s sent this to find out whether notices arrive. Nothing needs to be done."),
)
