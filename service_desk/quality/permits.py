"""Who may do what with violations and the ledger: the rules that `people.access.can` asks."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from service_desk.people.access import Decision, rule
from service_desk.people.rules import LEADING_ROLES, Role
from service_desk.quality.models import WATCHERS, Violation

_DECIDERS = LEADING_ROLES | {Role.QUALITY_INSPECTOR}


@rule("violation.view")
def may_view(user: Any, violation: Violation | None) -> bool:
    """Everybody sees what concerns them; those who watch over quality see all."""
    if violation is None or user.has_role(*WATCHERS):
        return True
    return user.pk in (violation.person_id, violation.chief_id)


@rule("violation.report", "ledger.praise")
def may_report(user: Any, _thing: Any) -> bool:
    """Whoever leads or inspects reports what was found, and praises."""
    return bool(user.has_role(*_DECIDERS))


@rule("violation.verify", "violation.dismiss", "violation.answer")
def may_decide(user: Any, violation: Violation) -> Decision | bool:
    """C4: a supervisor decides, never the person concerned nor the chief who carries it too."""
    if not user.has_role(*_DECIDERS):
        return False
    if user.pk in (violation.person_id, violation.chief_id):
        return Decision(False, _("Who carries a violation does not decide about it."))
    return True


@rule("violation.object")
def may_object(user: Any, violation: Violation) -> Decision | bool:
    """C4: the person concerned objects."""
    if user.pk == violation.person_id:
        return True
    return Decision(False, _("Only the person concerned may object."))


@rule("ledger.view")
def may_view_ledger(user: Any, _thing: Any) -> bool:
    """The whole ledger; everybody else sees their own lines."""
    return bool(user.has_role(*WATCHERS))


@rule("ledger.close", "ledger.correct")
def may_close(user: Any, _thing: Any) -> bool:
    """Inspectors and heads close a month and correct lines of closed ones (Q2)."""
    return bool(user.has_role(Role.QUALITY_INSPECTOR, Role.DEPARTMENT_HEAD))
