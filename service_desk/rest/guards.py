"""A mark that rooms below people put on a page: who sits there proves once more who they are before it opens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])
_MARK = "asks_once_more"


def asks_once_more(view: View) -> View:
    """Seen by `people.second_step.SecondStepMiddleware`; decorators that use `functools.wraps` carry it along."""
    setattr(view, _MARK, True)
    return view


def is_marked(view: Any) -> bool:
    """Whether the page asks."""
    return bool(getattr(view, _MARK, False))
