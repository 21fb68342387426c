"""A signed webhook by the Standard Webhooks scheme; the receiver knows a repeat by its webhook-id."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import ClassVar
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.utils.translation import gettext as _
from requests_hardened import Config, Manager
from requests_hardened.ip_filter import InvalidIPAddress
from standardwebhooks import Webhook

from service_desk.notices.channels.base import BadTarget, Letter, NotSent
from service_desk.notices.rules import ChannelKind

_TIMEOUT = (5, 10)


class WebhookChannel:
    """POSTs the notice as JSON; resolved once and pinned, never into our own network, no redirects."""

    kind: ClassVar[str] = ChannelKind.WEBHOOK
    lanes: ClassVar[int] = 4

    def check(self, target: str) -> str:
        """A web address; plain http only where private networks are allowed."""
        try:
            parts = urlsplit(target)
            port_is_good = parts.port is None or parts.port > 0
        except ValueError as error:
            raise BadTarget(_("This is no web address.")) from error
        schemes = ("https", "http") if settings.WEBHOOK_ALLOW_PRIVATE else ("https",)
        if parts.scheme not in schemes or not parts.hostname or not port_is_good:
            raise BadTarget(_("A web address that begins with https:// is needed."))
        if parts.username or parts.password:
            raise BadTarget(_("The address must not hold a user name or password."))
        return target

    def send(self, letter: Letter) -> None:
        """Sign with every secret in force and post."""
        body = json.dumps(_payload(letter), ensure_ascii=False, separators=(",", ":"))
        try:
            with _manager().get_session() as session:
                session.trust_env = False  # a proxy would resolve the name again
                answer = session.request(
                    "POST", letter.target, data=body.encode(), headers=_headers(letter, body), stream=True
                )
                answer.close()
        except InvalidIPAddress as error:
            raise NotSent("The address leads into a private network.", final=True) from error
        except requests.ReadTimeout as error:
            raise NotSent("ReadTimeout", uncertain=True) from error
        except (requests.RequestException, OSError) as error:
            raise NotSent(type(error).__name__) from error
        if not 200 <= answer.status_code < 300:
            raise NotSent(f"HTTP {answer.status_code}", final=answer.status_code == requests.codes.gone)


def _manager() -> Manager:
    return Manager(
        Config(
            ip_filter_enable=not settings.WEBHOOK_ALLOW_PRIVATE,
            ip_filter_allow_loopback_ips=False,
            never_redirect=True,
            default_timeout=_TIMEOUT,
            user_agent_override="service-desk-webhook/1",
        )
    )


def _headers(letter: Letter, body: str) -> dict[str, str]:
    at = datetime.now(tz=UTC)  # when it was signed; decides nothing here
    signatures = [Webhook(secret).sign(letter.dedup_key, at, body) for secret in letter.secrets if secret]
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "webhook-id": letter.dedup_key,
        "webhook-timestamp": str(int(at.timestamp())),
    }
    return {**headers, "webhook-signature": " ".join(signatures)} if signatures else headers


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
