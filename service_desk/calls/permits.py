"""Who registers calls, takes messages and answers them: the rules that `people.access.can` asks."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from service_desk.calls.models import CallMessage, CallSettlement
from service_desk.people.access import Decision, rule
from service_desk.people.rules import DESK_ROLES, LEADING_ROLES, READING_ROLES


@rule("call.settle")
def may_settle(user: Any, call: Any) -> Decision | bool:
    """Whose call it is, or somebody who leads; a call that is nobody's is registered by whoever works on calls."""
    if user.has_role(*LEADING_ROLES) or call is None or call.responsible is None or call.responsible == user:
        return bool(user.has_role(*DESK_ROLES, *LEADING_ROLES))
    return Decision(
        False, _("This call is %(name)s's, who registers it; or a supervisor does.") % {"name": call.responsible}
    )


@rule("call.unsettle")
def may_unsettle(user: Any, call: Any) -> Decision | bool:
    """Whose call it is, who registered it, or somebody who leads."""
    if user.has_role(*LEADING_ROLES) or call.responsible == user:
        return True
    if CallSettlement.objects.standing().filter(call=call, by=user).exists():
        return True
    return Decision(False, _("Only who registered the call, whose call it is, or a supervisor may undo this."))


@rule("message.take")
def may_take(user: Any, _message: Any) -> bool:
    """Whoever answers the telephone takes messages (C14)."""
    return bool(user.has_role(*DESK_ROLES, *LEADING_ROLES))


@rule("message.view")
def may_view_messages(user: Any, _message: Any) -> bool:
    """Everybody of the house has messages; which rows, `visible_to` says."""
    return bool(user.has_role(*READING_ROLES))


@rule("message.acknowledge", "message.answer")
def may_answer(user: Any, message: CallMessage) -> Decision | bool:
    """Whom it is for, who stands in for them, or somebody who leads."""
    if user.has_role(*LEADING_ROLES) or CallMessage.objects.for_me(user).filter(pk=message.pk).exists():
        return True
    return Decision(False, _("Only whom the message is for, their deputy or a supervisor may do this."))


@rule("message.reveal")
def may_reveal(user: Any, message: CallMessage) -> Decision | bool:
    """P6: the number is shown to who is to call back, each look recorded."""
    return may_answer(user, message)
