"""REST, reading only: which targets are in force and which working calendars they count on (C6, D2, D8)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers

from service_desk.deadlines import api_changes
from service_desk.deadlines.models import Calendar, Policy
from service_desk.deadlines.rules import ClockKind
from service_desk.deadlines.schedule import StepKind
from service_desk.people.api import ReadersOnly
from service_desk.rest.base import DeskViewSet
from service_desk.rest.scopes import register
from service_desk.rest.serializers import WHOLE_NUMBER, FilterSerializer, Moment, checked

READ = register("deadlines:read", _("Read clocks, policies and working calendars"))


class StepSerializer(serializers.Serializer[Any]):
    """A step of a policy's ladder: when, whom, and whether it must be acknowledged."""

    code = serializers.CharField()
    at = serializers.DictField(
        child=serializers.FloatField(), help_text="One of share, after_start, after_due (seconds)."
    )
    slots = serializers.ListField(child=serializers.CharField())
    kind = serializers.ChoiceField(choices=[(kind.value, kind.value) for kind in StepKind])
    needs_ack = serializers.BooleanField(default=False)
    repeat_seconds = serializers.IntegerField(allow_null=True, default=None)


class PolicySerializer(serializers.Serializer[Policy]):
    """One target in one version."""

    id = serializers.IntegerField()
    service_line = serializers.CharField(source="service_line_id")
    subject = serializers.CharField(help_text="The kind of case.")
    severity = serializers.CharField(help_text="Empty: for every severity.")
    kind = serializers.ChoiceField(choices=ClockKind.choices)
    version = serializers.IntegerField()
    target_seconds = serializers.IntegerField(allow_null=True)
    target_working_days = serializers.IntegerField(allow_null=True)
    calendar = serializers.IntegerField(source="calendar_id", allow_null=True, help_text="Null: elapsed time.")
    may_pause = serializers.BooleanField()
    steps = serializers.SerializerMethodField()
    created_at = Moment()
    retired_at = Moment(allow_null=True)

    @staticmethod
    @extend_schema_field(StepSerializer(many=True))
    def get_steps(policy: Policy) -> Any:
        return policy.steps


class PolicyFilterSerializer(FilterSerializer):
    """The filters of the list of policies."""

    service_line = serializers.SlugField(required=False, max_length=30)
    kind = serializers.ChoiceField(required=False, choices=ClockKind.choices)
    retired = serializers.BooleanField(required=False, default=False, help_text="Show replaced versions too.")


@extend_schema_view(
    list=extend_schema(summary="Policies in force", parameters=[PolicyFilterSerializer]),
    retrieve=extend_schema(summary="A version of a policy"),
)
class PolicyViewSet(ReadersOnly, mixins.ListModelMixin, mixins.RetrieveModelMixin, DeskViewSet):
    """Targets as data; they are changed on the screen of the administrator."""

    queryset = Policy.objects.all()
    serializer_class = PolicySerializer
    lookup_value_regex = WHOLE_NUMBER
    keyset_order = ("service_line", "id")
    required_scopes = {"*": READ}

    def filter_queryset(self, queryset: Any) -> Any:
        if self.action != "list":
            return queryset
        wanted = checked(PolicyFilterSerializer, self.request.query_params)
        queryset = queryset if wanted.pop("retired") else queryset.in_force()
        return queryset.filter(**wanted)


class CalendarSerializer(serializers.Serializer[Calendar]):
    """A working calendar and its version in force."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    version = serializers.IntegerField(source="current.number", allow_null=True, default=None)
    note = serializers.CharField(source="current.note", default="")


class CalendarContentSerializer(CalendarSerializer):
    """A working calendar with its content: periods of the week, holidays, make-up days."""

    content = serializers.DictField(source="current.data", default=dict)


@extend_schema_view(
    list=extend_schema(summary="Working calendars", responses=CalendarSerializer(many=True)),
    retrieve=extend_schema(summary="A working calendar with its content", responses=CalendarContentSerializer),
)
class CalendarViewSet(ReadersOnly, mixins.ListModelMixin, mixins.RetrieveModelMixin, DeskViewSet):
    """What counts as working time."""

    queryset = Calendar.objects.none()
    lookup_value_regex = WHOLE_NUMBER
    keyset_order = ("name",)
    required_scopes = {"*": READ}

    def get_queryset(self) -> QuerySet[Calendar]:
        return Calendar.objects.select_related("current")

    def get_serializer_class(self) -> Any:
        return CalendarSerializer if self.action == "list" else CalendarContentSerializer

    def filter_queryset(self, queryset: Any) -> Any:
        if self.action == "list":
            checked(FilterSerializer, self.request.query_params)
        return queryset


router_entries = [
    ("policies", PolicyViewSet, "policy"),
    ("calendars", CalendarViewSet, "calendar"),
    *api_changes.router_entries,
]
