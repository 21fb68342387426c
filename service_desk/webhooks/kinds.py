"""The types of events that other programs may subscribe to: each room registers its own, with an example.

The contract with phone systems has names of its own for some (`ticket.created`); whoever subscribes to such a name is
told under it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

Text = str | Promise


@dataclass(frozen=True, slots=True)
class EventKind:
    """A type with its meaning in words, an example of its data, and the names it is told under as well."""

    code: str
    label: Text
    example: Mapping[str, Any]
    also: tuple[str, ...] = ()


TEST = "webhook.test"
_kinds: dict[str, EventKind] = {}
_other_names: dict[str, Text] = {}


def register(code: str, label: Text, example: Mapping[str, Any], *, also: Sequence[str] = ()) -> None:
    """Make a type known; `also` are further names under which it can be subscribed to."""
    if code in _kinds:
        raise ValueError(f"The type {code} is registered already")
    _kinds[code] = EventKind(code, label, example, tuple(also))
    for name in also:
        _other_names.setdefault(name, label)


def known() -> dict[str, EventKind]:
    """Every type, in alphabetical order."""
    return dict(sorted(_kinds.items()))


def subscribable() -> dict[str, Text]:
    """Every name that an endpoint may ask for, with its meaning."""
    own = {code: kind.label for code, kind in _kinds.items()}
    return dict(sorted({**_other_names, **own}.items()))


def names_of(code: str) -> list[str]:
    """The type and its further names; KeyError for one that nobody has registered."""
    return [code, *_kinds[code].also]
