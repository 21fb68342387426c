"""REST: who works here and on what, who is on duty, who I am; names, units and roles, and nothing private."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from service_desk.people.access import require, rule
from service_desk.people.gaps import gaps_ahead
from service_desk.people.models import DutyShift, ProductType, Staff
from service_desk.people.rules import READING_ROLES, DutyRole, Role
from service_desk.rest.base import DeskAPIView, DeskViewSet
from service_desk.rest.models import ApiKey
from service_desk.rest.scopes import register
from service_desk.rest.serializers import (
    WHOLE_NUMBER,
    FilterSerializer,
    IdField,
    Moment,
    NamedSerializer,
    StrictSerializer,
    checked,
)

READ = register("people:read", _("Read staff, roster and product types"))


@rule("desk.read")
def may_read(user: Any, _thing: Any) -> bool:
    """Everybody with a role at the desk reads what is no secret inside the house."""
    return bool(user.has_role(*READING_ROLES))


class ReadersOnly(APIView):
    """A door for everybody of the desk; a refusal is audited like that of a verb."""

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)
        require(request.user, "desk.read")


def on_duty_now() -> ArraySubquery:
    """The duties that the person of the row has at this moment."""
    return ArraySubquery(
        DutyShift.objects.filter(staff=OuterRef("pk"), starts_at__lte=Now(), ends_at__gt=Now())
        .order_by("role")
        .values("role")
    )


class StaffSerializer(serializers.Serializer[Staff]):
    """A member of staff, without anything private."""

    id = serializers.IntegerField()
    name = serializers.CharField(source="full_name")
    unit = NamedSerializer(allow_null=True)
    roles = serializers.ListField(child=serializers.ChoiceField(choices=Role.choices))
    on_duty = serializers.ListField(child=serializers.ChoiceField(choices=DutyRole.choices))


class StaffFilterSerializer(FilterSerializer):
    """The filters of the list of staff."""

    q = serializers.CharField(required=False, max_length=80, help_text="Part of the name.")
    role = serializers.ChoiceField(required=False, choices=Role.choices)
    unit = IdField(required=False)


@extend_schema_view(
    list=extend_schema(summary="Active staff", parameters=[StaffFilterSerializer]),
    retrieve=extend_schema(summary="A member of staff"),
)
class StaffViewSet(ReadersOnly, mixins.ListModelMixin, mixins.RetrieveModelMixin, DeskViewSet):
    """Who works here: name, unit, roles, duties of this moment."""

    queryset = Staff.objects.none()
    serializer_class = StaffSerializer
    lookup_value_regex = WHOLE_NUMBER
    keyset_order = ("full_name", "id")
    required_scopes = {"*": READ}

    def get_queryset(self) -> QuerySet[Staff]:
        return Staff.objects.filter(is_active=True).select_related("unit").annotate(on_duty=on_duty_now())

    def filter_queryset(self, queryset: Any) -> Any:
        if self.action != "list":
            return queryset
        wanted = checked(StaffFilterSerializer, self.request.query_params)
        lookups = {"q": "full_name__icontains", "unit": "unit_id"}
        queryset = queryset.filter(**{lookups[name]: wanted[name] for name in lookups if name in wanted})
        return queryset.filter(roles__contains=[wanted["role"]]) if "role" in wanted else queryset


class ProductTypeSerializer(serializers.Serializer[ProductType]):
    """A type of product that customers call about."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    service_line = serializers.CharField(source="service_line_id")
    centre = NamedSerializer(allow_null=True)


class ProductTypeFilterSerializer(FilterSerializer):
    """The filters of the list of product types."""

    q = serializers.CharField(required=False, max_length=80, help_text="Part of the name.")
    service_line = serializers.SlugField(required=False, max_length=30)


@extend_schema_view(list=extend_schema(summary="Product types on offer", parameters=[ProductTypeFilterSerializer]))
class ProductTypeViewSet(ReadersOnly, mixins.ListModelMixin, DeskViewSet):
    """What a case may be about."""

    queryset = ProductType.objects.none()
    serializer_class = ProductTypeSerializer
    keyset_order = ("name",)
    required_scopes = {"*": READ}

    def get_queryset(self) -> QuerySet[ProductType]:
        return ProductType.objects.filter(is_active=True).select_related("centre")

    def filter_queryset(self, queryset: Any) -> Any:
        wanted = checked(ProductTypeFilterSerializer, self.request.query_params)
        lookups = {"q": "name__icontains", "service_line": "service_line_id"}
        return queryset.filter(**{lookups[name]: wanted[name] for name in lookups if name in wanted})


class ShiftSerializer(serializers.Serializer[DutyShift]):
    """Somebody on duty for a role from one moment to another."""

    id = serializers.IntegerField()
    role = serializers.ChoiceField(choices=DutyRole.choices)
    staff = NamedSerializer()
    starts_at = Moment()
    ends_at = Moment()


class ShiftFilterSerializer(FilterSerializer):
    """The filters of the list of shifts."""

    role = serializers.ChoiceField(required=False, choices=DutyRole.choices)
    staff = IdField(required=False)
    ends_after = Moment(required=False)
    starts_before = Moment(required=False)


class DutySerializer(serializers.Serializer[Any]):
    """One duty and who has it now; null: nobody, which is a gap."""

    role = serializers.ChoiceField(choices=DutyRole.choices)
    title = serializers.CharField()
    staff = NamedSerializer(allow_null=True)
    until = Moment(allow_null=True)


class GapSerializer(serializers.Serializer[Any]):
    """A time in which nobody has a duty."""

    role = serializers.ChoiceField(choices=DutyRole.choices)
    starts_at = Moment()
    ends_at = Moment()


class GapFilterSerializer(StrictSerializer):
    """How far ahead gaps are looked for."""

    days = serializers.IntegerField(required=False, min_value=1, max_value=92, default=14)


class RosterViewSet(ReadersOnly, DeskViewSet):
    """Who is on duty (C18)."""

    queryset = DutyShift.objects.none()
    serializer_class = ShiftSerializer
    keyset_order = ("starts_at", "id")
    required_scopes = {"*": READ}

    @extend_schema(summary="Who is on duty now, role by role", responses=DutySerializer(many=True), filters=False)
    @action(detail=False, pagination_class=None)
    def now(self, request: Request) -> Response:
        """Every role that must be filled, and its person of this moment."""
        checked(StrictSerializer, request.query_params)
        present = DutyShift.objects.filter(starts_at__lte=Now(), ends_at__gt=Now()).select_related("staff")
        by_role = {shift.role: shift for shift in present}
        duties = [
            {
                "role": role.value,
                "title": str(role.label),
                "staff": shift and shift.staff,
                "until": shift and shift.ends_at,
            }
            for role in DutyRole
            for shift in [by_role.get(role)]
        ]
        return Response(DutySerializer(duties, many=True).data)

    @extend_schema(
        summary="Shifts by their beginning", parameters=[ShiftFilterSerializer], responses=ShiftSerializer(many=True)
    )
    @action(detail=False)
    def shifts(self, request: Request) -> Response:
        """Past, present and future shifts."""
        wanted = checked(ShiftFilterSerializer, request.query_params)
        lookups = {
            "role": "role",
            "staff": "staff_id",
            "ends_after": "ends_at__gt",
            "starts_before": "starts_at__lt",
        }
        found = {lookups[name]: wanted[name] for name in lookups if name in wanted}
        rows: Any = self.paginate_queryset(DutyShift.objects.filter(**found).select_related("staff"))
        return self.get_paginated_response(ShiftSerializer(rows, many=True).data)

    @extend_schema(
        summary="Gaps ahead", parameters=[GapFilterSerializer], responses=GapSerializer(many=True), filters=False
    )
    @action(detail=False, pagination_class=None)
    def gaps(self, request: Request) -> Response:
        """The times from now on in which a role has nobody, before they happen (C18)."""
        days = checked(GapFilterSerializer, request.query_params)["days"]
        return Response(GapSerializer(gaps_ahead(timedelta(days=days)), many=True).data)


class KeyInUseSerializer(serializers.Serializer[ApiKey]):
    """The API key in use."""

    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    expires_at = Moment()


class MeSerializer(serializers.Serializer[Any]):
    """Who is calling, and what the key in use may do (null: a session, which has all the person's rights)."""

    id = serializers.IntegerField()
    username = serializers.CharField()
    name = serializers.CharField(source="full_name")
    unit = NamedSerializer(allow_null=True)
    roles = serializers.ListField(child=serializers.ChoiceField(choices=Role.choices))
    on_duty = serializers.ListField(child=serializers.ChoiceField(choices=DutyRole.choices))
    language = serializers.CharField()
    key = serializers.SerializerMethodField()

    @extend_schema_field(KeyInUseSerializer(allow_null=True))
    def get_key(self, _staff: Staff) -> Any:
        auth = self.context["request"].auth
        return KeyInUseSerializer(auth).data if isinstance(auth, ApiKey) else None


class MeView(DeskAPIView):
    """Who the caller is."""

    required_scopes = {"get": READ}

    @extend_schema(operation_id="me", summary="Who I am and what I may do", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """The person behind the session or the key."""
        checked(StrictSerializer, request.query_params)
        person = (
            Staff.objects.select_related("unit")
            .annotate(on_duty=on_duty_now())
            .get(username=request.user.get_username())
        )
        return Response(MeSerializer(person, context={"request": request}).data)


router_entries = [
    ("staff", StaffViewSet, "staff"),
    ("product-types", ProductTypeViewSet, "product-type"),
    ("roster", RosterViewSet, "roster"),
]
