"""Who may set up phone systems and read calls: the rules that `people.access.can` asks."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from service_desk.people.access import Decision, rule
from service_desk.people.rules import DESK_ROLES, LEADING_ROLES, READING_ROLES, Role


@rule("telephony.administer")
def may_administer(user: Any, _thing: Any) -> bool:
    """Keys, secrets and extensions are the administrator's."""
    return bool(user.has_role(Role.ADMINISTRATOR))


@rule("call.view")
def may_view(user: Any, _call: Any) -> bool:
    """Everybody of the desk sees that there was a call; its number is masked (P6)."""
    return bool(user.has_role(*READING_ROLES))


@rule("call.claim")
def may_claim(user: Any, call: Any) -> Decision | bool:
    """An answered call that is nobody's may be taken by whoever works on calls."""
    if not user.has_role(*DESK_ROLES, *LEADING_ROLES):
        return False
    if call is not None and call.responsible is not None:
        return Decision(False, _("This call is %(name)s's already.") % {"name": call.responsible})
    return True


@rule("call.note_transfer")
def may_note(user: Any, call: Any) -> Decision | bool:
    """Name and matter are noted by whoever holds the call, or by a chief."""
    if user.has_role(*LEADING_ROLES) or call is None or call.responsible is None or call.responsible == user:
        return bool(user.has_role(*DESK_ROLES, *LEADING_ROLES))
    return Decision(False, _("Only who holds the call notes what goes with its transfer."))


@rule("call.by_hand")
def may_write_down(user: Any, _thing: Any) -> bool:
    """Whoever takes calls writes down those of which no phone system tells."""
    return bool(user.has_role(*DESK_ROLES, *LEADING_ROLES))


@rule("call.handle")
def may_handle(user: Any, call: Any) -> Decision | bool:
    """Answer, hold, resume and end are pressed by whose call it is; a ringing one by whoever is at the desk."""
    if not user.has_role(*DESK_ROLES, *LEADING_ROLES):
        return False
    if call is None or call.responsible is None or call.responsible == user:
        return True
    return Decision(False, _("This call is %(name)s's already.") % {"name": call.responsible})
