"""The verbs of exports and of scheduled reports."""

from service_desk.reports.actions.exports import Gone, ask, cancel, delete, hand_out

__all__ = ["Gone", "ask", "cancel", "delete", "hand_out"]
