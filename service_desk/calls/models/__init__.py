"""The data of calls as the desk sees them: what they were registered as, by when, and messages for the absent."""

from service_desk.calls.models.clocks import CallClockEvent, CallDeadline
from service_desk.calls.models.messages import CallMessage
from service_desk.calls.models.pops import CallPop, Withdrawn
from service_desk.calls.models.settling import CallSettlement
from service_desk.calls.models.sounds import RingSound

__all__ = ["CallClockEvent", "CallDeadline", "CallMessage", "CallPop", "CallSettlement", "RingSound", "Withdrawn"]
