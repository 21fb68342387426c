"""The address of a list: what of it belongs to a saved view, and the same list with something changed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

_OF_A_PAGE = frozenset({"after", "before"})
#: What belongs to one page or one visit, not to what the list shows.
_PASSING = frozenset({"after", "before", "view"})
_LONGEST = 2000


def of_view(query: QueryDict) -> str:
    """What a saved view keeps of an address, always in the same order, so that two can be compared."""
    kept = QueryDict(mutable=True)
    for name in sorted(query):
        value = query.get(name, "")
        if value and name not in _PASSING and not is_beside(query, name):
            kept[name] = value
    return kept.urlencode()[:_LONGEST]


def with_changes(query: QueryDict, changes: Mapping[str, str | None] | None = None, *, route: str = "case-list") -> str:
    """This list with other filters, order or columns; a page's cursor never survives a change."""
    given = {name: value for name, value in (changes or {}).items() if value}
    gone = _OF_A_PAGE.union(changes or ())
    shown = [
        (name, value)
        for name, values in query.lists()
        if name not in gone and values and values[-1] and not is_beside(query, name)
        for value in values
    ]
    shown += given.items()
    return f"{_path(route)}?{urlencode(shown)}" if shown else _path(route)


@cache
def _path(route: str) -> str:
    """A page of the list names its own address some fifty times."""
    return reverse(route)


def is_wordy(query: QueryDict) -> bool:
    """Whether it carries what a form sends along and nobody needs: empty fields, names beside numbers."""
    return any(not value or is_beside(query, name) for name, value in query.items())


def is_beside(query: QueryDict, name: str) -> bool:
    """Whether this is the name that was shown for a number that is in the address too."""
    return name.endswith("_text") and bool(query.get(name.removesuffix("_text")))
