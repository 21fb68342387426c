"""Clocks of cases for programs: the open ones by nearest due time, those of one case, and why each is due then."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from django.db.models import QuerySet
from django.db.models.functions import Now
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers

from service_desk.cases.api import scopes
from service_desk.cases.api.requests import ClockFilterSerializer
from service_desk.cases.models import Case, CaseDeadline
from service_desk.deadlines.hours import DayKind, SegmentKind
from service_desk.deadlines.rules import OPEN_STATES, ClockKind, ClockState
from service_desk.rest.base import DeskViewSet
from service_desk.rest.serializers import Moment, checked


class ClockSerializer(serializers.Serializer[Any]):
    """One clock of a case."""

    id = serializers.IntegerField()
    case = serializers.CharField(source="case.number")
    kind = serializers.ChoiceField(choices=ClockKind.choices)
    cycle = serializers.IntegerField()
    state = serializers.ChoiceField(choices=ClockState.choices)
    started_at = Moment()
    due_at = Moment()
    remaining_seconds = serializers.SerializerMethodField(
        help_text="Until the due time; negative when late; null while paused and when ended."
    )
    overdue = serializers.SerializerMethodField()
    breached_at = Moment(allow_null=True)
    ended_at = Moment(allow_null=True)
    policy = serializers.IntegerField(source="policy_id", help_text="The version of the policy it started with (D8).")

    @staticmethod
    def get_remaining_seconds(clock: Any) -> int | None:
        return whole(clock.remaining(clock.asked_at)) if clock.state == ClockState.RUNNING else None

    @staticmethod
    def get_overdue(clock: Any) -> bool:
        return clock.breached_at is not None or (clock.state == ClockState.RUNNING and clock.due_at < clock.asked_at)


class OpenClockSerializer(ClockSerializer):
    """One open clock, with what tells its case apart."""

    subject = serializers.CharField(source="case.subject")
    handler = serializers.IntegerField(source="case.handler_id")


class SegmentSerializer(serializers.Serializer[Any]):
    """A stretch of the way to the due time."""

    kind = serializers.ChoiceField(choices=[(kind.value, kind.value) for kind in SegmentKind])
    start = Moment()
    end = Moment()
    counted_seconds = serializers.SerializerMethodField()
    total_seconds = serializers.SerializerMethodField(help_text="Counted from the start up to the end of this one.")
    name = serializers.CharField(help_text="The holiday, the make-up day or the reason of the pause.")
    provisional = serializers.BooleanField()

    @staticmethod
    def get_counted_seconds(segment: Any) -> int:
        return whole(segment.counted)

    @staticmethod
    def get_total_seconds(segment: Any) -> int:
        return whole(segment.total)


class DaySerializer(serializers.Serializer[Any]):
    """A local day on the way to the N-th working day."""

    day = serializers.DateField()
    kind = serializers.ChoiceField(choices=[(kind.value, kind.value) for kind in DayKind])
    counted = serializers.BooleanField()
    number = serializers.IntegerField()
    closes_at = Moment(allow_null=True)
    name = serializers.CharField()
    provisional = serializers.BooleanField()


class ExplanationSerializer(serializers.Serializer[Any]):
    """Why a clock is due when it is (D9)."""

    target_seconds = serializers.SerializerMethodField()
    target_working_days = serializers.IntegerField(source="target.working_days", allow_null=True)
    started_at = Moment()
    due_at = Moment(allow_null=True, help_text="Null while the clock is paused.")
    remaining_seconds = serializers.SerializerMethodField(help_text="What is left to count while it is paused.")
    provisional = serializers.BooleanField(help_text="The calendar on the way is not officially known yet.")
    segments = SegmentSerializer(many=True)
    days = DaySerializer(many=True)

    @staticmethod
    def get_target_seconds(explanation: Any) -> int | None:
        return whole(explanation.target.duration) if explanation.target.duration is not None else None

    @staticmethod
    def get_remaining_seconds(explanation: Any) -> int:
        return whole(explanation.remaining)


def whole(span: timedelta) -> int:
    """Seconds without fractions, rounded down."""
    return span // timedelta(seconds=1)


def clocks_of(case: Case) -> QuerySet[Any]:
    """The clocks of one case in the order in which they fall due, with the database's present time."""
    clocks: QuerySet[Any] = CaseDeadline.objects.filter(case=case).annotate(asked_at=Now()).select_related("case")
    return clocks.order_by("cycle", "due_at", "id")


@extend_schema_view(
    list=extend_schema(
        summary="Open clocks by nearest due time",
        parameters=[ClockFilterSerializer],
        responses=OpenClockSerializer(many=True),
    )
)
class ClockViewSet(mixins.ListModelMixin, DeskViewSet):
    """The open clocks of the cases that the caller may see (P6)."""

    queryset = CaseDeadline.objects.none()
    serializer_class = OpenClockSerializer
    keyset_order = ("due_at", "id")
    required_scopes = {"*": scopes.CLOCKS}

    def get_queryset(self) -> QuerySet[Any]:
        seen = Case.objects.visible_to(self.request.user)
        found = CaseDeadline.objects.filter(case__in=seen, state__in=OPEN_STATES)
        return cast("QuerySet[Any]", found.annotate(asked_at=Now()).select_related("case"))

    def filter_queryset(self, queryset: Any) -> Any:
        wanted = checked(ClockFilterSerializer, self.request.query_params)
        if "due_before" in wanted:
            queryset = queryset.filter(due_at__lt=wanted["due_before"])
        if "handler" in wanted:
            queryset = queryset.filter(case__handler=wanted["handler"])
        return queryset
