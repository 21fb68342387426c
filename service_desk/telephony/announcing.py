"""Tells other rooms that a call has changed, inside the transaction that changed it, without knowing those rooms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from service_desk.listeners import Listeners

if TYPE_CHECKING:
    from service_desk.telephony.models import Call, CallFact


@dataclass(frozen=True, slots=True)
class CallChange:
    """A call as it is now, and what brought it there."""

    call: Call
    before: str  # its state before; empty for a call not heard of until now
    cause: str  # the event's type, or 'record', 'claim', 'transfer_note', 'sweep', 'link'
    is_live: bool  # it is happening now: a screen may pop. Never for records, replays and what is older than 60 s
    facts: list[CallFact] = field(default_factory=list)  # those that were found, changed or withdrawn by this


_listeners: Listeners[CallChange] = Listeners()
listen, stop_listening, announce = _listeners.listen, _listeners.stop_listening, _listeners.announce
