"""Tells the rooms above what became of a complaint, inside the transaction of it, without knowing those rooms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service_desk.complaints.models import Complaint, Instance


@dataclass(frozen=True, slots=True)
class Decided:
    """An instance has decided; `concerned` are those the complaint is about (P10)."""

    complaint: Complaint
    instance: Instance
    concerned: frozenset[int]
    at: datetime


@dataclass(frozen=True, slots=True)
class Praised:
    """A customer has praised somebody; `words` name no customer."""

    staff_id: int
    words: str
    actor: Any


Announcement = Decided | Praised
Listener = Callable[[Announcement], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> Listener:
    """Call `listener` on every announcement; its failure rolls the cause back."""
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def stop_listening(listener: Listener) -> None:
    """Take a listener away again."""
    _listeners.remove(listener)


def announce(announcement: Announcement) -> None:
    """Tell everybody who listens."""
    for listener in tuple(_listeners):
        listener(announcement)
