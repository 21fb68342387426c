"""An administrator says who is told what, under which secret, and switches it on and off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.deadlines.clock import now
from service_desk.people.access import require
from service_desk.people.models import Staff
from service_desk.rest.clean import is_clean
from service_desk.rest.errors import Invalid
from service_desk.rest.posting import BadAddress, check_address
from service_desk.rest.signing import new_secret
from service_desk.webhooks import vault
from service_desk.webhooks.kinds import subscribable
from service_desk.webhooks.models import Endpoint
from service_desk.webhooks.rules import PauseReason


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """What an administrator says about an endpoint."""

    name: str
    url: str
    types: Sequence[str]


@dataclass(frozen=True, slots=True)
class Issued:
    """The secret in plain text: shown this once, never to be read again."""

    endpoint: Endpoint
    secret: str


@transaction.atomic
def create_endpoint(*, actor: Staff, data: NewEndpoint) -> Issued:
    """Set an endpoint up and issue its secret."""
    require(actor, "webhook.administer")
    secret = new_secret()
    row = Endpoint(secret=vault.lock(secret), created_by=actor)
    _fill(row, data)
    row.save(force_insert=True)
    _record(actor, "webhook.create", row, types=row.types)
    return Issued(row, secret)


@transaction.atomic
def change_endpoint(*, actor: Staff, endpoint: Endpoint, data: NewEndpoint) -> Endpoint:
    """Change name, address or events; what is on its way goes to the new address."""
    require(actor, "webhook.administer", endpoint)
    row = _locked(endpoint)
    _fill(row, data)
    row.save(update_fields=["name", "url", "types"])
    _record(actor, "webhook.change", row, types=row.types)
    return row


@transaction.atomic
def remove_endpoint(*, actor: Staff, endpoint: Endpoint) -> None:
    """Take an endpoint away; its deliveries go with it."""
    require(actor, "webhook.administer", endpoint)
    row = _locked(endpoint)
    _record(actor, "webhook.remove", row, name=row.name)
    row.delete()


@transaction.atomic
def switch_endpoint(*, actor: Staff, endpoint: Endpoint, on: bool) -> Endpoint:
    """Switch an endpoint on or off; what was waiting goes on when it is on again."""
    require(actor, "webhook.administer", endpoint)
    row = _locked(endpoint)
    if row.is_active != on:
        row.is_active, row.failing_since = on, None
        row.pause_reason = "" if on else PauseReason.BY_HAND
        row.paused_at = None if on else now()
        row.save(update_fields=["is_active", "failing_since", "pause_reason", "paused_at"])
        _record(actor, "webhook.switch", row, on=on)
    return row


@transaction.atomic
def rotate_secret(*, actor: Staff, endpoint: Endpoint) -> Issued:
    """Issue a new secret; both sign until the old one is retired or replaced again."""
    require(actor, "webhook.administer", endpoint)
    row, secret = _locked(endpoint), new_secret()
    row.previous_secret, row.secret = row.secret, vault.lock(secret)
    row.save(update_fields=["secret", "previous_secret"])
    _record(actor, "webhook.rotate", row)
    return Issued(row, secret)


@transaction.atomic
def retire_old_secret(*, actor: Staff, endpoint: Endpoint) -> Endpoint:
    """From now on only the newest secret signs."""
    require(actor, "webhook.administer", endpoint)
    row = _locked(endpoint)
    row.previous_secret = ""
    row.save(update_fields=["previous_secret"])
    _record(actor, "webhook.retire_old", row)
    return row


def _fill(row: Endpoint, data: NewEndpoint) -> None:
    name, url = " ".join(data.name.split()), data.url.strip()
    if not 1 <= len(name) <= 80 or not is_clean(name):
        raise Invalid(_("The name has 1 to 80 characters."), field="name")
    if Endpoint.objects.filter(name=name).exclude(pk=row.pk).exists():
        raise Invalid(_("There is an endpoint of this name already."), field="name", code="exists")
    if not is_clean(url):
        raise Invalid(_("This is no web address."), field="url")
    try:
        row.url = check_address(url)
    except BadAddress as error:
        raise Invalid(str(error), field="url") from error
    known = subscribable()
    if strange := sorted(set(data.types) - known.keys()):
        raise Invalid(_("There is no event %(type)s.") % {"type": strange[0][:64]}, field="types")
    if not data.types:
        raise Invalid(_("Choose at least one event."), field="types", code="required")
    row.name, row.types = name, sorted(set(data.types))


def _locked(endpoint: Endpoint) -> Endpoint:
    return Endpoint.objects.select_for_update().get(pk=endpoint.pk)


def _record(actor: Staff, verb: str, row: Endpoint, **detail: Any) -> None:
    record(verb=verb, thing=f"webhook:{row.pk}", actor=actor, detail=detail)
