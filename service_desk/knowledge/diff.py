"""What is different between two releases, entry by entry: a pure comparison of snapshots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_NOT_SAID = frozenset({"version"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry that was added, taken out or changed; `fields` are those that differ."""

    code: str
    fields: list[str]
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def differences(before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]) -> list[Difference]:
    """From the first snapshot to the second, by code."""
    old = {item["code"]: dict(item) for item in before}
    new = {item["code"]: dict(item) for item in after}
    found = []
    for code in sorted(old.keys() | new.keys()):
        one, other = old.get(code), new.get(code)
        names = (one or {}).keys() | (other or {}).keys()
        changed = sorted(n for n in names - _NOT_SAID if (one or {}).get(n) != (other or {}).get(n))
        if changed:
            found.append(Difference(code, changed, one, other))
    return found
