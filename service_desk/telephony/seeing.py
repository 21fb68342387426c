"""Which calls a member of staff may see: rooms that give calls a meaning keep from others what is confidential (P6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

from service_desk.people.access import can
from service_desk.telephony.models import Call

#: The calls, without those that this person may not know of.
Keeper = Callable[[QuerySet[Call], Any], QuerySet[Call]]
_keepers: list[Keeper] = []


def keep_back(keeper: Keeper) -> Keeper:
    """Ask `keeper` wherever calls are listed or shown, from now on."""
    if keeper not in _keepers:
        _keepers.append(keeper)
    return keeper


def calls_seen_by(user: Any) -> QuerySet[Call]:
    """Where every list, count, page and type-ahead of calls begins."""
    if not can(user, "call.view"):
        return Call.objects.none()
    calls: QuerySet[Call] = Call.objects.all()
    for keeper in _keepers:
        calls = keeper(calls, user)
    return calls
