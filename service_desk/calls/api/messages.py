"""REST: messages for somebody absent: taken, listed, acknowledged, answered (C14)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from service_desk.calls import actions
from service_desk.calls.api.scopes import READ_MESSAGES, WRITE_MESSAGES
from service_desk.calls.models import CallMessage
from service_desk.calls.rules import MessageState
from service_desk.calls.seeing import calls_visible_to
from service_desk.cases.api.requests import StaffField
from service_desk.customers.models import Customer
from service_desk.people.access import require
from service_desk.people.second_step import demand_proof
from service_desk.rest.base import DeskViewSet
from service_desk.rest.errors import Invalid
from service_desk.rest.serializers import (
    WHOLE_NUMBER,
    FilterSerializer,
    IdField,
    Moment,
    NamedSerializer,
    StrictSerializer,
    checked,
    nothing_there,
)


class MessageSerializer(serializers.Serializer[CallMessage]):
    """A message; its number masked, `number` shows it and is recorded."""

    id = serializers.IntegerField()
    state = serializers.ChoiceField(choices=MessageState.choices)
    call = serializers.CharField(source="call.ref", default=None, allow_null=True)
    for_whom = NamedSerializer()
    relayed_to = NamedSerializer(allow_null=True)
    from_name = serializers.CharField()
    from_number = serializers.CharField(source="masked_number")
    customer = NamedSerializer(allow_null=True)
    matter = serializers.CharField()
    call_back_by = Moment(allow_null=True)
    taken_by = NamedSerializer()
    taken_at = Moment()
    acknowledged_by = NamedSerializer(allow_null=True)
    acknowledged_at = Moment(allow_null=True)
    done_by = NamedSerializer(allow_null=True)
    done_at = Moment(allow_null=True)
    outcome = serializers.CharField()


class NewMessageSerializer(StrictSerializer):
    """What the caller left."""

    set_by_desk = frozenset({"taken_by", "taken_at", "relayed_to", "acknowledged_at", "done_at", "state"})

    for_whom = StaffField(help_text="The number of the member of staff whom the caller asked for.")
    from_name = serializers.CharField(max_length=80)
    from_number = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    matter = serializers.CharField(max_length=2000)
    call_back_by = Moment(required=False, allow_null=True, default=None, help_text="A promise, with its clock.")
    customer = IdField(required=False, allow_null=True, default=None)
    call = serializers.RegexField(
        "^[0-9A-HJKMNP-TV-Z]{26}$", required=False, default="", help_text="This call is registered by the message."
    )


class MessageFilterSerializer(FilterSerializer):
    """The filters of the list."""

    show = serializers.ChoiceField(choices=["mine", "relayed", "all"], default="mine")
    done = serializers.BooleanField(default=False, help_text="Answered ones too.")


class MessageOutcomeSerializer(StrictSerializer):
    """What was said when the caller was called back."""

    outcome = serializers.CharField(max_length=2000)


class MessageNumberSerializer(serializers.Serializer[Any]):
    """A number in full."""

    number = serializers.CharField()


@extend_schema_view(
    list=extend_schema(summary="Messages, newest first", parameters=[MessageFilterSerializer]),
    retrieve=extend_schema(summary="A message"),
)
class MessageViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, DeskViewSet):
    """Messages for somebody who was absent when a caller asked for them."""

    serializer_class = MessageSerializer
    queryset = CallMessage.objects.none()
    lookup_value_regex = WHOLE_NUMBER
    keyset_order = ("-id",)
    required_scopes = {"list": READ_MESSAGES, "retrieve": READ_MESSAGES, "*": WRITE_MESSAGES}

    def get_queryset(self) -> Any:
        require(self.request.user, "message.view")
        return CallMessage.objects.visible_to(self.request.user).select_related(
            "call", "for_whom", "relayed_to", "customer", "taken_by", "acknowledged_by", "done_by"
        )

    def filter_queryset(self, queryset: Any) -> Any:
        if self.action != "list":
            return queryset
        wanted = checked(MessageFilterSerializer, self.request.query_params)
        user = self.request.user
        if wanted["show"] != "all":
            queryset = queryset.for_me(user) if wanted["show"] == "mine" else queryset.relayed_by(user)
        return queryset if wanted["done"] else queryset.open()

    @extend_schema(summary="Take a message", request=NewMessageSerializer, responses={201: MessageSerializer})
    def create(self, request: Request) -> Response:
        """It is relayed at once, and repeated until it is acknowledged."""
        given, user = checked(NewMessageSerializer, request.data), request.user
        ref, customer = given.pop("call"), given.pop("customer")
        call = calls_visible_to(user).filter(ref=ref).first() if ref else None
        if ref and call is None:
            raise nothing_there("call")
        if customer is not None and (customer := Customer.objects.filter(pk=customer).first()) is None:
            raise nothing_there("customer")
        data = actions.NewMessage(**given, customer=customer)
        message = actions.take_message(actor=user, data=data, call=call)  # type: ignore[arg-type]
        there = self.reverse_action("detail", [message.pk])
        return Response(self._data(message), status.HTTP_201_CREATED, headers={"Location": there})

    @extend_schema(summary="Acknowledge it", request=None, responses=MessageSerializer)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: Any = None) -> Response:
        """Doing it again changes nothing."""
        user: Any = request.user
        return Response(self._data(actions.acknowledge_message(actor=user, message=self.get_object())))

    @extend_schema(summary="The caller was called back", request=MessageOutcomeSerializer, responses=MessageSerializer)
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: Any = None) -> Response:
        """A promise is kept by it if its time is not over."""
        user: Any = request.user
        given = checked(MessageOutcomeSerializer, request.data)
        return Response(self._data(actions.answer_message(actor=user, message=self.get_object(), **given)))

    @extend_schema(summary="Its number in full", request=None, responses=MessageNumberSerializer)
    @action(detail=True, methods=["post"])
    def number(self, request: Request, pk: Any = None) -> Response:
        """For who calls back; each look is recorded (P6)."""
        demand_proof(request)
        user: Any = request.user
        number = actions.reveal_number(actor=user, message=self.get_object())
        if not number:
            raise Invalid(_("The caller left no number."), field="from_number", code="none")
        return Response({"number": number})

    def _data(self, message: CallMessage) -> Any:
        return MessageSerializer(self.get_queryset().get(pk=message.pk)).data
