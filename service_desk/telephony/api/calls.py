"""Calls as they stand now: by change number, so that a phone system can compare and another program can follow."""

from __future__ import annotations

from typing import Any

from django.core.signing import BadSignature, Signer
from django.db.models import Q
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from service_desk.people.access import require
from service_desk.rest.errors import NotFound
from service_desk.rest.serializers import Moment
from service_desk.telephony import scopes
from service_desk.telephony.api import schemas
from service_desk.telephony.api.base import SharedView
from service_desk.telephony.models import Call, settled_before
from service_desk.telephony.problems import DoorProblem, Fault
from service_desk.telephony.rules import CallState
from service_desk.telephony.seeing import calls_seen_by

_DEFAULT, _LARGEST = 50, 200
_signer = Signer(salt="telephony:calls")


class CallLineSerializer(serializers.Serializer[Call]):
    """A call; its number in full for the phone system it came from, masked for everybody else (P6)."""

    id = serializers.CharField(source="ref")
    call_id = serializers.CharField()
    integration = serializers.CharField(source="integration.name")
    state = serializers.ChoiceField(choices=CallState.choices)
    direction = serializers.CharField()
    customer_number = serializers.SerializerMethodField()
    line_number = serializers.CharField()
    queue = serializers.CharField()
    extension = serializers.CharField()
    agent_code = serializers.CharField()
    agent = serializers.SerializerMethodField()
    extensions_rung = serializers.ListField(child=serializers.CharField())
    started_at = Moment(allow_null=True)
    ringing_at = Moment(allow_null=True)
    answered_at = Moment(allow_null=True)
    ended_at = Moment(allow_null=True)
    ring_seconds = serializers.FloatField(allow_null=True)
    ring_count = serializers.IntegerField(allow_null=True)
    hold_seconds = serializers.ListField(child=serializers.FloatField())
    ended_by = serializers.CharField()
    cause = serializers.CharField()
    parent_call_id = serializers.CharField()
    transferred_to = serializers.SerializerMethodField()
    is_stale = serializers.BooleanField()
    change = serializers.IntegerField(source="change_no")
    url = serializers.SerializerMethodField()

    def get_customer_number(self, call: Call) -> str:
        return call.customer_number if self.context["in_full"] else call.masked_number

    def get_agent(self, call: Call) -> int | None:
        return call.claimed_by_id or call.agent_id

    def get_transferred_to(self, call: Call) -> list[str]:
        return [str(transfer["to"]) for transfer in call.transfers]

    def get_url(self, call: Call) -> str:
        return f"/api/v1/calls/{call.ref}"


class FactSerializer(serializers.Serializer[Any]):
    """What a call says about one rule."""

    rule = serializers.CharField()
    verdict = serializers.CharField()
    detail = serializers.JSONField()
    withdrawn_at = Moment(allow_null=True)
    note = serializers.CharField()


class CallSerializer(CallLineSerializer):
    """A call with its facts and with what its record overruled."""

    facts = FactSerializer(many=True)
    differences = serializers.JSONField()


class CallPageSerializer(serializers.Serializer[Any]):
    """A page of calls in the order of their changes, and the cursor to go on from."""

    results = CallLineSerializer(many=True)
    next = serializers.CharField(allow_null=True)


def _query(name: str, description: str, kind: type = str) -> OpenApiParameter:
    return OpenApiParameter(name, kind, OpenApiParameter.QUERY, description=description)


class CallListView(SharedView):
    """Calls in the order in which they changed."""

    required_scopes = {"get": scopes.READ}
    parameters = frozenset({"changed_after", "call_id", "state", "limit"})

    @extend_schema(
        operation_id="calls_list",
        summary="Calls in the order of their changes",
        parameters=[
            _query("changed_after", "The cursor `next` of the page before."),
            _query("call_id", "The phone system's own number of the call."),
            OpenApiParameter("state", str, enum=CallState.values),
            OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": _LARGEST, "default": _DEFAULT}),
        ],
        responses=schemas.answers({200: CallPageSerializer}),
    )
    def get(self, request: Request) -> Response:
        """One page; `next` goes on after its last row, also when there is nothing more yet."""
        after, limit = _cursor(request.query_params.get("changed_after")), _limit(request.query_params.get("limit"))
        settled = settled_before()  # first, in a statement of its own: see there
        calls = _visible(self).filter(changed_at__lt=settled, **_filters(request)).filter(_beyond(after))
        rows: Any = list(calls.select_related("integration").order_by("change_no", "id")[:limit])
        context = {"in_full": self.integration is not None}
        last = f"{rows[-1].change_no}.{rows[-1].pk}" if rows else request.query_params.get("changed_after") and after
        following = _signer.sign(last if isinstance(last, str) else f"{after[0]}.{after[1]}") if last else None
        return Response({"results": CallLineSerializer(rows, many=True, context=context).data, "next": following})


class CallView(SharedView):
    """One call."""

    required_scopes = {"get": scopes.READ}

    @extend_schema(operation_id="calls_retrieve", summary="A call", responses=schemas.answers({200: CallSerializer}))
    def get(self, request: Request, ref: str) -> Response:
        """The call with its facts."""
        call = _visible(self).select_related("integration").prefetch_related("facts").filter(ref=ref).first()
        if call is None:
            raise NotFound
        return Response(CallSerializer(call, context={"in_full": self.integration is not None}).data)


def _visible(view: SharedView) -> Any:
    """A phone system sees its own calls, staff those that no room keeps back from them (P6)."""
    if view.integration is not None:
        return Call.objects.filter(integration=view.integration)
    require(view.request.user, "call.view")
    return calls_seen_by(view.request.user)


def _filters(request: Request) -> dict[str, str]:
    found = {name: request.query_params[name] for name in ("call_id", "state") if name in request.query_params}
    if "state" in found and found["state"] not in CallState.values:
        _refuse("state", _("One of these is expected: %(values)s.") % {"values": ", ".join(CallState.values)})
    return found


def _beyond(after: tuple[int, int]) -> Q:
    number, pk = after
    return Q(change_no__gt=number) | Q(change_no=number, pk__gt=pk)


def _cursor(text: str | None) -> tuple[int, int]:
    if text is None:
        return (-1, 0)
    try:
        number, _dot, pk = _signer.unsign(text).partition(".")
        return (int(number), int(pk))
    except (BadSignature, ValueError):
        _refuse("changed_after", _("This cursor was not given out by this list."))
        raise


def _limit(text: str | None) -> int:
    if text is None:
        return _DEFAULT
    limit = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    if not 1 <= limit <= _LARGEST:
        _refuse("limit", _("The limit is a whole number from 1 to %(largest)d.") % {"largest": _LARGEST})
    return limit


def _refuse(name: str, why: str) -> None:
    raise DoorProblem("invalid-parameter", why, faults=[Fault(name, "invalid", why)])
