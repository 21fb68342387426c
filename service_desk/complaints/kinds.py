"""The words of the notices of complaints; they name the number and nothing of the matter (P6)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from service_desk.notices.kinds import register

_BODY = _("Confidential: open it at the desk to read it.")


def register_all() -> None:
    """Make the kinds known; called once when the room is ready."""
    for code, subject in {
        "complaint_major": _("%(number)s: a major complaint, please acknowledge"),
        "complaint_yours": _("%(number)s: you are asked to decide"),
        "complaint_escalated": _("%(number)s: taken to the next instance"),
        "complaint_decided": _("%(number)s: decided"),
        "complaint_dissatisfied": _("%(number)s: the complainant is not satisfied, another solution is due"),
        "complaint_circle": _("%(number)s: you were called in"),
        "complaint_corrective": _("%(number)s: a corrective action is yours"),
        "complaint_nobody": _("%(number)s: nobody can be found who may decide it"),
    }.items():
        register(code, subject=subject, body=_BODY)
    register(
        "suggestion_sent",
        subject=_("A customer's suggestion for %(unit)s"),
        body=_("%(text)s\nPlease answer it; the answer goes back to the customer."),
    )
    register(
        "suggestion_answered",
        subject=_("%(unit)s has answered a customer's suggestion"),
        body=_("%(answer)s\nPlease return the answer to the customer."),
    )
