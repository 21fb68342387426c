"""Who may change the organisation: the rules that `people.access.can` asks."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from service_desk.people.access import Decision, rule
from service_desk.people.rules import DESK_ROLES, LEADING_ROLES, READING_ROLES, Role


@rule("roster.view", "staff.view")
def may_view(user: Any, _thing: Any) -> bool:
    """Everybody of the desk sees who is on duty and who works here."""
    return bool(user.has_role(*READING_ROLES))


@rule("roster.plan")
def may_plan(user: Any, _shift: Any) -> bool:
    """Supervisors and administrators plan who is on duty (C18)."""
    return bool(user.has_role(Role.SUPERVISOR, Role.ADMINISTRATOR))


@rule("absence.set")
def may_set_absence(user: Any, staff: Any) -> Decision | bool:
    """One's own absence, or somebody's whom one leads or administers (D10)."""
    if staff is None or staff.pk == user.pk or user.has_role(*LEADING_ROLES, Role.ADMINISTRATOR):
        return True
    return Decision(False, _("You may enter your own absence only; your chief enters those of others."))


@rule("account.own")
def may_keep_account(user: Any, staff: Any) -> bool:
    """One's own account is one's own; nobody else's."""
    return bool(staff.pk == user.pk)


@rule("staff.reveal")
def may_reveal(user: Any, _staff: Any) -> bool:
    """Whoever works on calls may have to ring the person on duty."""
    return bool(user.has_role(*DESK_ROLES, *LEADING_ROLES, Role.ADMINISTRATOR))


@rule("staff.qualify")
def may_qualify(user: Any, _staff: Any) -> bool:
    """Who may grade which product is said by those who answer for it (C2)."""
    return bool(user.has_role(Role.DEPARTMENT_HEAD, Role.ADMINISTRATOR))


@rule("staff.administer")
def may_administer(user: Any, _staff: Any) -> bool:
    """Roles, passwords and leaving are the administrator's."""
    return bool(user.has_role(Role.ADMINISTRATOR))
