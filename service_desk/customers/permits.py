"""Who may do what with customers: the rules that `people.access.can` asks."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from service_desk.people.access import Decision, rule
from service_desk.people.models import GuardRule
from service_desk.people.rules import DESK_ROLES, LEADING_ROLES, READING_ROLES, Role


@rule("customer.view")
def may_view(user: Any, _customer: Any) -> bool:
    """Everybody of the desk finds and reads customers; their numbers stay masked."""
    return bool(user.has_role(*READING_ROLES))


@rule("customer.add")
def may_add(user: Any, _thing: Any) -> bool:
    """Whoever takes calls meets new customers."""
    return bool(user.has_role(*DESK_ROLES, *LEADING_ROLES, Role.ADMINISTRATOR))


@rule("customer.reveal")
def may_reveal(user: Any, _number: Any) -> bool:
    """A number in full is for those who call it; each look is recorded with its reason."""
    return bool(user.has_role(*DESK_ROLES, *LEADING_ROLES))


@rule("privacy.ask", "privacy.view")
def may_ask(user: Any, _customer: Any) -> bool:
    """Whoever a customer turns to takes down what they ask about their data; nobody sends them elsewhere."""
    return bool(user.has_role(*DESK_ROLES, *LEADING_ROLES, Role.ADMINISTRATOR)) or is_officer(user)


@rule("privacy.decide")
def may_decide(user: Any, _thing: Any) -> Decision | bool:
    """The privacy officer answers, and the administrators."""
    return bool(user.has_role(Role.ADMINISTRATOR) or is_officer(user)) or Decision(
        False, _("The privacy officer or an administrator decides this.")
    )


@rule("privacy.rule")
def may_set_rule(user: Any, _thing: Any) -> bool:
    """How long data are kept is the administrator's."""
    return bool(user.has_role(Role.ADMINISTRATOR))


def is_officer(user: Any) -> bool:
    """Whether this is the privacy officer."""
    return bool(GuardRule.in_force().officer_id == user.pk)
