"""What phone systems post: events as they happen, records afterwards; and the checkpoint from which to go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response

from service_desk.audit.context import current
from service_desk.deadlines.clock import now
from service_desk.rest.serializers import Moment
from service_desk.telephony import scopes
from service_desk.telephony.actions import Receipt, note_refusal, receive_event, receive_record
from service_desk.telephony.api import schemas
from service_desk.telephony.api.base import PhoneView
from service_desk.telephony.drivers import driver_of
from service_desk.telephony.drivers.base import Item
from service_desk.telephony.drivers.native import NativeDriver
from service_desk.telephony.models import Call, CallEvent, Integration
from service_desk.telephony.problems import DoorProblem
from service_desk.telephony.reading import MOST_RECORDS, items_of, read_event, read_record
from service_desk.telephony.rules import RecordStatus

_MOST_OPEN = 500
Take = Callable[[Item, str], tuple[dict[str, Any], Receipt]]


class DeliveringView(PhoneView):
    """Takes items one by one: never all or nothing."""

    required_scopes = {"post": scopes.WRITE}

    def body(self, allowed: frozenset[str]) -> tuple[bytes, str]:
        """The raw bytes and their media type."""
        request = self.request._request
        media_type = (request.content_type or "").lower()
        if media_type not in allowed:
            raise UnsupportedMediaType(media_type or "-", _("Send %(types)s.") % {"types": ", ".join(sorted(allowed))})
        return request.body, media_type

    def each(self, items: Sequence[Item], take: Take, at: str) -> Response:
        """Every item by itself, with what became of it."""
        results: list[dict[str, Any]] = []
        for number, item in enumerate(items):
            try:
                names, receipt = take(item, f"{at}/{number}")
            except DoorProblem as problem:
                self._log_item(item, problem)
                results.append({**_named(item), "status": str(RecordStatus.REJECTED), "problem": problem.body()})
            else:
                results.append({**names, **_outcome(receipt)})
        return Response({"results": results})

    def _log_item(self, item: Item, problem: DoorProblem) -> None:
        note_refusal(
            integration_id=_caller(self.request).pk,
            status=problem.status,
            problem=problem.kind,
            detail="; ".join([str(problem.detail), *(f"{f.pointer}: {f.detail}" for f in problem.faults[:5])]),
            message_id=str(_named(item).get("id", "")),
            ip=current().ip,
        )


class CallEventsView(DeliveringView):
    """Events of calls, in the form of the phone system's kind."""

    @extend_schema(
        operation_id="call_events_create",
        summary="Report one event of a call, or up to 100",
        description="Repeats, gaps and any order are no faults. A vendor's own form is read by the system's driver.",
        request=schemas.EVENTS_REQUEST,
        responses=schemas.answers({200: schemas.EVENT_ANSWER_OR_RESULTS, 202: schemas.EVENT_ANSWER}),
        examples=schemas.EVENT_EXAMPLES,
    )
    def post(self, request: Request, key: str = "") -> Response:
        """Take what came: one event is answered by itself, a batch item by item."""
        integration = _caller(request)
        driver = driver_of(integration.kind)
        raw, media_type = self.body(driver.media_types)
        delivery = driver.read(raw, media_type, now)
        if delivery.records or not delivery.events:
            return self.each(delivery.records, lambda item, at: _take_record(integration, item, at), "/records")
        if delivery.is_batch:
            return self.each(delivery.events, lambda item, at: _take_event(integration, item, at), "/events")
        names, receipt = _take_event(integration, delivery.events[0], "")
        status = 202 if receipt.status == RecordStatus.ACCEPTED else 200
        return Response({**names, **_outcome(receipt)}, status=status)


class CallRecordsView(DeliveringView):
    """Records of whole calls, which fill and overrule what the events said."""

    @extend_schema(
        operation_id="call_records_create",
        summary="Report up to 500 whole calls, after an outage or at the end of the day",
        request=schemas.RECORDS_REQUEST,
        responses=schemas.answers({200: schemas.RECORD_RESULTS}),
        examples=schemas.RECORD_EXAMPLES,
    )
    def post(self, request: Request) -> Response:
        """Take the records one by one."""
        integration = _caller(request)
        raw, _media_type = self.body(NativeDriver.media_types)
        found, _is_batch = items_of(NativeDriver.json(raw), "records", MOST_RECORDS)
        items = [Item(one) for one in found]
        return self.each(items, lambda item, at: _take_record(integration, item, at), "/records")


class CheckpointView(PhoneView):
    """Where a phone system goes on after an outage."""

    required_scopes = {"get": scopes.WRITE}

    @extend_schema(
        operation_id="call_events_checkpoint",
        summary="The last event that the desk has, and the calls of which it knows no end",
        responses=schemas.answers({200: schemas.CHECKPOINT}),
    )
    def get(self, request: Request) -> Response:
        """By the phone system's own time of the event."""
        integration = _caller(request)
        last = CallEvent.objects.filter(integration=integration).order_by("-received_at", "-id").first()
        open_calls = Call.objects.filter(integration=integration).open().order_by("-last_heard_at", "-id")
        return Response(
            {
                "last_timestamp": Moment().to_representation(last.timestamp) if last else None,
                "last_id": last.event_id if last else None,
                "open_calls": list(open_calls.values_list("call_id", flat=True)[:_MOST_OPEN]),
            }
        )


def _caller(request: Request) -> Integration:
    """The phone system; the door lets nobody else through."""
    caller: Any = request.auth
    found: Integration = caller
    return found


def _take_event(integration: Integration, item: Item, at: str) -> tuple[dict[str, Any], Receipt]:
    event = read_event(item.native, at, item.original)
    return {"id": event.id}, receive_event(integration=integration, event=event)


def _take_record(integration: Integration, item: Item, at: str) -> tuple[dict[str, Any], Receipt]:
    record = read_record(item.native, at)
    return {"call_id": record.call_id}, receive_record(integration=integration, record=record)


def _outcome(receipt: Receipt) -> dict[str, Any]:
    call = receipt.call
    shown = {"id": call.ref, "state": str(call.state), "url": f"/api/v1/calls/{call.ref}"} if call else None
    return {"status": str(receipt.status), "call": shown, "warnings": list(receipt.warnings)}


def _named(item: Item) -> dict[str, Any]:
    """The item's own name, as far as it has one that can be shown."""
    given = item.native if isinstance(item.native, dict) else {}
    name = "id" if "id" in given or "call_id" not in given else "call_id"
    value = given.get(name)
    return {name: value if isinstance(value, str) and len(value) <= 250 else None}
