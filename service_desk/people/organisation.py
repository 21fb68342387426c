"""Tells the rooms above that the organisation has changed, so that who may know what follows at once."""

from __future__ import annotations

from collections.abc import Callable

Listener = Callable[[], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> Listener:
    """Call `listener` after each change of units and of who belongs to them; its failure rolls the change back."""
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def changed() -> None:
    """A unit got another place or another head, or somebody another unit."""
    for listener in tuple(_listeners):
        listener()
