"""Who may do what to a complaint: the rules that `people.access.can` asks. The circle alone knows of one (P6)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from service_desk.cases.permits import may_handle, may_lead, may_view, may_write
from service_desk.complaints.models import Complaint, Suggestion
from service_desk.complaints.rules import InstanceKind
from service_desk.people.access import Decision, rule
from service_desk.people.rules import LEADING_ROLES, READING_ROLES, Role


@rule("complaint.accept")
def may_accept(_user: Any, _thing: Any) -> bool:
    """P1: all staff accept a complaint, whatever their role; nobody may refuse it as outside their duty."""
    return True


@rule("complaint.list")
def may_list(user: Any, _thing: Any) -> bool:
    """Everybody may ask for the list; what stands in it is decided by the circles."""
    return bool(user.has_role(*READING_ROLES))


@rule("complaint.view")
def may_see(user: Any, complaint: Complaint | None) -> Decision | bool:
    """The circle (P6)."""
    return complaint is not None and bool(may_view(user, complaint.case))


@rule("complaint.clear", "complaint.identify", "complaint.suggest", "complaint.satisfaction", "complaint.dissatisfied")
def may_work(user: Any, complaint: Complaint) -> Decision | bool:
    """Whoever of the circle works on cases."""
    return may_write(user, complaint.case)


@rule("complaint.raise_level", "complaint.regulator_time", "complaint.concern", "complaint.correct")
def may_carry(user: Any, complaint: Complaint) -> Decision | bool:
    """Who holds it, who decides it, and who leads in its circle."""
    if owns_an_instance(user, complaint):
        return True
    return may_handle(user, complaint.case)


@rule("complaint.finish_correction")
def may_finish(user: Any, complaint: Complaint) -> Decision | bool:
    """The owner of a corrective action, or who carries the complaint."""
    if complaint.corrective_actions.filter(owner=user, done_at=None).exists() and may_view(user, complaint.case):
        return True
    return may_carry(user, complaint)


@rule("complaint.decide")
def may_decide(user: Any, complaint: Complaint) -> Decision | bool:
    """P5: the owner of the open instance decides; the first one belongs to who handles the complaint."""
    instance = next((one for one in complaint.instances.all() if one.is_open), None)
    first = instance is not None and instance.kind == InstanceKind.COMPLAINT
    decider = complaint.case.handler_id if first else instance and instance.owner_id
    if instance is None or (decider == user.pk and may_view(user, complaint.case)):
        return True
    return Decision(False, _("Only the person to whom this instance was given decides it."))


@rule("complaint.escalate", "complaint.appeal", "complaint.assign")
def may_escalate(user: Any, complaint: Complaint) -> Decision | bool:
    """P5: a supervisor of the circle takes it up; a dissatisfied complainant does so through whoever holds it."""
    if may_lead(user, complaint.case):
        return True
    if complaint.satisfied is False and may_handle(user, complaint.case):
        return True
    return Decision(
        False, _("A supervisor of the circle takes it to the next instance, or you do once the complainant objects.")
    )


@rule("complaint.join", "complaint.leave")
def may_change_circle(user: Any, complaint: Complaint) -> Decision | bool:
    """Who holds it, decides it or leads in its circle says who else must know of it."""
    return may_carry(user, complaint)


@rule("complaint.reveal")
def may_reveal(user: Any, complaint: Complaint) -> Decision | bool:
    """Who works on it; each look is recorded with its reason (P6)."""
    return may_write(user, complaint.case)


@rule("complaint.praise")
def may_praise(user: Any, _thing: Any) -> bool:
    """What goes into the ledger of quality is written by who leads or inspects (P10, Q2)."""
    return bool(user.has_role(*LEADING_ROLES, Role.QUALITY_INSPECTOR))


@rule("suggestion.answer")
def may_answer(user: Any, suggestion: Suggestion) -> Decision | bool:
    """P11: who leads the unit that it was sent to answers."""
    if user.pk in (suggestion.unit.section_chief_id, suggestion.unit.department_head_id):
        return True
    return Decision(False, _("Only who leads the unit answers a suggestion sent to it."))


@rule("suggestion.return")
def may_return(user: Any, suggestion: Suggestion) -> Decision | bool:
    """Whoever may write to the case tells the customer."""
    return may_write(user, suggestion.case)


def owns_an_instance(user: Any, complaint: Complaint) -> bool:
    """Whether this person decided or decides an instance of it."""
    return any(one.owner_id == user.pk for one in complaint.instances.all()) and bool(may_view(user, complaint.case))
