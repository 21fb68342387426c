"""Names the cases whose clocks a change of policy or calendar would move, for those who may know of them (P6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from service_desk.cases.models import Case, CaseDeadline
from service_desk.deadlines import preview
from service_desk.deadlines.preview import Subject


def naming(clocks: Sequence[int], user: Any) -> Mapping[int, Subject]:
    """Number, subject and holder of the cases of these clocks; one query."""
    rows = CaseDeadline.objects.filter(pk__in=clocks, case__in=Case.objects.visible_to(user)).values_list(
        "pk", "case__number", "case__subject", "case__handler__full_name"
    )
    return {pk: Subject(number, subject, holder, f"/cases/{number}/") for pk, number, subject, holder in rows}


def visible(clocks: Sequence[int], user: Any) -> set[int]:
    """Those of these clocks whose cases the person may know of; one query."""
    rows = CaseDeadline.objects.filter(pk__in=clocks, case__in=Case.objects.visible_to(user))
    return set(rows.values_list("pk", flat=True))


preview.register(CaseDeadline, naming, visible)
