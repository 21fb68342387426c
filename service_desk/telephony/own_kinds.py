"""The kinds of notices that telephony sends."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from service_desk.notices.kinds import register

register(
    "phone_silent",
    subject=_("Phone system %(name)s has been silent for %(minutes)s minutes"),
    body=_(
        "Nothing has come from %(name)s since %(since)s, although it is working time.\n"
        "Look whether the phone system is up and reaches the desk; until then write calls down by hand."
    ),
)
register(
    "call_stale",
    subject=_("Calls without an end: %(count)s"),
    body=_("%(name)s never reported the end of %(count)s calls; the desk has ended them as failed."),
)
