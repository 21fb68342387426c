"""An administrator says who is told what, under which secret, and switches it on and off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

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
from service_desk.webhooks.kinds import TEST, known, subscribable
from service_desk.webhooks.models import Endpoint
from service_desk.webhooks.rules import PauseReason, listened_to


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
def register_listener(*, actor: Staff, callback: str, query: str) -> Issued:
    """Set an endpoint up as TMF621 asks for it: an address, and the events in a query; all of them without one."""
    require(actor, "webhook.administer")
    types = listened_to(query)
    if query.strip() and not types:
        raise Invalid(_("Name events as in eventType=case.closed,call.ended."), field="query")
    data = NewEndpoint(_free_name(callback), callback, types or [code for code in known() if code != TEST])
    try:
        return create_endpoint(actor=actor, data=data)
    except Invalid as error:
        field = {"url": "callback", "types": "query"}.get(error.field or "", error.field)
        raise Invalid(error.message, field=field, code=error.code) from error


def _free_name(callback: str) -> str:
    """What a listener is called that has no name of its own: its host, with a number from the second on."""
    try:
        host = urlsplit(callback.strip()).hostname or "-"
    except ValueError:
        host = "-"
    name = f"TMF621 {host[:60]}"
    taken = set(Endpoint.objects.filter(name__startswith=name).values_list("name", flat=True))
    names = (name, *(f"{name} {number}" for number in range(2, len(taken) + 3)))
    return next(each for each in names if each not in taken)


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
    if strange := sorted(set(data.types) - subscribable().keys()):
        raise Invalid(_("There is no event %(type)s.") % {"type": strange[0][:64]}, field="types")
    if not data.types:
        raise Invalid(_("Choose at least one event."), field="types", code="required")
    row.name, row.types = name, sorted(set(data.types))


def _locked(endpoint: Endpoint) -> Endpoint:
    return Endpoint.objects.select_for_update().get(pk=endpoint.pk)


def _record(actor: Staff, verb: str, row: Endpoint, **detail: Any) -> None:
    record(verb=verb, thing=f"webhook:{row.pk}", actor=actor, detail=detail)
