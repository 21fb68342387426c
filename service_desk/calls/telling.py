"""Tells rooms above that a registration was missed, or turned out not to be, without knowing those rooms.

Told after the commit and without a promise: who listens looks by itself as well, by a sweep that repeats harmlessly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.db import transaction

Listener = Callable[[frozenset[int]], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> Listener:
    """Call `listener` with the ids of calls whose registration was missed, made good or taken back."""
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def tell(calls: Iterable[int]) -> None:
    """Tell everybody who listens once this transaction is committed."""
    concerned = frozenset(calls)
    if concerned:
        transaction.on_commit(lambda: _tell_all(concerned), robust=True)


def _tell_all(calls: frozenset[int]) -> None:
    for listener in tuple(_listeners):
        listener(calls)
