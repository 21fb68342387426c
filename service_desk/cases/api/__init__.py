"""The REST doors of the desk: cases, one address per verb, their timeline and their clocks."""

from service_desk.cases.api.articles import CaseArticleViewSet, SearchViewSet
from service_desk.cases.api.clocks import ClockViewSet
from service_desk.cases.api.files import FileViewSet
from service_desk.cases.api.reports import ReportViewSet
from service_desk.cases.api.request_types import RequestTypeViewSet
from service_desk.cases.api.stage_sums import StageSumViewSet
from service_desk.cases.api.views import CaseViewSet

router_entries = [
    ("cases", CaseViewSet, "case"),
    ("cases/(?P<number>[^/]{1,40})/reports", ReportViewSet, "case-report"),
    ("cases/(?P<number>[^/]{1,40})/files", FileViewSet, "case-file"),
    ("cases/(?P<number>[^/]{1,40})/articles", CaseArticleViewSet, "case-article"),
    ("search", SearchViewSet, "search"),
    ("deadlines", ClockViewSet, "deadline"),
    ("minutes", StageSumViewSet, "minutes"),
    ("request-types", RequestTypeViewSet, "request-type"),
]

__all__ = ["router_entries"]
