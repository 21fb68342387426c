"""The texts of the notices that a case's clocks send; filled in in the reader's language when shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from service_desk.cases.rules import EventType
from service_desk.deadlines.rules import ClockKind
from service_desk.notices.kinds import register

FACTS = _(
    "Customer: %(customer)s\nSubject: %(subject)s\nElapsed: %(elapsed)s\nDone so far: %(done)s\nHeld by: %(holder)s\n"
    "Due: %(due_local)s%(remarks)s"
)


def words(facts: Mapping[str, Any]) -> dict[str, str]:
    """The coded facts in words of the active language; times in the desk's zone."""
    due = facts.get("due")
    remarks = []
    if facts.get("entered_late"):
        remarks.append(gettext("Entered late: this time had passed when the case was registered."))
    if facts.get("late_by_change"):
        remarks.append(gettext("Late by change: this time had passed when the clock got its new target."))
    if facts.get("resumed"):
        remarks.append(gettext("The fault has returned; the same clock goes on with what was left."))
    if facts.get("late_seconds"):
        remarks.append(gettext("The system was late by %(seconds)s s.") % {"seconds": facts["late_seconds"]})
    if facts.get("nobody_for"):
        remarks.append(
            gettext("Nobody could be found for: %(slot)s. You are told as duty manager.")
            % {"slot": facts["nobody_for"]}
        )
    clock = facts.get("clock", "")
    return {
        "clock_label": str(ClockKind(clock).label) if clock in ClockKind.values else str(clock),
        "due_local": datetime.fromisoformat(due).astimezone(ZoneInfo(settings.TIME_ZONE)).strftime("%Y-%m-%d %H:%M")
        if due
        else "–",
        "elapsed": _spoken(str(facts.get("elapsed", ""))),
        "done": facts.get("done") or gettext("nothing recorded yet"),
        "remarks": "".join(f"\n{line}" for line in remarks),
    }


def _spoken(elapsed: str) -> str:
    """`4 h 5 min` from the `4:05` of the facts; anything else stays as it is."""
    hours, colon, minutes = elapsed.partition(":")
    if not (colon and hours.isdecimal() and minutes.isdecimal()):
        return elapsed
    parts = [gettext("%(n)s h") % {"n": int(hours)}] if int(hours) else []
    if int(minutes) or not parts:
        parts.append(gettext("%(n)s min") % {"n": int(minutes)})
    return " ".join(parts)


def _watch_words(facts: Mapping[str, Any]) -> dict[str, str]:
    """What happened, each line of the timeline by its name, and what was said with it."""
    labels = [str(EventType(code).label) for code in facts.get("events", ()) if code in EventType.values]
    return {"what": ", ".join(labels) or "–", "text": facts.get("text") or "–"}


_ABOUT = _("Customer: %(customer)s\nSubject: %(subject)s")
PARTS = (
    (
        "hand_over_proposed",
        _("%(number)s: %(by)s hands this case over to you"),
        _("Customer: %(customer)s\nSubject: %(subject)s\nDone: %(done)s\nRemains: %(remaining)s"),
    ),
    ("hand_over_accepted", _("%(number)s: %(by)s has accepted the hand-over"), _ABOUT),
    (
        "hand_over_declined",
        _("%(number)s: %(by)s has declined the hand-over"),
        _("Customer: %(customer)s\nSubject: %(subject)s\nReason: %(reason)s"),
    ),
    (
        "hand_over_not_mine",
        _("%(number)s: declined as not theirs, you decide where it goes"),
        _("Customer: %(customer)s\nSubject: %(subject)s\nDeclined by: %(by)s\nReason: %(reason)s"),
    ),
    ("hand_over_withdrawn", _("%(number)s: the hand-over to you was withdrawn"), _ABOUT),
    (
        "case_reopened",
        _("%(number)s: reopened by %(by)s"),
        _("Customer: %(customer)s\nSubject: %(subject)s\nReason: %(reason)s"),
    ),
    ("case_merged", _("%(merged)s was merged into %(number)s by %(by)s"), _ABOUT),
    ("case_split", _("%(made)s was split off from %(number)s by %(by)s"), _ABOUT),
    (
        "consultation_asked",
        _("%(number)s: %(by)s asks for your advice"),
        _("Customer: %(customer)s\nSubject: %(subject)s\nQuestion: %(question)s"),
    ),
    (
        "consultation_answered",
        _("%(number)s: %(by)s has answered your question"),
        _("Customer: %(customer)s\nSubject: %(subject)s\nAnswer: %(answer)s"),
    ),
)


def register_all() -> None:
    """Make the kinds known; called once when the room is ready."""
    for code, subject in {
        "clock_start": _("%(number)s: %(clock_label)s is running"),
        "clock_warning": _("%(number)s: %(clock_label)s is due soon"),
        "clock_breach": _("%(number)s: %(clock_label)s is late"),
        "clock_escalation": _("%(number)s: %(clock_label)s is still late"),
        "emergency_start": _("Emergency %(number)s: major fault at %(customer)s"),
        "emergency_warning": _("Emergency %(number)s: not restored, the general managers will be told soon"),
        "emergency_escalation": _("Emergency %(number)s: not restored, the emergency handling group is called"),
        "emergency_breach": _("Emergency %(number)s: not restored after 4 hours"),
        "clock_error": _("%(number)s: the clock %(clock_label)s cannot be kept by the system"),
    }.items():
        register(code, subject=subject, body=FACTS, words=words)
    register(
        "watched",
        subject=_("%(number)s: %(what)s (%(by)s)"),
        body=_("Customer: %(customer)s\nSubject: %(subject)s\n%(text)s"),
        words=_watch_words,
    )
    register(
        "mentioned",
        subject=_("%(number)s: %(by)s mentions you in a note"),
        body=_("Customer: %(customer)s\nSubject: %(subject)s\nNote: %(text)s"),
    )
    for code, subject, body in PARTS:
        register(code, subject=subject, body=body, words=words)
    register(
        "emergency_restored",
        subject=_("%(number)s: service at %(customer)s is restored"),
        body=_(
            "Customer: %(customer)s\nSubject: %(subject)s\nElapsed: %(elapsed)s\n"
            "Done: %(done)s\nRestored by: %(holder)s"
        ),
        words=words,
    )
    register(
        "file_infected",
        subject=_("%(number)s: a virus was found in a file"),
        body=_("%(name)s holds a virus: %(virus)s. It is not handed out. Ask the sender for a clean one."),
    )
    register(
        "scanner_away",
        subject=_("The virus scanner does not answer"),
        body=_(
            "%(waiting)s files wait and are not handed out until it has looked through them. See that it runs and that"
            " CLAMAV in the settings names it."
        ),
    )
