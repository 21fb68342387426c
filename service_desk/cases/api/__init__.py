"""The REST doors of the desk: cases, one address per verb, their timeline and their clocks."""

from service_desk.cases.api.views import CaseViewSet

router_entries = [("cases", CaseViewSet, "case")]

__all__ = ["router_entries"]
