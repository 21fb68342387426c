"""Which parts a case has at all, learnt with the case itself: for what is not there a page asks no question."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, Manager, OuterRef, Q, QuerySet

from service_desk.cases.models import (
    Case,
    CaseFile,
    CaseLink,
    CasePause,
    CaseWatch,
    Consultation,
    CustomerReport,
    HandOver,
    Promise,
)

_OF_CASE: dict[str, type[Any]] = {
    "pauses": CasePause,
    "hand_overs": HandOver,
    "promises": Promise,
    "consultations": Consultation,
    "reports": CustomerReport,
    "files": CaseFile,
    "watches": CaseWatch,
}


def with_what_is_there(cases: QuerySet[Case], *, ties_alone: bool = False) -> QuerySet[Case]:
    """The cases, each of which then answers `has`: of all its parts, or of the cases that hang together with it."""
    case = OuterRef("pk")
    there: dict[str, Exists] = {
        "ties": Exists(CaseLink.objects.filter(Q(first=case) | Q(second=case))),
        "kin": Exists(Case.objects.filter(Q(merged_into=case) | Q(parent=case) | Q(split_from=case))),
    }
    if not ties_alone:
        there |= {name: Exists(_all(model).filter(case=case)) for name, model in _OF_CASE.items()}
    return cases.annotate(**{f"has_{name}": exists for name, exists in there.items()})


def nothing_yet(case: Case) -> Case:
    """A case that was registered this moment: it has none of it, and nobody needs to ask."""
    for name in (*_OF_CASE, "ties", "kin"):
        setattr(case, f"has_{name}", False)
    return case


def has(case: Case, part: str) -> bool:
    """Whether the case had such a part when it was read; a case that was read without knowing may have."""
    return bool(getattr(case, f"has_{part}", True))


def _all(model: type[Any]) -> QuerySet[Any]:
    manager: Manager[Any] = model._default_manager
    return manager.all()
