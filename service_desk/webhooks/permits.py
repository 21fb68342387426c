"""Who may set up webhooks: the rule that `people.access.can` asks."""

from __future__ import annotations

from typing import Any

from service_desk.people.access import rule
from service_desk.people.rules import Role


@rule("webhook.administer")
def may_administer(user: Any, _thing: Any) -> bool:
    """What leaves the house, and where to, is the administrator's."""
    return bool(user.has_role(Role.ADMINISTRATOR))
