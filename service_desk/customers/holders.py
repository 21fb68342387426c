"""Who holds data of customers: rooms above say what they know of one, and how it is made anonymous.

This room knows no case; the verbs of `privacy` ask everybody who has registered here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise

from service_desk.customers.models import Customer


@dataclass(frozen=True, slots=True)
class Step:
    """One slice of a walk: where it ended, how many were made anonymous, and whether the walk is at its end."""

    last_pk: int
    erased: int
    at_end: bool


@dataclass(frozen=True, slots=True)
class Holder:
    """`told` is for the copy; `open_of` counts what still needs the data; `erase_of` is at the
    customer's request, given the name they had.

    `count_older` is the dry run of `erase_older`, which does a slice of what ended before a moment.
    """

    key: str
    label: str | Promise
    told: Callable[[Customer, Any], Sequence[Mapping[str, Any]]]
    open_of: Callable[[Customer], int]
    erase_of: Callable[[Customer, str], int]
    count_older: Callable[[datetime], int]
    erase_older: Callable[[datetime, int, int], Step]


_holders: dict[str, Holder] = {}


def register(holder: Holder) -> None:
    """Called once, when the room is ready."""
    _holders.setdefault(holder.key, holder)


def holders() -> list[Holder]:
    """All of them."""
    return list(_holders.values())
