"""Who sits at which extension: told by the phone system itself, or by an administrator's program."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from service_desk.people.access import require
from service_desk.people.models import Staff
from service_desk.rest.clean import DeskJSONParser
from service_desk.rest.errors import NotFound
from service_desk.rest.pagination import KeysetPagination
from service_desk.rest.serializers import IdField, Moment, StrictSerializer, checked, nothing_there
from service_desk.telephony import scopes
from service_desk.telephony.actions import add_extension, end_extension
from service_desk.telephony.api import schemas
from service_desk.telephony.api.base import SharedView
from service_desk.telephony.models import Extension, Integration


class ExtensionSerializer(serializers.Serializer[Extension]):
    """Somebody at a phone, from when to when."""

    id = serializers.IntegerField()
    integration = serializers.CharField(source="integration.name")
    extension = serializers.CharField()
    staff = serializers.IntegerField(source="staff_id")
    agent_code = serializers.CharField()
    valid_from = Moment()
    valid_to = Moment(allow_null=True)


class NewExtensionSerializer(StrictSerializer):
    """A phone is given to somebody; without `staff` the agent's code must be a user name."""

    set_by_desk = frozenset({"id"})

    integration = serializers.CharField(
        max_length=80, required=False, help_text="The name; a phone system's own if left out."
    )
    extension = serializers.CharField(max_length=32)
    staff = IdField(required=False)
    agent_code = serializers.CharField(max_length=64, required=False, allow_blank=True, default="")
    valid_from = Moment(required=False, allow_null=True, default=None)
    valid_to = Moment(required=False, allow_null=True, default=None)


class EndExtensionSerializer(StrictSerializer):
    """Until when the phone is this person's."""

    valid_to = Moment()


class ExtensionPageSerializer(serializers.Serializer[Any]):
    """A page of extensions."""

    results = ExtensionSerializer(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


class ExtensionBase(SharedView):
    """What both addresses share."""

    parser_classes = [DeskJSONParser]
    required_scopes = {
        "get": scopes.READ_EXTENSIONS,
        "post": scopes.WRITE_EXTENSIONS,
        "patch": scopes.WRITE_EXTENSIONS,
    }
    http_method_names = ["get", "head", "post", "patch"]
    keyset_order = ("-id",)

    def visible(self) -> Any:
        """A phone system sees its own, administrators all."""
        rows = Extension.objects.select_related("integration")
        if self.integration is not None:
            return rows.filter(integration=self.integration)
        require(self.request.user, "telephony.administer")
        return rows

    @property
    def actor(self) -> Staff | None:
        """Who does it; None when the phone system does."""
        person = self.request.user
        return person if self.integration is None and isinstance(person, Staff) else None


class ExtensionListView(ExtensionBase):
    """Extensions, newest first."""

    parameters = frozenset({"limit", "after", "before"})

    @extend_schema(
        operation_id="extensions_list",
        summary="Who sits at which extension, newest entry first",
        parameters=[
            OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}),
            OpenApiParameter("after", str),
            OpenApiParameter("before", str),
        ],
        responses=schemas.answers({200: ExtensionPageSerializer}),
    )
    def get(self, request: Request) -> Response:
        """One page."""
        pages = KeysetPagination()
        rows: Any = pages.paginate_queryset(self.visible(), request, self)
        return pages.get_paginated_response(ExtensionSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="extensions_create",
        summary="Give an extension to somebody",
        request=NewExtensionSerializer,
        responses=schemas.answers({201: ExtensionSerializer}),
    )
    def post(self, request: Request) -> Response:
        """No two people at one extension at the same time."""
        given = checked(NewExtensionSerializer, request.data)
        row = add_extension(
            actor=self.actor,
            integration=self._integration(given.get("integration")),
            extension=given["extension"],
            staff=_staff(given),
            agent_code=given["agent_code"],
            valid_from=given["valid_from"],
            valid_to=given["valid_to"],
        )
        return Response(ExtensionSerializer(row).data, status=201)

    def _integration(self, name: str | None) -> Integration:
        if self.integration is not None:
            if name not in (None, self.integration.name):
                raise nothing_there("integration")
            return self.integration
        require(self.request.user, "telephony.administer")
        found = Integration.objects.filter(name=name or "").first()
        if found is None:
            raise nothing_there("integration")
        return found


class ExtensionView(ExtensionBase):
    """One entry."""

    @extend_schema(
        operation_id="extensions_retrieve",
        summary="An entry",
        parameters=[OpenApiParameter("id", {"type": "integer", "minimum": 1}, OpenApiParameter.PATH)],
        responses=schemas.answers({200: ExtensionSerializer}),
    )
    def get(self, request: Request, pk: int) -> Response:
        """The entry."""
        return Response(ExtensionSerializer(self._row(pk)).data)

    @extend_schema(
        operation_id="extensions_end",
        summary="Say until when the extension is this person's",
        request=EndExtensionSerializer,
        responses=schemas.answers({200: ExtensionSerializer}),
    )
    def patch(self, request: Request, pk: int) -> Response:
        """End it."""
        found, given = self._row(pk), checked(EndExtensionSerializer, request.data)
        row = end_extension(actor=self.actor, extension=found, at=given["valid_to"])
        return Response(ExtensionSerializer(row).data)

    def _row(self, pk: int) -> Extension:
        found: Extension | None = self.visible().filter(pk=pk).first() if pk < 2**63 else None
        if found is None:
            raise NotFound
        return found


def _staff(given: dict[str, Any]) -> Staff:
    field = "staff" if "staff" in given else "agent_code"
    active = Staff.objects.filter(is_active=True)
    found = active.filter(pk=given["staff"]) if field == "staff" else active.filter(username=given["agent_code"])
    person = found.first()
    if person is None:
        raise nothing_there(field)
    return person
