"""Who may do what to a case: the rules that `people.access.can` asks."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from service_desk.cases.models import Case, CaseFile, NoteTemplate
from service_desk.cases.models.note_templates import TemplateScope
from service_desk.cases.rules import DEEDS, MOVES, CaseState, HandOverState, is_complaint
from service_desk.kept import keep
from service_desk.people.access import Decision, rule
from service_desk.people.models import Qualification
from service_desk.people.rules import DESK_ROLES, LEADING_ROLES, READING_ROLES, Role

#: Verbs with a rule of their own; the rest belongs to the holder and to those who lead.
_OWN_RULES = frozenset(
    {
        "grade",
        "note",
        "told_once",
        "tell",
        "observe",
        "cancel",
        "accept",
        "decline",
        "answer",
        "ask",
        "promise",
        "keep",
        "postpone",
        "reopen",
        "link",
        "interval",
    }
)


@rule("case.view")
def may_view(user: Any, case: Case | None) -> Decision | bool:
    """Everybody of the desk reads every case but a confidential one, which its holders and its circle read (P6)."""
    if case is None:
        return bool(user.has_role(*READING_ROLES))
    if case.confidential:
        return _holds(user, case) or user.pk in case.inner_circle
    return _holds(user, case) or bool(user.has_role(*READING_ROLES))


@rule("case.watch")
def may_watch(user: Any, case: Case) -> Decision | bool:
    """Whoever may see a case may be told of what happens to it."""
    return bool(may_view(user, case))


@rule("note_template.use")
def may_use_templates(user: Any, _thing: Any) -> bool:
    """Whoever writes to cases keeps templates for it."""
    return bool(user.has_role(*DESK_ROLES, *LEADING_ROLES))


@rule("note_template.share")
def may_share_templates(user: Any, _thing: Any) -> bool:
    """What many write is settled by those who lead."""
    return bool(user.has_role(*LEADING_ROLES))


@rule("note_template.change")
def may_change_template(user: Any, template: NoteTemplate) -> bool:
    """One's own; a shared one everybody who leads keeps in order."""
    if template.owner_id == user.pk:
        return bool(user.has_role(*DESK_ROLES, *LEADING_ROLES))
    return template.scope != TemplateScope.OWN and bool(user.has_role(*LEADING_ROLES))


@rule("stages.view")
def may_view_stage_sums(user: Any, _thing: Any) -> bool:
    """D6: whose minutes they were is for those who lead, and for those who inspect."""
    return bool(user.has_role(*LEADING_ROLES, Role.QUALITY_INSPECTOR))


@rule("case.register")
def may_register(user: Any, _thing: Any) -> bool:
    """Whoever takes calls registers them (C3)."""
    return bool(user.has_role(*DESK_ROLES, *LEADING_ROLES))


@rule("case.accept", "case.decline")
def may_decide(user: Any, case: Case) -> Decision | bool:
    """C5: the receiver accepts or declines, nobody else."""
    if case.hand_overs.filter(state=HandOverState.PROPOSED, receiver=user).exists():
        return True
    return Decision(False, _("Only the person to whom the case is offered may do this."))


@rule("case.answer")
def may_answer(user: Any, case: Case) -> Decision | bool:
    """C2: the expert who was asked answers."""
    if case.consultations.filter(answered_at=None, expert=user).exists():
        return True
    return Decision(False, _("Only the expert who was asked may answer."))


@rule("case.ask")
def may_ask(user: Any, case: Case) -> Decision | bool:
    """C2: the first responder asks, and still does the grading."""
    if case.first_responder_id == user.pk:
        return True
    return Decision(False, _("Only the first responder asks an expert, and then grades."))


@rule("case.promise", "case.keep", "case.postpone")
def may_promise(user: Any, case: Case) -> Decision | bool:
    """Whoever may write to the customer's case may promise and keep (C11)."""
    return may_write(user, case)


@rule("case.grade")
def may_grade(user: Any, case: Case) -> Decision | bool:
    """C2: the first responder grades, and only one who is qualified for the product type."""
    if case.first_responder_id != user.pk:
        return Decision(False, _("Only the first responder grades the severity."))
    if not is_qualified(user, case.product_type_id) and not case.consultations.exclude(answered_at=None).exists():
        return Decision(
            False, _("You are not qualified to grade this product type; ask an expert of the product centre.")
        )
    return True


@rule("case.note", "case.tell", "case.observe", "case.reopen", "case.link", "case.interval")
def may_write(user: Any, case: Case) -> Decision | bool:
    """Whoever works on calls may add to a case they may read."""
    if not may_view(user, case):
        return Decision(False, _("There is no such case for you."))
    return bool(_holds(user, case) or user.has_role(*DESK_ROLES, *LEADING_ROLES))


@rule("case.told_once")
def may_tell_once(user: Any, case: Case) -> Decision | bool:
    """C16: whoever may write to the case, if its request type has materials or steps to tell."""
    if case.request_type is not None and not case.request_type.tells:
        return Decision(False, _("This request type has nothing to tell once."))
    return may_write(user, case)


@rule(*(f"case.{verb}" for verb in DEEDS))
def may_do(user: Any, case: Case) -> Decision | bool:
    """Reports, files and articles: whoever may write to the case; the engineer who was there need not hold it."""
    return may_write(user, case)


@rule("file.take_back")
def may_take_back(user: Any, file: CaseFile) -> Decision | bool:
    """A file is withdrawn by whoever brought it, or by somebody who leads."""
    if file.uploaded_by_id == user.pk or may_lead(user, file.case):
        return True
    return Decision(False, _("Only the person who added the file or a supervisor may withdraw it."))


def may_lead(user: Any, case: Case) -> bool:
    """Whether this person leads and may know of the case."""
    return bool(may_view(user, case) and user.has_role(*LEADING_ROLES))


@rule(*(f"case.{verb}" for verb in MOVES if verb not in _OWN_RULES))
def may_handle(user: Any, case: Case) -> Decision | bool:
    """The holder moves a case, or somebody who leads; first asked is responsible (C5)."""
    if _holds(user, case) or may_lead(user, case):
        return True
    return Decision(False, _("Only the handler, the first responder or a supervisor may do this."))


@rule("case.cancel")
def may_cancel(user: Any, case: Case) -> Decision | bool:
    """A case that was worked on is cancelled by somebody who leads; a fresh one by its holder."""
    if may_lead(user, case):
        return True
    if _holds(user, case) and case.state == CaseState.REGISTERED:
        return True
    return Decision(False, _("Once work has started only a supervisor may cancel."))


@rule("request_type.edit")
def may_edit_request_types(user: Any, _thing: Any) -> bool:
    """Request types and their fields are the administrators'."""
    return bool(user.has_role(Role.ADMINISTRATOR))


@rule("request_type.view")
def may_view_request_types(user: Any, _thing: Any) -> bool:
    """Whoever reads cases may read what their request types ask and tell."""
    return bool(user.has_role(*READING_ROLES))


@rule("view.save", "case.export")
def may_list(user: Any, _thing: Any) -> bool:
    """Whoever has a list of cases may keep views of it and take it along; rows and numbers stay what they may see."""
    return bool(user.has_role(*READING_ROLES))


@rule("view.change")
def may_change_view(user: Any, view: Any) -> Decision | bool:
    """A shared view is used by many and changed by its owner."""
    return view.owner_id == user.pk or Decision(False, _("Only its owner may change this view."))


@rule("view.share")
def may_share_view(user: Any, _view: Any) -> Decision | bool:
    """What stands in everybody's list is put there by somebody who leads."""
    return bool(user.has_role(*LEADING_ROLES)) or Decision(False, _("Only a supervisor shares views."))


@rule("case.export_numbers")
def may_export_numbers(user: Any, _thing: Any) -> Decision | bool:
    """P6: telephone numbers leave the desk in full only with somebody who leads, for a reason that is recorded."""
    return bool(user.has_role(*LEADING_ROLES)) or Decision(
        False, _("Only a supervisor may take telephone numbers along in full.")
    )


@rule("case.administer")
def may_administer(user: Any, _case: Any) -> bool:
    """The administration of cases reads; what it shows never changes here."""
    return bool(user.has_role(Role.ADMINISTRATOR))


def is_qualified(user: Any, product_type_id: int) -> bool:
    """Whether this person may grade faults of this product type (C2)."""
    return user.pk is not None and bool(_qualifications(user.pk, product_type_id))


@keep
def _qualifications(person: int, product_type: int) -> QuerySet[Qualification]:
    return Qualification.objects.filter(staff_id=person, product_type_id=product_type)[:1]


def _holds(user: Any, case: Case) -> bool:
    """Who holds it; of a complaint only while in its circle: it may be about the one who received it (P7)."""
    if user.pk not in (case.handler_id, case.first_responder_id):
        return False
    return not is_complaint(case) or user.pk in case.inner_circle
