"""What is kept of exports and of reports that are sent by themselves; figures come from the rows of other rooms."""

from service_desk.reports.models.exports import Export
from service_desk.reports.models.schedules import ReportSchedule, SentReport
from service_desk.reports.models.sums import LongSum

__all__ = ["Export", "LongSum", "ReportSchedule", "SentReport"]
