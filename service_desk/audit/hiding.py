"""What the pages of the trail leave out for a person: rooms with confidential things say which (P6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q, QuerySet

#: The entries that this person may not know of.
Unseen = Callable[[Any], Q]
_rooms: list[Unseen] = []


def register(unseen: Unseen) -> None:
    """A room hands over what it keeps to itself; called once, when it is ready."""
    if unseen not in _rooms:
        _rooms.append(unseen)


def seen_by(entries: QuerySet[Any], user: Any) -> QuerySet[Any]:
    """The entries without those that this person may not know of."""
    for unseen in _rooms:
        entries = entries.exclude(unseen(user))
    return entries
