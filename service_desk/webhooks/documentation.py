"""The section of webhooks in the desk's OpenAPI description: each type that can be subscribed to, with its example."""

from __future__ import annotations

from typing import Any

from django.utils import translation

from service_desk.webhooks.kinds import EventKind, known

_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


def describe(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Add what the desk sends; a hook of drf-spectacular, under the name that OpenAPI 3.0 leaves for it."""
    with translation.override("en"):
        result["x-webhooks"] = {kind.code: {"post": _operation(kind)} for kind in known().values()}
    return result


def _operation(kind: EventKind) -> dict[str, Any]:
    example = {
        "id": "msg_01KB3M8Q2W7Z5T9X4R6V1N0PDC",
        "type": kind.code,
        "timestamp": "2026-11-22T02:30:00Z",
        "version": 1,
        "data": dict(kind.example),
    }
    also = f" Also as {', '.join(kind.also)}." if kind.also else ""
    return {
        "summary": str(kind.label),
        "description": f"Sent to every endpoint that has subscribed, signed by Standard Webhooks.{also}",
        "parameters": [
            {"in": "header", "name": name, "required": True, "schema": {"type": "string"}} for name in _HEADERS
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["id", "type", "timestamp", "version", "data"],
                        "properties": {
                            "id": {"type": "string", "description": "The same in every try."},
                            "type": {"type": "string", "enum": [kind.code, *kind.also]},
                            "timestamp": {"type": "string", "format": "date-time"},
                            "version": {"type": "integer"},
                            "data": {"type": "object", "additionalProperties": True},
                        },
                    },
                    "example": example,
                }
            },
        },
        "responses": {
            "2XX": {"description": "Taken."},
            "410": {"description": "The endpoint is gone and is switched off."},
        },
    }
