"""The words of the notices about calls still to register and about messages; filled in in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from service_desk.notices.kinds import register


def _local(text: object) -> str:
    if not text:
        return "–"
    return datetime.fromisoformat(str(text)).astimezone(ZoneInfo(settings.TIME_ZONE)).strftime("%Y-%m-%d %H:%M")


def _words(facts: Mapping[str, Any]) -> dict[str, str]:
    """Times in the desk's zone, and what is unusual about this clock."""
    remarks = []
    if facts.get("unclaimed"):
        remarks.append(gettext("Nobody has claimed this call; it rang in your unit."))
    if facts.get("heard_late"):
        remarks.append(gettext("The desk heard of it late, and the time runs from then."))
    if facts.get("entered_late"):
        remarks.append(gettext("This time had passed when the desk came to know of the call."))
    if facts.get("late_seconds"):
        remarks.append(gettext("The system was late by %(seconds)s s.") % {"seconds": facts["late_seconds"]})
    if facts.get("nobody_for"):
        remarks.append(
            gettext("Nobody could be found for: %(slot)s. You are told as duty manager.")
            % {"slot": facts["nobody_for"]}
        )
    return {
        "answered_local": _local(facts.get("answered")),
        "due_local": _local(facts.get("due")),
        "number": str(facts.get("number") or gettext("number withheld")),
        "remarks": "".join(f"\n{line}" for line in remarks),
    }


_CALL = _("Caller: %(number)s (%(queue)s)\nAnswered: %(answered_local)s\nTo be registered by: %(due_local)s%(remarks)s")
_MESSAGE = _("From: %(name)s\nPromised by: %(due_local)s%(remarks)s")

for _code, _subject in (
    ("call_registration_start", _("Call of %(number)s: to be registered")),
    ("call_registration_warning", _("Call of %(number)s is not registered yet")),
    ("call_registration_breach", _("Call of %(number)s was not registered in 24 hours")),
    ("call_registration_escalation", _("Call of %(number)s is still not registered")),
):
    register(_code, subject=_subject, body=_CALL, words=_words)
for _code, _subject in (
    ("message_start", _("%(name)s waits for a call back")),
    ("message_warning", _("%(name)s waits for a call back, soon due")),
    ("message_breach", _("%(name)s was not called back as promised")),
    ("message_escalation", _("%(name)s has still not been called back")),
):
    register(_code, subject=_subject, body=_MESSAGE, words=_words)
register(
    "call_message",
    subject=_("Message from %(name)s"),
    body=_("%(name)s asked for %(whom)s.\nMatter: %(matter)s\nCall back by: %(due_local)s\nTaken by: %(by)s"),
    words=_words,
)
register(
    "call_message_answered",
    subject=_("%(by)s has called back %(name)s"),
    body=_("%(outcome)s"),
)
register(
    "call_clock_error",
    subject=_("The clock of a call cannot be kept by the system"),
    body=_("Due: %(due_local)s\n%(error)s"),
    words=_words,
)
