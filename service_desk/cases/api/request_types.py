"""The request types with their fields, so that a program knows what a registration of each must answer."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers

from service_desk.cases.api import scopes
from service_desk.cases.models import RequestField, RequestType
from service_desk.cases.rules import DemandedReport, FieldKind
from service_desk.people.access import require
from service_desk.rest.base import DeskViewSet
from service_desk.rest.serializers import WHOLE_NUMBER, FilterSerializer, checked


class RequestFieldSerializer(serializers.Serializer[RequestField]):
    """One field: answer it in `request_values` under its key."""

    key = serializers.CharField()
    name = serializers.CharField()
    name_en = serializers.CharField()
    kind = serializers.ChoiceField(choices=FieldKind.choices)
    required = serializers.BooleanField()  # type: ignore[assignment]  # a declared field, taken off the class
    choices = serializers.ListField(source="choice_lines", child=serializers.CharField())
    lowest = serializers.DecimalField(max_digits=14, decimal_places=4, allow_null=True, coerce_to_string=False)
    highest = serializers.DecimalField(max_digits=14, decimal_places=4, allow_null=True, coerce_to_string=False)
    help = serializers.CharField()
    is_active = serializers.BooleanField(help_text="A retired field is no longer answered; old answers stay.")


class RequestTypeSerializer(serializers.Serializer[RequestType]):
    """A sort of request: its fields, what the customer is told once (C16), and the report that closes it (C8)."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    name_en = serializers.CharField()
    service_line = serializers.CharField(source="service_line_id", allow_null=True)
    report = serializers.ChoiceField(choices=DemandedReport.choices, allow_blank=True)
    materials = serializers.ListField(source="material_lines", child=serializers.CharField())
    steps = serializers.ListField(source="step_lines", child=serializers.CharField())
    is_active = serializers.BooleanField()
    fields_asked = RequestFieldSerializer(source="fields", many=True)


@extend_schema_view(
    list=extend_schema(summary="Request types with their fields", responses=RequestTypeSerializer(many=True)),
    retrieve=extend_schema(summary="One request type with its fields", responses=RequestTypeSerializer),
)
class RequestTypeViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, DeskViewSet):
    """What may be asked of the desk, and what each sort of request needs."""

    queryset = RequestType.objects.none()
    serializer_class = RequestTypeSerializer
    lookup_value_regex = WHOLE_NUMBER
    keyset_order = ("order", "id")
    required_scopes = dict.fromkeys(("list", "retrieve"), scopes.READ)

    def get_queryset(self) -> Any:
        require(self.request.user, "request_type.view")
        if self.action == "list":
            checked(FilterSerializer, self.request.query_params)
        return RequestType.objects.prefetch_related("fields")
