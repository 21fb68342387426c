"""A page of a list as a screen shows it: the rows by the cursor in the address, and the addresses of its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic

from django.db.models import QuerySet
from django.http import HttpRequest

from service_desk.rest.keyset import BadCursor, ModelT, page

ON_A_PAGE = 50
_CURSORS = ("after", "before")


@dataclass(frozen=True, slots=True)
class Listed(Generic[ModelT]):
    """Some rows; `lost` says that the cursor fitted this list no more, so that these are the first."""

    items: list[ModelT]
    lost: bool
    next_url: str
    previous_url: str


def listed(
    request: HttpRequest, rows: QuerySet[ModelT], order: Sequence[str], *, size: int | None = None
) -> Listed[ModelT]:
    """The page that the address asks for."""
    size = size or ON_A_PAGE
    after, before = (request.GET.get(name) or None for name in _CURSORS)
    lost = False
    try:
        found = page(rows, order=order, size=size, after=after, before=before)
    except BadCursor:
        found, lost = page(rows, order=order, size=size), True
    return Listed(
        found.items, lost, _address(request, "after", found.next), _address(request, "before", found.previous)
    )


def _address(request: HttpRequest, name: str, cursor: str | None) -> str:
    if not cursor:
        return ""
    query = request.GET.copy()
    for other in _CURSORS:
        query.pop(other, None)
    query[name] = cursor
    return f"{request.path}?{query.urlencode()}"
