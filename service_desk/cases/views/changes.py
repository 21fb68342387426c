"""What happened to a case while somebody was writing: said above the form, before it is sent and after a refusal."""

from __future__ import annotations

from dataclasses import dataclass

from service_desk.cases.models import Case, CaseEvent
from service_desk.cases.timeline import event_title

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody did to the case while this person was typing."""

    event: CaseEvent
    title: str


def changes_since(case: Case, seen: int | None) -> list[Change]:
    """What happened after the event `seen`, oldest first."""
    if seen is None:
        return []
    events = case.events.filter(pk__gt=seen).select_related("actor").order_by("at", "id")[:_SHOWN]
    return [Change(event, event_title(event)) for event in events]
