"""The kinds of notices that webhooks send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from service_desk.notices.kinds import register
from service_desk.webhooks.rules import PauseReason


def _words(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    reason = str(facts.get("reason", ""))
    return {"reason": PauseReason(reason).label if reason in PauseReason.values else reason}


register(
    "webhook_paused",
    subject=_("Webhook %(name)s was switched off"),
    body=_(
        "%(name)s gets nothing any more: %(reason)s.\n"
        "Last error: %(error)s\n"
        "Put it right with whoever runs it, switch it on again, and deliver again what it has missed."
    ),
    words=_words,
)
