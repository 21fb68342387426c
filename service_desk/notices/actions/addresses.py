"""Where people, units and the desk are reached: chosen by the person, or by an administrator for a group."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.notices import vault
from service_desk.notices.models import ChannelAddress
from service_desk.notices.rules import ChannelKind, Level
from service_desk.people.access import require
from service_desk.people.models import Staff, Unit
from service_desk.rest.errors import Conflict
from service_desk.rest.signing import new_secret


@transaction.atomic
def choose_mailbox(*, actor: Staff, target: str, min_level: str, enabled: bool) -> ChannelAddress:
    """Set one's own e-mail choice; whatever it says, an emergency is mailed."""
    require(actor, "notice.own_addresses", actor)
    row, _created = ChannelAddress.objects.update_or_create(
        staff=actor,
        kind=ChannelKind.EMAIL,
        defaults={"target": target, "min_level": Level(min_level), "enabled": enabled},
    )
    record(
        verb="notice.choose_mailbox",
        thing=f"staff:{actor.pk}",
        actor=actor,
        detail={"min_level": min_level, "enabled": enabled, "own_address": bool(target)},
    )
    return row


@transaction.atomic
def add_address(
    *,
    actor: Staff,
    kind: str,
    target: str,
    name: str = "",
    min_level: str = Level.INFO,
    staff: Staff | None = None,
    unit: Unit | None = None,
) -> ChannelAddress:
    """Add a robot or webhook of a person, a unit, or (neither) the whole desk; a webhook gets its secret here.

    `target` has been checked by the channel (`forms.AddressForm`, or `CHANNELS[kind].check`).
    """
    row = ChannelAddress(
        kind=ChannelKind(kind), name=name, target=target, min_level=Level(min_level), staff=staff, unit=unit
    )
    if row.kind == ChannelKind.EMAIL:
        raise Conflict(_("A person's mailbox is chosen above, not added."), code="mailbox_is_chosen")
    require(actor, _verb(row, actor), row.staff)
    if row.kind == ChannelKind.WEBHOOK:
        row.secret = vault.lock(new_secret())
    row.save()
    _record("notice.add_address", row, actor)
    return row


@transaction.atomic
def remove_address(*, address: ChannelAddress, actor: Staff) -> None:
    """Take an address away; what is on its way to it goes with it."""
    require(actor, _verb(address, actor), address.staff)
    _record("notice.remove_address", address, actor)
    address.delete()


@transaction.atomic
def rotate_secret(*, address: ChannelAddress, actor: Staff) -> str:
    """Give a webhook a new secret; both count until the next change. The new one is shown this once."""
    require(actor, _verb(address, actor), address.staff)
    row = ChannelAddress.objects.select_for_update().get(pk=address.pk)
    if row.kind != ChannelKind.WEBHOOK:
        raise Conflict(_("Only webhooks have a secret here."), code="no_secret")
    secret = new_secret()
    row.previous_secret, row.secret = row.secret, vault.lock(secret)
    row.save(update_fields=["secret", "previous_secret"])
    _record("notice.rotate_secret", row, actor)
    return secret


def _verb(address: ChannelAddress, actor: Staff) -> str:
    return "notice.own_addresses" if address.staff_id == actor.pk else "notice.addresses"


def _record(verb: str, row: ChannelAddress, actor: Staff) -> None:
    """Without the address itself: that of a robot is its key."""
    owner = f"staff:{row.staff_id}" if row.staff_id else f"unit:{row.unit_id}" if row.unit_id else "desk"
    record(verb=verb, thing=f"channeladdress:{row.pk}", actor=actor, detail={"kind": row.kind, "owner": owner})
