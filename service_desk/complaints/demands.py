"""What a complaint demands of the moves of its case (P2, P5, P8), in words; triggers hold the same."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from service_desk.cases.rules import CaseKind, register_demand
from service_desk.complaints.models import Clear, CorrectiveAction, Instance
from service_desk.complaints.rules import empty_clears, names_of


def why_not(verb: str, case: Any) -> Promise | str | None:
    """Why this move of a complaint's case is not possible yet, or None."""
    if verb in ("resolve", "close") and _undecided(case.pk):
        return _("The instance has not decided yet.")
    if verb != "close":
        return None
    empty = empty_clears(set(Clear.objects.filter(complaint=case.pk).values_list("clear", flat=True)))
    if empty:
        return _("Of the five clears these are empty: %(names)s.") % {"names": names_of(empty)}
    if CorrectiveAction.objects.filter(complaint=case.pk, done_at=None).exists():
        return _("A corrective action is not done yet.")
    if case.complaint.satisfied is False:
        return _("The complainant is not satisfied: find another solution, or take it to the next instance.")
    return None


def _undecided(pk: int) -> bool:
    return Instance.objects.filter(complaint=pk, decided_at=None, passed_on_at=None).exists()


def register() -> None:
    """Hand the demands to the table of moves; called once when the room is ready."""
    register_demand(CaseKind.COMPLAINT, why_not)
