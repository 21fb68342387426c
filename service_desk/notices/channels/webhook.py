"""A signed webhook by the Standard Webhooks scheme; the receiver knows a repeat by its webhook-id."""

from __future__ import annotations

import json
from typing import ClassVar

import requests

from service_desk.notices.channels.base import BadTarget, Letter, NotSent
from service_desk.notices.rules import ChannelKind
from service_desk.rest.posting import BadAddress, NotPosted, check_address, post_signed

_AGENT = "service-desk-webhook/1"


class WebhookChannel:
    """POSTs the notice as JSON; resolved once and pinned, never into our own network, no redirects."""

    kind: ClassVar[str] = ChannelKind.WEBHOOK
    lanes: ClassVar[int] = 4

    def check(self, target: str) -> str:
        """A web address; plain http only where private networks are allowed."""
        try:
            return check_address(target)
        except BadAddress as error:
            raise BadTarget(str(error)) from error

    def send(self, letter: Letter) -> None:
        """Sign with every secret in force and post."""
        body = json.dumps(_payload(letter), ensure_ascii=False, separators=(",", ":"))
        secrets = [secret for secret in letter.secrets if secret]
        try:
            answer = post_signed(
                letter.target, message_id=letter.dedup_key, body=body.encode(), secrets=secrets, agent=_AGENT
            )
        except NotPosted as error:
            raise NotSent(error.reason, final=error.forbidden, uncertain=error.uncertain) from error
        if not answer.ok:
            raise NotSent(f"HTTP {answer.status}", final=answer.status == requests.codes.gone)


def _payload(letter: Letter) -> dict[str, object]:
    return {
        "type": f"notice.{letter.kind}",
        "timestamp": letter.created_at,
        "data": {
            "level": letter.level,
            "subject": letter.subject,
            "body": letter.body,
            "note": letter.note,
            "about": letter.about,
            "url": letter.url,
            "facts": letter.facts,
        },
    }
