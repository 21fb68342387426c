"""Who is at the phone door: a system's key, its address, how fast it comes, and a signature over the raw bytes."""

from __future__ import annotations

import base64
import binascii
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.db import connection
from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from service_desk.audit.context import current, set_label
from service_desk.rest.permissions import required_scope
from service_desk.rest.rules import address_in, same_digest
from service_desk.telephony import vault
from service_desk.telephony.limiter import wait_for
from service_desk.telephony.models import Integration
from service_desk.telephony.problems import DoorProblem
from service_desk.telephony.rules import KEY_MARK, SIGNATURE_WINDOW, AuthMode, KeyText, is_signed, parse_key
from service_desk.telephony.statements import Statement

_LONGEST_ID = 250


@dataclass(frozen=True, slots=True)
class PhoneSystem:
    """The caller: a phone system, which is nobody of the staff."""

    integration: Integration
    pk: None = None
    is_authenticated: bool = True
    is_active: bool = True

    def has_role(self, *_roles: str) -> bool:
        """A phone system has no role."""
        return False


class IntegrationAuthentication(BaseAuthentication):
    """`Authorization: Bearer ck_live_…`; for systems that only know a password or an address, those carry the key."""

    def authenticate(self, request: Request) -> tuple[Any, Integration] | None:
        given = _given_key(request)
        if given is None:
            if not getattr(request.parser_context.get("view"), "only_phone_systems", False):
                return None
            raise DoorProblem("key-invalid", _("A key of a phone system is needed: Authorization: Bearer ck_live_..."))
        integration, now = _integration_of(given.text)
        _note_caller(request, integration)
        self._admit(request, integration, now, by_header=given.by_header)
        set_label(f"phone system:{integration.pk} {integration.name}")
        return PhoneSystem(integration), integration

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="service desk calls"'

    @staticmethod
    def _admit(request: Request, integration: Integration, now: datetime, *, by_header: bool) -> None:
        if not integration.is_active:
            raise DoorProblem("integration-disabled", _("This phone system is switched off; ask the administrator."))
        address = current().ip or request.META.get("REMOTE_ADDR")
        if integration.networks and not address_in(address, integration.networks):
            raise DoorProblem("key-invalid", _("This key may not be used from this address."))
        if not by_header and integration.auth_mode != AuthMode.KEY_ONLY:
            raise DoorProblem("key-invalid", _("This phone system must send its key as a Bearer token, and sign."))
        if waits := wait_for(integration.pk, integration.events_per_second):
            raise DoorProblem(
                "rate-limited",
                _("More than %(most)d deliveries a second.") % {"most": integration.events_per_second},
                retry_after=max(1, math.ceil(waits)),
            )
        if request.method == "POST" and integration.auth_mode == AuthMode.SIGNED:
            _demand_signature(request._request, integration, now)


class HasIntegrationScope(BasePermission):
    """A phone system needs the scope of the action; other callers are the business of the ground's own permission."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.auth, Integration):
            return True
        scope = required_scope(view, request.method or "")
        if scope not in request.auth.scopes:
            raise DoorProblem("scope-missing", _("This key lacks the scope %(scope)s.") % {"scope": scope or "-"})
        return True


@dataclass(frozen=True, slots=True)
class _Given:
    text: str
    by_header: bool


def message_id_of(request: HttpRequest) -> str:
    """The id under which a delivery comes; the older header is accepted instead."""
    return request.headers.get("webhook-id") or request.headers.get("Idempotency-Key") or ""


def _given_key(request: Request) -> _Given | None:
    in_address = request.parser_context.get("kwargs", {}).get("key")
    if in_address:
        return _Given(str(in_address), by_header=False)
    scheme, _space, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() == "bearer" and (
        text.strip().startswith(KEY_MARK) or getattr(request.parser_context.get("view"), "only_phone_systems", False)
    ):
        return _Given(text.strip(), by_header=True)
    if scheme.lower() == "basic":
        try:
            password = base64.b64decode(text.strip(), validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return None
        return _Given(password, by_header=False)
    return None


def _integration_of(text: str) -> tuple[Integration, datetime]:
    parsed = parse_key(text)
    found = _find(parsed) if parsed else None
    if parsed is None or found is None:
        raise DoorProblem("key-invalid", _("There is no such key."))
    return found


def _find(key: KeyText) -> tuple[Integration, datetime] | None:
    """The system of this key and the database's time; the key before the present one is good until it is retired."""
    with connection.cursor() as cursor:
        _by_key().execute(cursor, {"prefix": key.prefix})
        row = cursor.fetchone()
    if row is None:
        return None
    now, *values = row
    integration = Integration.from_db(connection.alias, [f.attname for f in Integration._meta.concrete_fields], values)
    is_new = integration.key_prefix == key.prefix
    digest = integration.key_digest if is_new else integration.previous_key_digest
    return (integration, now) if same_digest(digest, key.digest) else None


@cache
def _by_key() -> Statement:
    columns = ", ".join(f'"{field.column}"' for field in Integration._meta.concrete_fields)
    return Statement(
        "key",
        f"SELECT statement_timestamp(), {columns} FROM telephony_integration"  # noqa: S608  (our own names)
        " WHERE key_prefix = %(prefix)s OR previous_key_prefix = %(prefix)s",
        prefix="text",
    )


def _demand_signature(request: HttpRequest, integration: Integration, now: datetime) -> None:
    """Over the very bytes that came; a signature counts for five minutes to either side of the database's clock."""
    message_id, header = message_id_of(request), request.headers.get("webhook-signature", "")
    timestamp = request.headers.get("webhook-timestamp", "")
    if not (message_id and header and timestamp):
        raise DoorProblem(
            "signature-missing",
            _("These headers are needed: %(names)s.") % {"names": "webhook-id, webhook-timestamp, webhook-signature"},
        )
    if len(message_id) > _LONGEST_ID:
        raise DoorProblem("signature-invalid", _("The id has at most 250 characters."))
    if not _in_window(timestamp, now):
        extra = {"server_time": now.astimezone(UTC).isoformat().replace("+00:00", "Z")}
        raise DoorProblem(
            "timestamp-out-of-range",
            _("The timestamp lies more than 300 seconds from the desk's time."),
            extra=extra,
        )
    in_force = vault.in_force(integration.secret, integration.previous_secret)
    if not is_signed(in_force, header, message_id, timestamp, request.body):
        raise DoorProblem("signature-invalid", _("No signature fits the id, the timestamp and the body as it came."))


def _in_window(timestamp: str, now: datetime) -> bool:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    return abs(int(timestamp) - now.timestamp()) <= SIGNATURE_WINDOW.total_seconds()


def _note_caller(request: Request, integration: Integration) -> None:
    """Remember whose delivery this was, for the log of refusals."""
    request._request.META["desk.integration"] = integration
