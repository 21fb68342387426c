"""Who looks at the board: the rules that `people.access.can` asks. What they may do there, each verb decides itself."""

from __future__ import annotations

from typing import Any

from service_desk.people.access import rule
from service_desk.people.rules import LEADING_ROLES, Role


@rule("board.view")
def may_view(user: Any, _thing: Any) -> bool:
    """Whoever leads the desk, inspects it or keeps it running."""
    return bool(user.has_role(*LEADING_ROLES, Role.QUALITY_INSPECTOR, Role.ADMINISTRATOR, Role.AUDITOR))


@rule("board.team", "shift.sheet")
def may_view_team(user: Any, _unit: Any) -> bool:
    """Figures of single persons are for those who lead them; they also sign the change of shift."""
    return bool(user.has_role(*LEADING_ROLES))
