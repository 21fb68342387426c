"""REST: calls still to register with their due times, as what a call was registered, registering it, undoing that."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from service_desk.calls import actions
from service_desk.calls.api.scopes import READ, WRITE
from service_desk.calls.models import CallDeadline, CallMessage, CallSettlement
from service_desk.calls.rules import Exemption, SettledAs
from service_desk.calls.seeing import calls_visible_to
from service_desk.cases.models import Case
from service_desk.deadlines.clock import now
from service_desk.deadlines.rules import ClockState
from service_desk.people.access import require
from service_desk.rest.base import DeskViewSet
from service_desk.rest.errors import Invalid, NotFound
from service_desk.rest.serializers import (
    FilterSerializer,
    IdField,
    Moment,
    NamedSerializer,
    StrictSerializer,
    checked,
    nothing_there,
)
from service_desk.telephony.models import Call


class SettlementSerializer(serializers.Serializer[CallSettlement]):
    """As what the call was registered; `counts_at` is when it counts as registered."""

    settled_as = serializers.ChoiceField(choices=SettledAs.choices)
    case = serializers.CharField(source="case.number", default=None, allow_null=True)
    message = serializers.IntegerField(source="message_id", allow_null=True)
    reason = serializers.ChoiceField(choices=Exemption.choices, allow_blank=True)
    words = serializers.CharField()
    by = NamedSerializer()
    settled_at = Moment()
    counts_at = Moment()
    by_transfer = serializers.SerializerMethodField(help_text="By the call it was passed on to.")
    undone_at = Moment(allow_null=True)
    undone_by = NamedSerializer(allow_null=True)
    undone_why = serializers.CharField()

    def get_by_transfer(self, settlement: CallSettlement) -> bool:
        return settlement.carried_from_id is not None


class DueRegistrationSerializer(serializers.Serializer[CallDeadline]):
    """A call that is still to be registered, with its clock."""

    call = serializers.CharField(source="call.ref")
    customer_number = serializers.CharField(source="call.masked_number")
    agent = serializers.SerializerMethodField()
    answered_at = Moment(source="call.answered_at")
    started_at = Moment(help_text="From when its time runs.")
    heard_late = serializers.BooleanField(help_text="The desk heard of the call late; the time runs from then.")
    due_at = Moment()
    breached_at = Moment(allow_null=True)
    remaining_seconds = serializers.SerializerMethodField()

    @extend_schema_field({"type": "integer", "nullable": True})
    def get_agent(self, clock: CallDeadline) -> int | None:
        return clock.call.claimed_by_id or clock.call.agent_id if clock.call else None

    @extend_schema_field({"type": "integer"})
    def get_remaining_seconds(self, clock: CallDeadline) -> int:
        return int((clock.due_at - self.context["now"]).total_seconds())


class RegistrationSerializer(serializers.Serializer[Any]):
    """How the registration of a call stands, and all that was done about it."""

    call = serializers.CharField()
    state = serializers.ChoiceField(choices=ClockState.choices, allow_null=True, help_text="Null: it owes none.")
    due_at = Moment(allow_null=True)
    breached_at = Moment(allow_null=True)
    settlement = SettlementSerializer(allow_null=True)
    history = SettlementSerializer(many=True)


class DueFilterSerializer(FilterSerializer):
    """The filters of the list."""

    whose = serializers.ChoiceField(choices=["mine", "all"], default="mine")


class SettleCallSerializer(StrictSerializer):
    """As what to register it: a case by its number, a message by its id, or the reason why no ticket is needed."""

    set_by_desk = frozenset({"by", "settled_at", "counts_at", "undone_at", "undone_by"})

    settled_as = serializers.ChoiceField(choices=SettledAs.choices)
    case = serializers.CharField(max_length=40, required=False, default="")
    message = IdField(required=False)
    reason = serializers.ChoiceField(choices=Exemption.choices, required=False, default="", allow_blank=True)
    words = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


class UndoRegistrationSerializer(StrictSerializer):
    """Why it is undone."""

    why = serializers.CharField(max_length=500)


_EXAMPLES = [
    OpenApiExample("A case", {"settled_as": "case", "case": "CALL-20261121-0007"}, request_only=True),
    OpenApiExample("A wrong number", {"settled_as": "exception", "reason": "wrong_number"}, request_only=True),
    OpenApiExample(
        "A follow-up",
        {"settled_as": "exception", "reason": "follow_up", "case": "CALL-20261121-0007"},
        request_only=True,
    ),
]


@extend_schema_view(
    list=extend_schema(
        summary="Calls still to register, the next due first",
        parameters=[DueFilterSerializer],
        responses=DueRegistrationSerializer(many=True),
    ),
    retrieve=extend_schema(summary="How the registration of a call stands", responses=RegistrationSerializer),
)
class RegistrationViewSet(mixins.ListModelMixin, DeskViewSet):
    """Every answered call is registered within 24 hours (C3, T7)."""

    serializer_class = DueRegistrationSerializer
    queryset = CallDeadline.objects.none()
    lookup_field = "ref"
    lookup_value_regex = "[0-9A-HJKMNP-TV-Z]{26}"
    keyset_order = ("due_at", "id")
    required_scopes = {"list": READ, "retrieve": READ, "*": WRITE}

    def get_queryset(self) -> Any:
        require(self.request.user, "call.view")
        return CallDeadline.objects.to_register().filter(call__in=calls_visible_to(self.request.user))

    def filter_queryset(self, queryset: Any) -> Any:
        wanted = checked(DueFilterSerializer, self.request.query_params)
        rows = queryset if wanted["whose"] == "all" else queryset.of(self.request.user)
        return rows.select_related("call")

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "now": now()}

    def retrieve(self, request: Request, ref: str) -> Response:
        """Its clock, its registration, and those that were undone."""
        checked(StrictSerializer, request.query_params)
        return Response(_state(self._call(ref)))

    @extend_schema(
        summary="Register a call", request=SettleCallSerializer, responses=RegistrationSerializer, examples=_EXAMPLES
    )
    @action(detail=True, methods=["post"])
    def settle(self, request: Request, ref: str) -> Response:
        """As a case (a complaint is one too), as a message, or as needing no ticket."""
        call, given = self._call(ref), checked(SettleCallSerializer, request.data)
        _settle(request.user, call, given)
        return Response(_state(call))

    @extend_schema(summary="Undo it", request=UndoRegistrationSerializer, responses=RegistrationSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, ref: str) -> Response:
        """The clock runs again from where it began."""
        call, given, user = self._call(ref), checked(UndoRegistrationSerializer, request.data), request.user
        actions.undo_settlement(actor=user, call=call, why=given["why"])  # type: ignore[arg-type]
        return Response(_state(call))

    def _call(self, ref: str) -> Call:
        require(self.request.user, "call.view")
        call = calls_visible_to(self.request.user).filter(ref=ref).first()
        if call is None:
            raise NotFound(_("There is no such call."))
        found: Call = call
        return found


def _settle(user: Any, call: Call, given: dict[str, Any]) -> None:
    if given["settled_as"] == SettledAs.CASE:
        case = Case.objects.visible_to(user).filter(number=given["case"].upper()).first()
        if case is None:
            raise nothing_there("case")
        actions.settle_as_case(actor=user, call=call, case=case)
    elif given["settled_as"] == SettledAs.MESSAGE:
        message = CallMessage.objects.visible_to(user).filter(pk=given.get("message") or 0).first()
        if message is None:
            raise nothing_there("message")
        actions.settle_as_message(actor=user, call=call, message=message)
    else:
        if not given["reason"]:
            raise Invalid(_("Please choose one of the values."), field="reason", code="required")
        words, case_number = given["words"], given["case"]
        actions.settle_as_exception(actor=user, call=call, reason=given["reason"], words=words, case=case_number)


def _state(call: Call) -> dict[str, Any]:
    clock = CallDeadline.objects.standing().filter(call=call).first()
    rows = list(CallSettlement.objects.filter(call=call).select_related("case", "by", "undone_by").order_by("id"))
    standing = next((row for row in rows if row.undone_at is None), None)
    return RegistrationSerializer(
        {
            "call": call.ref,
            "state": clock.state if clock else None,
            "due_at": clock.due_at if clock else None,
            "breached_at": clock.breached_at if clock else None,
            "settlement": standing,
            "history": rows,
        }
    ).data
