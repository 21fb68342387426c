"""The verbs of exports and of scheduled reports."""

from service_desk.reports.actions.exports import Gone, ask, cancel, delete, hand_out
from service_desk.reports.actions.schedules import pause, reschedule, resume, schedule_report, send_now, unschedule

__all__ = [
    "Gone",
    "ask",
    "cancel",
    "delete",
    "hand_out",
    "pause",
    "reschedule",
    "resume",
    "schedule_report",
    "send_now",
    "unschedule",
]
