"""Telling the customer once, and in full, what a request type needs (一次性告知, C16)."""

from __future__ import annotations

from typing import Any

from service_desk.cases.actions.changing import changing
from service_desk.cases.models import Case, RequestType
from service_desk.cases.rules import EventType


def told_once(*, case: Case, actor: Any, version: int | None = None) -> Case:
    """The customer was told what the request type lists; the timeline keeps the lists as they are now."""
    with changing(case=case, actor=actor, verb="told_once", version=version) as change:
        change.case.told_once_at = change.now
        change.case.told_once_by = actor
        request_type = change.case.request_type
        assert request_type is not None  # noqa: S101  (a condition of the move; told to the type checker)
        change.say(EventType.TOLD_ONCE, **told(request_type))
    return change.case


def told(request_type: RequestType) -> dict[str, Any]:
    """What was told, as the timeline keeps it whatever the request type says later."""
    return {
        "request_type": request_type.name,
        "materials": request_type.material_lines,
        "steps": request_type.step_lines,
    }
