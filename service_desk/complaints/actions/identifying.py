"""Numbers under which somebody else keeps the same matter: a regulator's referral, an insurer's file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from service_desk.cases.actions.changing import Change, said, unsaid
from service_desk.cases.rules import EventType
from service_desk.complaints.actions.changing import complaining
from service_desk.complaints.models import Complaint, ExternalIdentifier
from service_desk.rest.errors import Invalid

_MOST = 20


@dataclass(frozen=True)
class Identifier:
    """After TMF621: who owns the number, of what type it is, the number itself."""

    owner: str
    value: str
    type: str = ""


def identify(*, complaint: Complaint, actor: Any, owner: str, value: str, type: str = "") -> Complaint:  # noqa: A002
    """Add the number of another body; the same one twice changes nothing."""
    with complaining(complaint=complaint, actor=actor, verb="identify", ended=True) as change:
        if change.complaint.identifiers.count() >= _MOST:
            raise Invalid(_("There are too many numbers already."), field="value", code="too_many")
        write_identifiers(change, change.complaint, [Identifier(owner, value, type)])
    return change.complaint


def write_identifiers(change: Change, complaint: Complaint, wanted: Iterable[Identifier]) -> None:
    """Write those that are not there yet, each with its line on the timeline."""
    for one in list(wanted)[:_MOST]:
        owner, value = said(one.owner, "owner", limit=80), said(one.value, "value", limit=80)
        _row, fresh = ExternalIdentifier.objects.get_or_create(
            complaint=complaint,
            owner=owner,
            type=unsaid(one.type, "type", limit=40),
            value=value,
            defaults={"by": change.actor, "at": change.now},
        )
        if fresh:
            change.say(EventType.IDENTIFIED, f"{owner}: {value}")
