"""The cases that hang together with one, as its page and its answer by REST show them; each reader sees their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from service_desk.cases.models import Case, CaseCycle, CaseEvent, CaseLink
from service_desk.cases.present import has
from service_desk.cases.rules import Relation

#: So many are shown of each sort; a parent of a whole outage may have hundreds of children.
SHOWN = 200


@dataclass(slots=True)
class Ties:
    """What this reader may know of."""

    merged_into: Case | None = None
    merged: list[Case] = field(default_factory=list)
    parent: Case | None = None
    children: list[Case] = field(default_factory=list)
    split_from: Case | None = None
    split_off: list[Case] = field(default_factory=list)
    related: list[Case] = field(default_factory=list)
    cycles: list[CaseCycle] = field(default_factory=list)

    @property
    def any(self) -> bool:
        """Whether there is anything to show."""
        one = self.merged_into or self.parent or self.split_from
        return bool(one or self.merged or self.children or self.split_off or self.related or self.cycles)

    @property
    def open_children(self) -> list[Case]:
        """Children with work left."""
        return [child for child in self.children if child.is_open]


def tie_words(event: CaseEvent) -> str:
    """What a line of the timeline about another case, or about the interval of progress, is called; else empty."""
    data = event.data
    if "minutes" in data:
        value = _("every %(n)s min") % {"n": data["minutes"]} if data["minutes"] else _("none")
    elif "number" in data:
        relation = data.get("relation")
        value = f"{data['number']} {Relation(relation).label if relation in Relation.values else ''}".strip()
    else:
        return ""
    return _("%(label)s: %(value)s") % {"label": event.get_type_display(), "value": value}


def ties_of(case: Case, user: Any) -> Ties:
    """Two queries at most, none for a case that is known to stand alone; one more for a case that was reopened."""
    ties = Ties()
    if case.cycle > 1:
        ties.cycles = list(case.cycles.select_related("reopened_by").order_by("-cycle"))
    linked = _linked(case) if has(case, "ties") else set()
    above = {case.merged_into_id, case.parent_id, case.split_from_id} - {None}
    if not (linked or above or has(case, "kin")):
        return ties
    named = Q(merged_into=case) | Q(parent=case) | Q(split_from=case) | Q(pk__in=linked | above)
    found = Case.objects.visible_to(user).filter(named).select_related("customer", "handler").order_by("id")
    for other in found[: SHOWN * 2]:
        _place(ties, case, other, linked)
    return ties


def _linked(case: Case) -> set[int]:
    beside = CaseLink.objects.filter(Q(first=case) | Q(second=case)).values_list("first_id", "second_id")[:SHOWN]
    return {pk for pair in beside for pk in pair} - {case.pk}


def _place(ties: Ties, case: Case, other: Case, linked: set[int]) -> None:
    if other.pk == case.merged_into_id:
        ties.merged_into = other
    if other.merged_into_id == case.pk:
        ties.merged.append(other)
    if other.pk == case.parent_id:
        ties.parent = other
    if other.parent_id == case.pk:
        ties.children.append(other)
    if other.pk == case.split_from_id:
        ties.split_from = other
    elif other.split_from_id == case.pk:
        ties.split_off.append(other)
    elif other.pk in linked:
        ties.related.append(other)
