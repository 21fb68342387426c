"""The data of deadlines: calendars, policies, the abstract clock, and what the engine says of itself."""

from service_desk.deadlines.models.calendars import Calendar, CalendarVersion
from service_desk.deadlines.models.clocks import ClockEvent, Deadline, Firing
from service_desk.deadlines.models.operation import Heartbeat, Incident
from service_desk.deadlines.models.policies import Policy
from service_desk.deadlines.models.rollouts import Rollout

__all__ = [
    "Calendar",
    "CalendarVersion",
    "ClockEvent",
    "Deadline",
    "Firing",
    "Heartbeat",
    "Incident",
    "Policy",
    "Rollout",
]
