"""An administrator sets up a phone system, replaces its key and secret without a gap, and tries it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.deadlines.clock import now
from service_desk.people.access import require
from service_desk.people.models import Staff, Unit
from service_desk.rest.errors import Conflict, Invalid
from service_desk.rest.rules import normal_networks
from service_desk.telephony import vault
from service_desk.telephony.actions.receiving import Receipt, receive_event
from service_desk.telephony.models import Integration
from service_desk.telephony.reading import read_event
from service_desk.telephony.rules import AuthMode, CallEventType, Cause, IntegrationKind, Party, new_key, new_secret
from service_desk.telephony.scopes import ALL


@dataclass(frozen=True, slots=True)
class NewIntegration:
    """What an administrator says about a phone system."""

    name: str
    kind: str = IntegrationKind.NATIVE
    auth_mode: str = AuthMode.SIGNED
    networks: Sequence[str] = ()
    unit: Unit | None = None
    events_per_second: int = 200
    silent_minutes: int = 60
    scopes: Sequence[str] = tuple(ALL)


@dataclass(frozen=True, slots=True)
class Issued:
    """Key and secret in plain text: shown this once, never to be read again."""

    integration: Integration
    key: str
    secret: str


@transaction.atomic
def create_integration(*, actor: Staff, data: NewIntegration) -> Issued:
    """Set a phone system up and issue its key and secret."""
    require(actor, "telephony.administer")
    key, secret = new_key(), new_secret()
    row = Integration(key_prefix=key.prefix, key_digest=key.digest, secret=vault.lock(secret))
    _fill(row, data)
    row.save(force_insert=True)
    _record(actor, "telephony.create", row, kind=row.kind, auth_mode=row.auth_mode, networks=row.networks)
    return Issued(row, key.text, secret)


@transaction.atomic
def change_integration(*, actor: Staff, integration: Integration, data: NewIntegration) -> Integration:
    """Change what is known of a phone system; its kind stays, since its calls came in that form."""
    require(actor, "telephony.administer", integration)
    row = Integration.objects.select_for_update().get(pk=integration.pk)
    _fill(row, data)
    row.save()
    _record(actor, "telephony.change", row, auth_mode=row.auth_mode, networks=row.networks)
    return row


@transaction.atomic
def switch_integration(*, actor: Staff, integration: Integration, on: bool) -> None:
    """Switch a phone system's door on or off; its calls stay."""
    require(actor, "telephony.administer", integration)
    if Integration.objects.filter(pk=integration.pk).exclude(is_active=on).update(is_active=on):
        _record(actor, "telephony.switch", integration, on=on)


@transaction.atomic
def rotate_credentials(*, actor: Staff, integration: Integration) -> Issued:
    """Issue a new key and secret; the present ones stay good until the old ones are retired or replaced again."""
    require(actor, "telephony.administer", integration)
    row = Integration.objects.select_for_update().get(pk=integration.pk)
    key, secret = new_key(), new_secret()
    row.previous_key_prefix, row.previous_key_digest = row.key_prefix, row.key_digest
    row.previous_secret = row.secret
    row.key_prefix, row.key_digest, row.secret = key.prefix, key.digest, vault.lock(secret)
    row.save()
    _record(actor, "telephony.rotate", row)
    return Issued(row, key.text, secret)


@transaction.atomic
def retire_old_credentials(*, actor: Staff, integration: Integration) -> None:
    """From now on only the newest key and secret count."""
    require(actor, "telephony.administer", integration)
    row = Integration.objects.select_for_update().get(pk=integration.pk)
    row.previous_key_prefix, row.previous_key_digest, row.previous_secret = None, "", ""
    row.save()
    _record(actor, "telephony.retire_old", row)


@transaction.atomic
def send_test_event(*, actor: Staff, integration: Integration) -> Receipt:
    """Let a made-up call of a withheld internal number ring and end, by the way that real events go."""
    require(actor, "telephony.administer", integration)
    if not integration.is_active:
        raise Conflict(_("Switch the phone system on first."), code="integration_disabled")
    at, mark = now(), uuid4().hex
    base: dict[str, Any] = {"call_id": f"test-{mark}", "direction": "internal", "customer_number": ""}
    steps: list[tuple[str, timedelta, dict[str, Any]]] = [
        (CallEventType.RINGING, timedelta(seconds=2), {}),
        (CallEventType.ENDED, timedelta(0), {"ended_by": Party.SYSTEM.value, "cause": Cause.NO_ANSWER.value}),
    ]
    receipt: Receipt | None = None
    for kind, before, more in steps:
        item = {
            "id": f"test-{mark}-{kind}",
            "type": str(kind),
            "timestamp": (at - before).isoformat(),
            "data": {**base, **more},
        }
        receipt = receive_event(integration=integration, event=read_event(item))
    _record(actor, "telephony.test", integration)
    assert receipt is not None  # noqa: S101  (there are two steps)
    return receipt


def _fill(row: Integration, data: NewIntegration) -> None:
    name = " ".join(data.name.split())
    if not 1 <= len(name) <= 80 or "\0" in name:
        raise Invalid(_("The name has 1 to 80 characters."), field="name")
    if Integration.objects.filter(name=name).exclude(pk=row.pk).exists():
        raise Invalid(_("There is a phone system of this name already."), field="name")
    try:
        networks = normal_networks(data.networks)
    except ValueError as error:
        raise Invalid(
            _("One of these is no network."), field="networks", remedy=_("Write it like 192.0.2.0/24.")
        ) from error
    if data.auth_mode == AuthMode.KEY_ONLY and not networks:
        raise Invalid(_("Without a signature the addresses it comes from must be listed."), field="networks")
    if strange := sorted(set(data.scopes) - set(ALL)):
        raise Invalid(_("There is no scope %(scope)s.") % {"scope": strange[0]}, field="scopes")
    row.name, row.networks, row.auth_mode = name, networks, AuthMode(data.auth_mode)
    row.kind = row.kind or IntegrationKind(data.kind)
    row.unit, row.scopes = data.unit, sorted(set(data.scopes))
    row.events_per_second, row.silent_minutes = data.events_per_second, data.silent_minutes


def _record(actor: Staff, verb: str, row: Integration, **detail: Any) -> None:
    record(verb=verb, thing=f"integration:{row.pk}", actor=actor, detail=detail)
