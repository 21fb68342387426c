"""Which cases findings of the language check stand in, for those who may see them (P6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from service_desk.cases.models import Case
from service_desk.knowledge.places import Place, register


def _cases(user: Any, names: Collection[str]) -> Mapping[str, Place]:
    wanted = [int(name) for name in names if name.isascii() and name.isdigit()]
    cases = Case.objects.visible_to(user).filter(pk__in=wanted).only("pk", "number", "confidential")
    return {str(case.pk): Place(case.number, case.get_absolute_url(), private=case.confidential) for case in cases}


register("case", _cases)
