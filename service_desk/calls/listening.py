"""Hears of calls that change, and keeps the clock of each in step, in the transaction of the change."""

from __future__ import annotations

from service_desk.calls.actions.keeping import keep
from service_desk.telephony.announcing import CallChange, listen
from service_desk.telephony.rules import CallState

_TALKED = frozenset({CallState.ANSWERED, CallState.HELD, CallState.ENDED})


def hear(change: CallChange) -> None:
    """Only what was answered, now or before, can owe a registration; of anything else nothing is asked."""
    if change.call.answered_at is not None or change.before in _TALKED:
        keep(change.call)


listen(hear)
