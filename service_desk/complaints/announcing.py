"""Tells the rooms above what became of a complaint, inside the transaction of it, without knowing those rooms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service_desk.complaints.models import Complaint, Instance
from service_desk.listeners import Listeners


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
_listeners: Listeners[Announcement] = Listeners()
listen, stop_listening, announce = _listeners.listen, _listeners.stop_listening, _listeners.announce
