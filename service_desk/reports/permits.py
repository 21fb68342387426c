"""Who may see figures over time: the rules that `people.access.can` asks."""

from __future__ import annotations

from typing import Any

from service_desk.people.access import rule
from service_desk.people.rules import LEADING_ROLES, Role


@rule("report.view")
def may_view_reports(user: Any, _thing: Any) -> bool:
    """Those who lead, inspect, administer or audit; each counts only what they may see anyway."""
    return bool(user.has_role(*LEADING_ROLES, Role.QUALITY_INSPECTOR, Role.ADMINISTRATOR, Role.AUDITOR))


@rule("report.view_people")
def may_view_people(user: Any, _thing: Any) -> bool:
    """Figures of single persons are for those who lead, and for those who inspect (as the minutes of D6 are)."""
    return bool(user.has_role(*LEADING_ROLES, Role.QUALITY_INSPECTOR))
