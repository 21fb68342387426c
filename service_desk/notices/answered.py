"""Tells rooms that what they told has been acknowledged, inside that transaction, without knowing those rooms."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service_desk.notices.models import Notice
    from service_desk.people.models import Staff

Listener = Callable[["Notice", "Staff"], None]
_listeners: dict[str, Listener] = {}


def listen(kind: str, listener: Listener) -> Listener:
    """Call `listener` when a notice of `kind` is acknowledged for the first time."""
    _listeners[kind] = listener
    return listener


def announce(notice: Notice, actor: Staff) -> None:
    """Tell whoever listens for this kind."""
    listener = _listeners.get(notice.kind)
    if listener is not None:
        listener(notice, actor)
