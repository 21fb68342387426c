"""What rooms above know of an article, such as the cases that used it: they register how it is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Use:
    """A thing that an article helped with."""

    name: str
    url: str
    detail: str
    at: datetime
    solved: bool


Asked = Callable[[Any, int], Sequence[Use]]
_asked: list[Asked] = []


def register(ask: Asked) -> None:
    """`ask(user, article_id)` names the newest uses that this person may know of, a bounded number."""
    _asked.append(ask)


def uses(user: Any, article_id: int) -> list[Use]:
    """Where the article was used, newest first."""
    found = [use for ask in _asked for use in ask(user, article_id)]
    return sorted(found, key=lambda use: use.at, reverse=True)
