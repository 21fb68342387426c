"""The REST doors of complaints."""

from service_desk.complaints.api.suggestions import SuggestionViewSet
from service_desk.complaints.api.views import ComplaintViewSet

router_entries = [
    ("complaints", ComplaintViewSet, "complaint"),
    ("suggestions", SuggestionViewSet, "suggestion"),
]

__all__ = ["router_entries"]
