"""Of a complaint nobody is told who is not in its circle; who must be told by the ladder comes into it first (P6)."""

from __future__ import annotations

from service_desk.audit.actions import record
from service_desk.cases.models import Case, CaseBarred, CircleWhy, admit
from service_desk.cases.rules import CaseKind
from service_desk.notices import within

_ABOUT = "case:"


def tellable(case_id: int, candidates: list[int]) -> int | None:
    """The first of the candidates who is not barred from this complaint, let into its circle and recorded."""
    barred = set(CaseBarred.objects.filter(case=case_id, staff__in=candidates).values_list("staff_id", flat=True))
    told = next((pk for pk in candidates if pk not in barred), None)
    if told is not None and admit(case_id, [told], CircleWhy.LADDER):
        detail = {"staff": told, "why": str(CircleWhy.LADDER)}
        record(verb="complaint.joined", thing=f"{_ABOUT}{case_id}", actor=None, detail=detail, door="worker")
    return told


def guard(about: str, candidates: list[int]) -> int | None:
    """For every notice that goes further by itself; what is about no complaint goes where it would."""
    if not candidates:
        return None
    number = about.removeprefix(_ABOUT)
    if not about.startswith(_ABOUT) or not number.isdecimal():
        return candidates[0]
    if not Case.objects.filter(pk=int(number), kind=CaseKind.COMPLAINT).exists():
        return candidates[0]
    return tellable(int(number), candidates)


within.register(guard)
