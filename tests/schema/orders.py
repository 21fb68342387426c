"""What makes an operation of the REST interface go well, as a table with a row for each, and how a request uses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from schemathesis.core import NOT_SET

_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Order:
    """Where an operation finds something, what it takes, and who asks."""

    where: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    query: Mapping[str, Any] = field(default_factory=dict)
    by: str = "chief"
    costly: bool = False  # it takes seconds, so it is met in good order once


def order(
    body: Any = None, *, by: str = "chief", query: Mapping[str, Any] = _NOTHING, costly: bool = False, **where: Any
) -> Order:
    """A row of the table; what stands in the address is given by its name there."""
    return Order(where, body, query, by, costly)


@dataclass(slots=True)
class Orders:
    """Things by the beginning of the address that leads to them, and the orders that need more than an address."""

    places: dict[str, dict[str, Any]] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)

    def add(self, places: Mapping[str, dict[str, Any]], orders: Mapping[str, Order]) -> None:
        """The rows of a room."""
        assert not orders.keys() & self.orders.keys(), "each operation has one row"
        self.places |= places
        self.orders |= orders

    def of(self, method: str, path: str) -> Order:
        """The row of an operation, completed from the nearest place."""
        path = path.removeprefix("/api/v1/")
        found = self.orders.get(f"{method} {path}", Order())
        near = max((place for place in self.places if path.startswith(place)), key=len, default=None)
        return replace(found, where={**(self.places[near] if near else {}), **found.where})


def aim(case: Any, found: Order, luck: int) -> None:
    """Let the request meet something that is there; one in five stays as strange as it came.

    Luck 0 is what hypothesis tries first and shrinks to: all is in good order. Otherwise the address is right, and of
    what is sent there one field or all of them came by chance.
    """
    if luck % 5 == 1 or (found.costly and luck):
        return
    case.path_parameters = {**case.path_parameters, **found.where}
    if luck % 5 == 4:
        return
    by_chance = () if luck % 5 == 0 else (case.query, case.body)
    case.query, case.body = dict(found.query), NOT_SET if found.body is None else dict(found.body)
    for place, given in zip((case.query, case.body), by_chance, strict=False):
        if isinstance(place, dict) and isinstance(given, dict) and given:
            name = sorted(given)[luck % len(given)]
            place[name] = given[name]
    case.media_type = _media_type(found.body)
    case.headers.pop("Idempotency-Key", None)
    if "If-Match" in case.headers:
        case.headers["If-Match"] = "*"


def _media_type(body: Any) -> str | None:
    if body is None:
        return None
    return "multipart/form-data" if "file" in body else "application/json"
