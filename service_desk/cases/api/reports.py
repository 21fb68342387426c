"""Reports to the customer for programs (C8): written as a draft, submitted, read, fetched as PDF."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from service_desk.cases.actions.reporting import save_report, submit_report
from service_desk.cases.api import scopes
from service_desk.cases.downloads import pdf_response
from service_desk.cases.models import Case, CustomerReport
from service_desk.cases.papers import PAPERS, Entry, EntryKind
from service_desk.cases.rules import Channel, DemandedReport, ReportState
from service_desk.rest.base import DeskViewSet
from service_desk.rest.errors import Conflict
from service_desk.rest.etags import EtagMixin
from service_desk.rest.serializers import WHOLE_NUMBER, Moment, NamedSerializer, StrictSerializer, checked

#: The case in the address of what belongs to it.
CASE_IN_PATH = OpenApiParameter("number", str, OpenApiParameter.PATH, description="The number of the case.")
ROW_IN_PATH = OpenApiParameter("id", int, OpenApiParameter.PATH, pattern=f"^{WHOLE_NUMBER}$")


class ReportSerializer(serializers.Serializer[CustomerReport]):
    """One revision of a report."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=DemandedReport.choices)
    revision = serializers.IntegerField()
    state = serializers.ChoiceField(choices=ReportState.choices)
    superseded = serializers.BooleanField(help_text="Whether a later revision has been submitted.")
    data = serializers.DictField(help_text="The answers by name.")  # type: ignore[assignment]  # DRF: no attribute
    changed_by = NamedSerializer()
    changed_at = Moment()
    submitted_at = Moment(allow_null=True)
    submitted_by = NamedSerializer(allow_null=True)
    channel = serializers.ChoiceField(choices=Channel.choices, allow_blank=True)
    recipient = serializers.CharField()
    version = serializers.IntegerField()


def _described(entry: Entry) -> str:
    kind = {
        EntryKind.MOMENT: "moment with its offset from UTC",
        EntryKind.ROWS: f"list of rows with {', '.join(name for name, _label in entry.columns)}",
        EntryKind.CHOICE: f"one of {', '.join(entry.choices.values)}" if entry.choices else "",
    }.get(entry.kind, f"text of at most {entry.limit} characters")
    return f"{entry.key} ({kind}{'' if entry.required else '; optional'})"


_ANSWERS = " ".join(
    f"Of {kind}: {'; '.join(_described(entry) for entry in paper.entries)}." for kind, paper in PAPERS.items()
)


class ReportDraftSerializer(StrictSerializer):
    """What is written so far; the whole of it, each time."""

    kind = serializers.ChoiceField(choices=DemandedReport.choices)
    data = serializers.DictField(help_text=_ANSWERS)  # type: ignore[assignment]  # DRF: no attribute


class ChangedDraftSerializer(StrictSerializer):
    """The whole of the answers anew."""

    data = serializers.DictField(help_text=_ANSWERS)  # type: ignore[assignment]  # DRF: no attribute


class SubmissionSerializer(StrictSerializer):
    """By what way and to whom the report was given."""

    channel = serializers.ChoiceField(choices=Channel.choices)
    recipient = serializers.CharField(max_length=120)
    override = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=200,
        default="",
        help_text="A supervisor's reason why it is sent although the language check stops it.",
    )


class OfCase(DeskViewSet):
    """What belongs to one case that the caller may see; 404 alike for any other (P6)."""

    lookup_value_regex = WHOLE_NUMBER

    def case(self) -> Case:
        """The case of the address."""
        found: Case = get_object_or_404(Case.objects.visible_to(self.request.user), number=self.kwargs["number"])
        return found


@extend_schema_view(
    list=extend_schema(summary="Reports of a case, newest first", parameters=[CASE_IN_PATH]),
    retrieve=extend_schema(summary="One revision of a report", parameters=[CASE_IN_PATH, ROW_IN_PATH]),
)
class ReportViewSet(EtagMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, OfCase):
    """Reports to the customer."""

    queryset = CustomerReport.objects.none()
    serializer_class = ReportSerializer
    keyset_order = ("-id",)
    if_match_actions = frozenset({"partial_update", "submit"})
    required_scopes = {
        **dict.fromkeys(("list", "retrieve", "pdf"), scopes.READ),
        **dict.fromkeys(("create", "partial_update", "submit"), scopes.WRITE),
    }

    def get_queryset(self) -> QuerySet[Any]:
        rows = CustomerReport.objects.filter(case=self.case()).with_successor()
        return rows.select_related("submitted_by", "changed_by")

    @extend_schema(
        summary="Begin the draft of a report",
        parameters=[CASE_IN_PATH],
        request=ReportDraftSerializer,
        responses={201: ReportSerializer},
    )
    def create(self, request: Request, number: str) -> Response:
        """After a submitted report it is the next revision; while there is a draft it is refused."""
        given = checked(ReportDraftSerializer, request.data)
        case = self.case()
        if case.reports.filter(kind=given["kind"], state=ReportState.DRAFT).exists():
            raise Conflict(_("There is a draft of this report already."), remedy=_("Change that one."))
        report = save_report(case=case, actor=request.user, kind=given["kind"], data=given["data"], version=0)
        return self._answer(
            report, status.HTTP_201_CREATED, Location=self.reverse_action("detail", [number, report.pk])
        )

    @extend_schema(
        summary="Change the draft of a report",
        parameters=[CASE_IN_PATH, ROW_IN_PATH],
        request=ChangedDraftSerializer,
        responses=ReportSerializer,
    )
    def partial_update(self, request: Request, number: str, pk: str) -> Response:
        """The whole of the answers; a submitted report is never changed (C8)."""
        report = self._draft()
        data = checked(ChangedDraftSerializer, request.data)["data"]
        return self._answer(
            save_report(
                case=self.case(), actor=request.user, kind=report.kind, data=data, version=self._version(report)
            )
        )

    @extend_schema(
        summary="Submit a report to the customer",
        parameters=[CASE_IN_PATH, ROW_IN_PATH],
        request=SubmissionSerializer,
        responses=ReportSerializer,
    )
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, number: str, pk: str) -> Response:
        """Record that the customer has it; every answer that the customer must read has to be there."""
        report = self._draft()
        given = checked(SubmissionSerializer, request.data)
        version = self._version(report)
        return self._answer(
            submit_report(case=self.case(), actor=request.user, kind=report.kind, version=version, **given)
        )

    @extend_schema(
        summary="A report as PDF",
        parameters=[CASE_IN_PATH, ROW_IN_PATH],
        responses={(200, "application/pdf"): OpenApiTypes.BINARY},
    )
    @action(detail=True, pagination_class=None)
    def pdf(self, request: Request, number: str, pk: str) -> HttpResponse:
        """The document in Chinese, as the customer reads it."""
        checked(StrictSerializer, request.query_params)
        report = self.get_object()
        report.case = Case.objects.visible_to(request.user).get(pk=report.case_id)
        self._shown_version = None
        return pdf_response(report)

    def _draft(self) -> CustomerReport:
        report: CustomerReport = self.get_object()
        if not report.is_draft:
            raise Conflict(
                _("The report was submitted; it never changes."),
                remedy=_("Begin a new draft: it is the next revision."),
            )
        return report

    def _version(self, report: CustomerReport) -> int:
        """The version that the change was made from; with `*` whatever there is now."""
        expected = self.expected_version
        return report.version if expected is None else int(expected)

    def _answer(self, report: CustomerReport, code: int = status.HTTP_200_OK, **headers: str) -> Response:
        self.show_version(report.version)
        return Response(self.get_serializer(self.get_queryset().get(pk=report.pk)).data, code, headers=headers)
