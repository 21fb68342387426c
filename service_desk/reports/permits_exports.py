"""Who may take which list along, and have reports sent: the rules that `people.access.can` asks."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from service_desk.people.access import Decision, can, rule
from service_desk.people.rules import LEADING_ROLES, READING_ROLES, Role


@rule("call.export", "complaint.export", "promise.export")
def may_export(user: Any, _thing: Any) -> bool:
    """Whoever has the list takes it along; its rows and numbers stay what they may see (P6)."""
    return bool(user.has_role(*READING_ROLES))


@rule("violation.export")
def may_export_violations(user: Any, _thing: Any) -> bool:
    """Everybody sees at least the violations that concern them."""
    return bool(can(user, "violation.view"))


@rule("call.export_numbers", "customer.export_numbers")
def may_export_numbers(user: Any, _thing: Any) -> Decision | bool:
    """P6: telephone numbers leave the desk in full only with somebody who leads, for a reason that is recorded."""
    return bool(user.has_role(*LEADING_ROLES)) or Decision(
        False, _("Only a supervisor may take telephone numbers along in full.")
    )


@rule("apikey.export", "audit.export")
def may_export_as_administrator(user: Any, _thing: Any) -> bool:
    """Administrators alone have the pages of keys and of the trail, which keep from them what is confidential."""
    return bool(user.has_role(Role.ADMINISTRATOR))


@rule("export.approve")
def may_approve(user: Any, approval: Any) -> Decision | bool:
    """The privacy officer and the administrators, but never who asked (four eyes)."""
    if approval is not None and approval.asked_by_id == user.pk:
        return Decision(False, _("Somebody else approves what you have asked for."))
    return bool(can(user, "privacy.decide"))


@rule("report.schedule")
def may_schedule(user: Any, _thing: Any) -> bool:
    """Whoever may read a report may have it sent; it is asked again each time one is written."""
    return bool(can(user, "report.view"))
