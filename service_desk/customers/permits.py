"""Who may do what with customers: the rules that `people.access.can` asks."""

from __future__ import annotations

from typing import Any

from service_desk.people.access import rule
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
