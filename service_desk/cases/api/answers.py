"""How cases, their timeline and their clocks are written in an answer. Numbers of callers are masked (P6)."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from service_desk.cases.models import Case, CaseEvent
from service_desk.cases.moves import why_not
from service_desk.cases.rules import MOVES, CaseKind, CaseState, Channel, EventType, Severity, WaitingFor
from service_desk.cases.ties import Ties, ties_of
from service_desk.customers.rules import mask_number
from service_desk.rest.serializers import AnswerSerializer, Moment, NamedSerializer

_LINE = (
    *("number", "subject", "severity", "state", "accepted_at", "registered_at", "late_registration"),
    *("emergency_started_at", "restored_at", "confidential", "version"),
)


class CaseLineSerializer(AnswerSerializer[Case]):
    """A case as a list shows it."""

    number = serializers.CharField()
    subject = serializers.CharField()
    customer = NamedSerializer()
    product_type = NamedSerializer()
    severity = serializers.ChoiceField(choices=Severity.choices, allow_null=True)
    state = serializers.ChoiceField(choices=CaseState.choices)
    handler = NamedSerializer()
    first_responder = NamedSerializer()
    accepted_at = Moment()
    registered_at = Moment()
    late_registration = serializers.BooleanField()
    emergency_is_running = serializers.BooleanField()
    confidential = serializers.BooleanField()
    version = serializers.IntegerField()

    @staticmethod
    def needing(cases: QuerySet[Case]) -> QuerySet[Case]:
        """The cases with the columns that a line is made of, and no others: they cost as much as the line itself."""
        people, joined = ("handler", "first_responder"), cases.query.select_related
        apart = not isinstance(joined, dict) or "handler" not in joined
        names = [] if apart else [f"{who}__{name}" for who in people for name in ("full_name", "username")]
        return cases.only(*_LINE, *people, "customer__name", "product_type__name", *names)


class AllowedMoveSerializer(serializers.Serializer[Any]):
    """One verb of a case: whether this caller may use it now and, when not, which condition is missing."""

    verb = serializers.ChoiceField(choices=[(verb, move.label) for verb, move in MOVES.items()])
    title = serializers.CharField()
    allowed = serializers.BooleanField()
    reason = serializers.CharField(allow_blank=True)


class CaseNumberField(serializers.CharField):
    """Another case by its number."""

    def to_representation(self, value: Any) -> str:
        return str(value.number)


def _number(*, many: bool = False, allow_null: bool = False) -> Any:
    if many:
        return serializers.ListField(child=CaseNumberField(), read_only=True)
    return CaseNumberField(allow_null=allow_null, read_only=True)


class TiesSerializer(AnswerSerializer[Ties]):
    """Parent, children, related and split-off cases, and those merged into this one; what the caller may know of."""

    parent = _number(allow_null=True)
    children = _number(many=True)
    split_from = _number(allow_null=True)
    split_off = _number(many=True)
    related = _number(many=True)
    merged = _number(many=True)


class CaseSerializer(CaseLineSerializer):
    """A case with everything about it, and what the caller may do with it now."""

    kind = serializers.ChoiceField(choices=CaseKind.choices)
    service_line = serializers.CharField(source="service_line_id")
    fault = serializers.CharField()
    description = serializers.CharField()
    caller_name = serializers.CharField()
    caller_phone = serializers.SerializerMethodField(help_text="Masked: 138****1234.")
    contact = serializers.IntegerField(source="contact_id", allow_null=True)
    registered_by = NamedSerializer()
    request_type = NamedSerializer(allow_null=True)
    request_values = serializers.DictField(help_text="The answers to the fields of the request type, by their keys.")
    told_once_at = Moment(allow_null=True, help_text="When the customer was told what the request type needs (C16).")
    read_back = serializers.DictField(
        help_text="Which facts were read back to the caller (C15), and why not; empty when nothing was read back."
    )
    graded_at = Moment(allow_null=True)
    waiting_for = serializers.ChoiceField(choices=WaitingFor.choices, allow_blank=True)
    emergency_started_at = Moment(allow_null=True)
    started_at = Moment(allow_null=True)
    arrived_at = Moment(allow_null=True)
    restored_at = Moment(allow_null=True)
    resolved_at = Moment(allow_null=True)
    replied_at = Moment(allow_null=True)
    ended_at = Moment(allow_null=True)
    outcome = serializers.CharField()
    reply = serializers.CharField()
    reply_channel = serializers.ChoiceField(choices=Channel.choices, allow_blank=True)
    cancel_reason = serializers.CharField()
    cycle = serializers.IntegerField(help_text="1, and one more with each reopening (D4).")
    reopened_at = Moment(allow_null=True)
    earliest_accepted_at = Moment(allow_null=True, help_text="Of a case that was merged into this one (D5).")
    progress_minutes = serializers.SerializerMethodField(
        help_text="The agreed interval of progress (C12); 0: none, null: as the policy says."
    )
    merged_into = serializers.SerializerMethodField(help_text="The number of the case that goes on for this one (D5).")
    ties = serializers.SerializerMethodField(help_text="The cases that hang together with this one, by their numbers.")
    allowed_moves = serializers.SerializerMethodField()

    @staticmethod
    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_progress_minutes(case: Case) -> int | None:
        return None if case.progress_seconds is None else case.progress_seconds // 60

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_merged_into(self, case: Case) -> str | None:
        into = self._ties(case).merged_into
        return into.number if into else None

    @extend_schema_field(TiesSerializer)
    def get_ties(self, case: Case) -> dict[str, Any]:
        return dict(TiesSerializer(self._ties(case)).data)

    def _ties(self, case: Case) -> Ties:
        context: Any = self.context
        known: dict[int, Ties] = context.setdefault("ties", {})
        if case.pk not in known:
            known[case.pk] = ties_of(case, self.context["request"].user)
        return known[case.pk]

    @staticmethod
    def get_caller_phone(case: Case) -> str:
        return mask_number(case.caller_phone) if case.caller_phone else ""

    @extend_schema_field(AllowedMoveSerializer(many=True))
    def get_allowed_moves(self, case: Case) -> list[dict[str, Any]]:
        return allowed_moves(case, self.context["request"].user)


def allowed_moves(case: Case, user: Any) -> list[dict[str, Any]]:
    """Every verb with its answer for this person now."""
    reasons = {verb: why_not(user, verb, case) for verb in MOVES}
    return [
        {"verb": verb, "title": title, "allowed": not reasons[verb], "reason": reasons[verb]}
        for verb, title in _titles(get_language())
    ]


@cache
def _titles(_language: str | None) -> tuple[tuple[str, str], ...]:
    """What each verb is called in the language of the answer."""
    return tuple((verb, str(move.label)) for verb, move in MOVES.items())


class TimelineSerializer(AnswerSerializer[CaseEvent]):
    """One line of what happened to a case."""

    id = serializers.IntegerField()
    at = Moment()
    type = serializers.ChoiceField(choices=EventType.choices)
    text = serializers.CharField()
    actor = NamedSerializer(allow_null=True)
    details = serializers.DictField(
        source="data", help_text="What the kind of event adds, such as severity or channel."
    )
