"""Tells rooms above that a registration was missed, or turned out not to be, without knowing those rooms.

Told after the commit and without a promise: who listens looks by itself as well, by a sweep that repeats harmlessly.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from service_desk.listeners import Listeners

_listeners: Listeners[frozenset[int]] = Listeners()
listen = _listeners.listen  # with the ids of calls whose registration was missed, made good or taken back


def tell(calls: Iterable[int]) -> None:
    """Tell everybody who listens once this transaction is committed."""
    concerned = frozenset(calls)
    if concerned:
        transaction.on_commit(lambda: _listeners.announce(concerned), robust=True)
