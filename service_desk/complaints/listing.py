"""The questions that the list of complaints asks: each begins with what this person may see (P6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Exists, OuterRef, Q

from service_desk.cases.rules import OPEN_STATES
from service_desk.complaints.models import Complaint, Instance
from service_desk.complaints.models.complaint import ComplaintQuerySet

OPEN = "open"
_COLUMNS = {"stage": "stage", "level": "case__level", "channel": "channel"}


def find(user: Any, filters: Mapping[str, Any]) -> ComplaintQuerySet:
    """The complaints of this person's circles that fit."""
    found = Complaint.objects.visible_to(user).for_page().select_related("about_staff", "about_unit")
    for name, column in _COLUMNS.items():
        if filters.get(name):
            found = found.filter(**{column: filters[name]})
    if state := filters.get("state"):
        found = found.filter(case__state__in=OPEN_STATES if state == OPEN else [state])
    if unit := filters.get("unit"):
        found = found.filter(Q(about_unit=unit) | Q(about_staff__unit=unit))
    if filters.get("mine"):
        owned = Instance.objects.filter(complaint=OuterRef("pk"), owner=user)
        found = found.filter(Q(case__handler=user) | Exists(owned))
    return found
