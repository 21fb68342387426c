"""Files of a case for programs: sent as multipart, listed, fetched, withdrawn."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from service_desk.cases.actions.filing import attach, take_back, too_large
from service_desk.cases.api import scopes
from service_desk.cases.api.reports import CASE_IN_PATH, ROW_IN_PATH, OfCase
from service_desk.cases.downloads import content_of
from service_desk.cases.models import CaseEvent, CaseFile, CustomerReport
from service_desk.cases.rules import FilePurpose
from service_desk.rest.clean import CleanMultiPartParser, DeskJSONParser
from service_desk.rest.serializers import (
    IdField,
    Moment,
    NamedSerializer,
    StrictSerializer,
    checked,
    nothing_there,
)


class FileSerializer(serializers.Serializer[CaseFile]):
    """A file of a case."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    content_type = serializers.CharField(help_text="By its content.")
    size = serializers.IntegerField(help_text="In bytes, as it is kept: pictures are drawn anew.")
    sha256 = serializers.CharField()
    purpose = serializers.ChoiceField(choices=FilePurpose.choices)
    report = serializers.IntegerField(source="report_id", allow_null=True)
    note = serializers.IntegerField(source="note_id", allow_null=True, help_text="The line of the timeline.")
    uploaded_by = NamedSerializer()
    uploaded_at = Moment()
    scan = serializers.CharField(
        help_text="What the virus scanner says: blank (there is none), waiting, clean, infected."
    )
    virus = serializers.CharField(help_text="What it found.")
    withdrawn_at = Moment(allow_null=True)
    withdrawn_by = NamedSerializer(allow_null=True)
    withdrawn_reason = serializers.CharField()


class UploadSerializer(StrictSerializer):
    """One file, and what it is for."""

    file = serializers.FileField(allow_empty_file=True, max_length=400)
    purpose = serializers.ChoiceField(choices=FilePurpose.choices, required=False, default=FilePurpose.ATTACHMENT)
    report = IdField(required=False, help_text="A report of this case.")
    note = IdField(required=False, help_text="A note of this case: its number in the timeline.")


class TakeBackSerializer(StrictSerializer):
    """Why the file is withdrawn."""

    reason = serializers.CharField(max_length=500)


@extend_schema_view(
    list=extend_schema(summary="Files of a case, newest first", parameters=[CASE_IN_PATH]),
    retrieve=extend_schema(summary="What is known of a file", parameters=[CASE_IN_PATH, ROW_IN_PATH]),
)
class FileViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, OfCase):
    """Files of a case."""

    queryset = CaseFile.objects.none()
    serializer_class = FileSerializer
    keyset_order = ("-id",)
    required_scopes = {
        **dict.fromkeys(("list", "retrieve", "content"), scopes.READ),
        **dict.fromkeys(("create", "withdraw"), scopes.WRITE),
    }

    def get_parsers(self) -> list[Any]:
        # Asked for before DRF knows the action.
        method = getattr(self.request, "method", None) or ""
        wanted = getattr(self, "action", None) or getattr(self, "action_map", {}).get(method.lower())
        return [CleanMultiPartParser()] if wanted == "create" else [DeskJSONParser()]

    def get_queryset(self) -> QuerySet[Any]:
        return CaseFile.objects.filter(case=self.case()).select_related("uploaded_by", "withdrawn_by")

    @extend_schema(
        summary="Add a file to a case",
        parameters=[CASE_IN_PATH],
        request={"multipart/form-data": UploadSerializer},
        responses={201: FileSerializer},
    )
    def create(self, request: Request, number: str) -> Response:
        """The content decides what it is; the same content again answers with the file that is there."""
        given, case = checked(UploadSerializer, request.data), self.case()
        upload = given["file"]
        if upload.size > settings.FILE_MAX_BYTES:
            raise too_large(upload.size)
        tied = {name: self._of_case(model, given, name) for name, model in _TIED.items() if name in given}
        file = attach(
            case=case,
            actor=request.user,
            content=upload.read(),
            name=upload.name,
            purpose=given["purpose"],
            **tied,
        )
        where = self.reverse_action("detail", [number, file.pk])
        return Response(FileSerializer(file).data, status.HTTP_201_CREATED, headers={"Location": where})

    @extend_schema(
        summary="The content of a file",
        parameters=[CASE_IN_PATH, ROW_IN_PATH],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    @action(detail=True, pagination_class=None)
    def content(self, request: Request, number: str, pk: str) -> HttpResponse:
        """Of a confidential case each download is recorded (P6)."""
        checked(StrictSerializer, request.query_params)
        file = self.get_object()
        file.case = self.case()
        return content_of(file, request.user)

    @extend_schema(
        summary="Withdraw a file",
        parameters=[CASE_IN_PATH, ROW_IN_PATH],
        request=TakeBackSerializer,
        responses=FileSerializer,
    )
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, number: str, pk: str) -> Response:
        """It is kept but not shown any more."""
        given = checked(TakeBackSerializer, request.data)
        file = self.get_object()
        file.case = self.case()
        return Response(FileSerializer(take_back(file=file, actor=request.user, reason=given["reason"])).data)

    def _of_case(self, model: Any, given: dict[str, Any], name: str) -> Any:
        found = model.objects.filter(case__number=self.kwargs["number"], pk=given[name]).first()
        if found is None:
            raise nothing_there(name, _("Look it up under the case."))
        return found


_TIED = {"report": CustomerReport, "note": CaseEvent}
