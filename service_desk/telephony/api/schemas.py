"""How the phone door is described in OpenAPI: the contract's own JSON schema, written out, and its answers."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample

from service_desk.rest.problems import CONTENT_TYPE
from service_desk.telephony.problems import KINDS
from service_desk.telephony.reading import schema

Schema = dict[str, Any]
_DROPPED = frozenset({"allOf", "$schema", "$defs"})


def written_out(part: Any) -> Any:
    """The contract's schema without references and without the words that OpenAPI 3.0 does not know."""
    if isinstance(part, list):
        return [written_out(one) for one in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        target = schema()["$defs"][part["$ref"].rpartition("/")[2]]
        return {**written_out(target), **{k: v for k, v in part.items() if k != "$ref"}}
    found = {key: written_out(value) for key, value in part.items() if key not in _DROPPED}
    if "enum" in found and "type" not in found:
        found["type"] = "string"
    return found


_EVENT = written_out(schema()["$defs"]["event"])
_RECORD = written_out(schema()["$defs"]["record"])
_TEXT: Schema = {"type": "string"}
_CALL: Schema = {
    "type": "object",
    "nullable": True,
    "required": ["id", "state", "url"],
    "properties": {"id": _TEXT, "state": _TEXT, "url": _TEXT},
}
_PROBLEM: Schema = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "What clients branch on: /problems/invalid-event and others."},
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "instance": _TEXT,
        "server_time": _TEXT,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": _TEXT, "field": _TEXT, "code": _TEXT, "detail": _TEXT, "message": _TEXT},
            },
        },
    },
}
_STATUS: Schema = {"type": "string", "enum": ["accepted", "duplicate", "rejected"]}


def _result(name: str) -> Schema:
    return {
        "type": "object",
        "required": ["status"],
        "properties": {
            name: {"type": "string", "nullable": True},
            "status": _STATUS,
            "call": _CALL,
            "warnings": {"type": "array", "items": _TEXT},
            "problem": _PROBLEM,
        },
    }


def _results(name: str) -> Schema:
    return {
        "type": "object",
        "required": ["results"],
        "properties": {"results": {"type": "array", "items": _result(name)}},
    }


EVENTS_REQUEST = {
    "application/json": {
        "oneOf": [
            _EVENT,
            {
                "type": "object",
                "required": ["events"],
                "additionalProperties": False,
                "properties": {"events": {"type": "array", "minItems": 1, "maxItems": 100, "items": _EVENT}},
            },
        ]
    }
}
RECORDS_REQUEST = {
    "application/json": {
        "type": "object",
        "required": ["records"],
        "additionalProperties": False,
        "properties": {"records": {"type": "array", "minItems": 1, "maxItems": 500, "items": _RECORD}},
    }
}
EVENT_ANSWER = _result("id")
EVENT_ANSWER_OR_RESULTS: Schema = {"anyOf": [_result("id"), _results("id")]}
RECORD_RESULTS = _results("call_id")
CHECKPOINT: Schema = {
    "type": "object",
    "required": ["last_timestamp", "last_id", "open_calls"],
    "properties": {
        "last_timestamp": {"type": "string", "format": "date-time", "nullable": True},
        "last_id": {"type": "string", "nullable": True},
        "open_calls": {"type": "array", "items": _TEXT},
    },
}


class PhoneKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How a phone system's key is sent."""

    target_class = "service_desk.telephony.gate.IntegrationAuthentication"
    name = "phoneSystemKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> Schema:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "ck_live_<prefix>_<secret>"}


def answers(good: dict[int, Any]) -> dict[Any, Any]:
    """The good answers and every problem of the contract's table."""
    problems = {(status, CONTENT_TYPE): _PROBLEM for status, _title in KINDS.values()}
    return {**good, **problems}


def _event(kind: str, **data: Any) -> Schema:
    call = {"call_id": "6b01e2c344-2-1", **data}
    return {"id": f"evt_{kind}", "type": f"call.{kind}", "timestamp": "2026-11-22T02:28:48.236+08:00", "data": call}


_FROM = {"direction": "inbound", "customer_number": "013865479012"}
EVENT_EXAMPLES = [
    OpenApiExample(f"call.{body['type'].rpartition('.')[2]}", value=body, request_only=True)
    for body in (
        _event("started", **_FROM, line_number="4008001234"),
        _event("queued", queue="售后"),
        _event("ringing", **_FROM, extension="8006"),
        _event("answered", seq=3, extension="8006", ring_seconds=26.752, ring_count=6),
        _event("held", by="agent"),
        _event("resumed", by="agent"),
        _event("transferred", transfer_to="8010", transfer_kind="attended", new_call_id="6b01e2c344-2-2"),
        _event("ended", ended_by="customer", cause="normal"),
    )
]
RECORD_EXAMPLES = [
    OpenApiExample(
        "record",
        value={
            "records": [
                {
                    "call_id": "6b01e2c344-5-1",
                    "direction": "inbound",
                    "customer_number": "013835746282",
                    "started_at": "2026-11-22T02:28:40+08:00",
                    "answered_at": "2026-11-22T02:28:48+08:00",
                    "ended_at": "2026-11-22T02:31:12+08:00",
                    "extension": "8010",
                    "ended_by": "customer",
                    "cause": "normal",
                }
            ]
        },
        request_only=True,
    )
]
