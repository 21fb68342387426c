"""Posts signed bytes to an address that somebody has typed in: never into our own network, wherever its name leads.

The name is resolved once, what it resolves to is checked, and the connection goes to that very address (no second
look-up that could answer otherwise). No redirect is followed, no proxy is asked, and of the answer only its beginning
is read.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.utils.translation import gettext as _
from requests_hardened import Config, Manager
from requests_hardened.ip_filter import InvalidIPAddress
from urllib3.exceptions import HTTPError

from service_desk.rest.signing import sign

LONGEST_URL = 2000
ANSWER_BYTES = 2048
_CONNECT_SECONDS = 5.0


class BadAddress(ValueError):  # noqa: N818  (named after what was given)
    """This is no address for a webhook; the message says what one looks like."""


class NotPosted(Exception):  # noqa: N818  (an outcome, not a fault of the program)
    """No answer came. `uncertain`: it may have arrived all the same; `forbidden`: it leads into a private network."""

    def __init__(self, reason: str, *, uncertain: bool = False, forbidden: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.uncertain = uncertain
        self.forbidden = forbidden


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said; `retry_after` in seconds, if it named a time."""

    status: int
    text: str
    retry_after: float | None = None

    @property
    def ok(self) -> bool:
        """2xx, and nothing else."""
        return 200 <= self.status < 300


def check_address(target: str) -> str:
    """The address, if it is one: https; plain http only where private networks are allowed. Raises `BadAddress`."""
    try:
        parts = urlsplit(target)
        port_is_good = parts.port is None or parts.port > 0
        parts.hostname and parts.hostname.encode("idna")
    except (ValueError, UnicodeError) as error:
        raise BadAddress(_("This is no web address.")) from error
    schemes = ("https", "http") if settings.WEBHOOK_ALLOW_PRIVATE else ("https",)
    if parts.scheme not in schemes or not parts.hostname or not port_is_good:
        raise BadAddress(_("A web address that begins with https:// is needed."))
    if parts.username or parts.password:
        raise BadAddress(_("The address must not hold a user name or password."))
    if len(target) > LONGEST_URL or any(not character.isprintable() or character == " " for character in target):
        raise BadAddress(_("This is no web address."))
    return target


def post_signed(
    url: str, *, message_id: str, body: bytes, secrets: Sequence[str], agent: str, seconds: float = 10.0
) -> Answer:
    """Sign with every secret in force and post; raises `NotPosted` when no answer came."""
    timestamp = str(int(time.time()))  # when it was signed; decides nothing here
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
    }
    if secrets:
        headers["webhook-signature"] = " ".join(sign(secret, message_id, timestamp, body) for secret in secrets)
    try:
        with _manager(agent, seconds).get_session() as session:
            session.trust_env = False  # a proxy would resolve the name again
            answer = session.request("POST", url, data=body, headers=headers, stream=True)
            try:
                return Answer(answer.status_code, _beginning(answer), _retry_after(answer))
            finally:
                answer.close()
    except InvalidIPAddress as error:
        raise NotPosted("The address leads into a private network.", forbidden=True) from error
    except requests.ReadTimeout as error:
        raise NotPosted("ReadTimeout", uncertain=True) from error
    except (requests.RequestException, OSError) as error:
        raise NotPosted(type(error).__name__) from error  # its text would hold the address


def _manager(agent: str, seconds: float) -> Manager:
    return Manager(
        Config(
            ip_filter_enable=not settings.WEBHOOK_ALLOW_PRIVATE,
            ip_filter_allow_loopback_ips=False,
            never_redirect=True,
            default_timeout=(_CONNECT_SECONDS, seconds),
            user_agent_override=agent,
        )
    )


def _beginning(answer: requests.Response) -> str:
    """The first bytes of the answer as text; that it breaks off after its status says nothing about the delivery."""
    try:
        raw = answer.raw.read(ANSWER_BYTES)
    except (HTTPError, OSError):
        return ""
    return raw.decode("utf-8", "replace").replace("\0", "") if isinstance(raw, bytes) else ""


def _retry_after(answer: requests.Response) -> float | None:
    given = answer.headers.get("Retry-After", "").strip()
    return float(given) if given.isascii() and given.isdigit() and len(given) <= 9 else None
