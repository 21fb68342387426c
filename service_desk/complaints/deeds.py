"""The verbs of a complaint as its page offers them: name, who may, when it is possible, and what is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from service_desk.cases.rules import EventType
from service_desk.complaints import actions
from service_desk.complaints.models import Complaint
from service_desk.complaints.rules import HOLDS, REGULATORS, ComplaintLevel, InstanceKind, next_instance
from service_desk.people.access import can

Verb = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Deed:
    """One verb: `rule` decides who may, `says` is its line of the timeline, `place` where it stands on the page."""

    verb: str
    label: str | Promise
    symbol: str
    rule: str
    says: EventType
    call: Verb
    place: str = ""
    after_end: bool = False  # also when the complaint is closed


def _suggest(*, complaint: Complaint, version: int, **answers: Any) -> None:
    actions.suggest(case=complaint.case, **answers)


def _identify(*, complaint: Complaint, version: int, **answers: Any) -> None:
    actions.identify(complaint=complaint, **answers)


DEEDS: Mapping[str, Deed] = {
    deed.verb: deed
    for deed in (
        Deed(
            "decide",
            pgettext_lazy("complaint", "Decide"),
            "scale",
            "complaint.decide",
            EventType.DECIDED,
            actions.decide,
            "ladder",
        ),
        Deed(
            "satisfaction",
            gettext_lazy("What the complainant says"),
            "chat-bubble-left-right",
            "complaint.satisfaction",
            EventType.SATISFACTION,
            actions.satisfaction,
            "ladder",
        ),
        Deed(
            "escalate",
            gettext_lazy("Take it to the next instance"),
            "arrow-up-circle",
            "complaint.escalate",
            EventType.ESCALATED,
            actions.escalate,
            "ladder",
        ),
        Deed(
            "assign",
            gettext_lazy("Give it to another who decides"),
            "arrows-right-left",
            "complaint.assign",
            EventType.ESCALATED,
            actions.assign,
            "ladder",
        ),
        Deed(
            "clear",
            gettext_lazy("Write to the five clears"),
            "clipboard-document-check",
            "complaint.clear",
            EventType.CLEAR,
            actions.write_clear,
            "clears",
        ),
        Deed(
            "level",
            gettext_lazy("Raise the level"),
            "exclamation-triangle",
            "complaint.raise_level",
            EventType.LEVEL,
            actions.raise_level,
            "facts",
        ),
        Deed(
            "regulator",
            gettext_lazy("Set the regulator's time"),
            "clock",
            "complaint.regulator_time",
            EventType.REGULATOR,
            actions.regulator_time,
            "facts",
        ),
        Deed(
            "identify",
            gettext_lazy("Add the number of another body"),
            "hashtag",
            "complaint.identify",
            EventType.IDENTIFIED,
            _identify,
            "facts",
            after_end=True,
        ),
        Deed(
            "concern",
            gettext_lazy("It concerns somebody else too"),
            "user-minus",
            "complaint.concern",
            EventType.CONCERNS,
            actions.concern,
            "circle",
        ),
        Deed(
            "call_in",
            gettext_lazy("Call somebody in"),
            "user-plus",
            "complaint.join",
            EventType.CIRCLE,
            actions.call_in,
            "circle",
            after_end=True,
        ),
        Deed(
            "let_go",
            gettext_lazy("Let somebody go"),
            "arrow-right-start-on-rectangle",
            "complaint.leave",
            EventType.CIRCLE,
            actions.let_go,
            "circle",
            after_end=True,
        ),
        Deed(
            "correct",
            gettext_lazy("Set a corrective action"),
            "wrench",
            "complaint.correct",
            EventType.CORRECTIVE,
            actions.correct,
            "corrections",
            after_end=True,
        ),
        Deed(
            "finish",
            gettext_lazy("Corrective action done"),
            "check",
            "complaint.finish_correction",
            EventType.CORRECTIVE,
            actions.finish_correction,
            "corrections",
            after_end=True,
        ),
        Deed(
            "suggest",
            gettext_lazy("Send a suggestion to a unit"),
            "light-bulb",
            "complaint.suggest",
            EventType.SUGGESTION,
            _suggest,
            "suggestions",
        ),
    )
}
#: Those that ask the very same rule, so that a page asks it once.
_SAME_RULE = {
    "complaint.raise_level": "complaint.carry",
    "complaint.concern": "complaint.carry",
    "complaint.regulator_time": "complaint.carry",
    "complaint.correct": "complaint.carry",
    "complaint.join": "complaint.carry",
    "complaint.leave": "complaint.carry",
    "complaint.escalate": "complaint.lift",
    "complaint.assign": "complaint.lift",
    "complaint.clear": "complaint.work",
    "complaint.identify": "complaint.work",
    "complaint.satisfaction": "complaint.work",
    "complaint.suggest": "complaint.work",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A verb as a button; `why_not` is empty when it is allowed now."""

    deed: Deed
    label: str
    url: str
    why_not: str


def lacking(verb: str, complaint: Complaint, instances: list[Any]) -> str:
    """What the complaint lacks for this verb, in words; empty when it is possible."""
    undecided = next((one for one in instances if one.is_open), None)
    decided = [one for one in instances if one.decided_at is not None]
    words = {
        "decide": "" if undecided else _("There is nothing to decide."),
        "assign": "" if undecided else _("There is nothing to decide."),
        "satisfaction": "" if decided else _("There is no answer yet that could satisfy."),
        "escalate": "" if next_instance(complaint.stage) else _("The appeal is the last instance."),
        "correct": "" if decided and decided[-1].finding in HOLDS else _("No decision has found anything to correct."),
        "regulator": _no_regulator(complaint) if verb == "regulator" else "",
        "level": _("It is the gravest level already.") if complaint.level == ComplaintLevel.MAJOR else "",
    }.get(verb, "")
    if not words and not complaint.case.is_open and not DEEDS[verb].after_end:
        words = _("The complaint is closed.")
    return words


def _no_regulator(complaint: Complaint) -> str:
    """Known by its channel, or by a number of another body; the page has asked already whether there is one."""
    known = getattr(complaint, "has_identifiers", None)
    if complaint.channel in REGULATORS or (complaint.identifiers.exists() if known is None else known):
        return ""
    return _("Only a regulator sets a time of its own.")


def choices_for(user: Any, complaint: Complaint, instances: list[Any], *, corrections_wait: bool) -> dict[str, Choice]:
    """Every verb with the reason why not; rules that are the same are asked once."""
    asked: dict[str, str] = {}
    found = {}
    for verb, deed in DEEDS.items():
        missing = lacking(verb, complaint, instances)
        if verb == "finish" and not corrections_wait:
            missing = _("No corrective action waits.")
        if not missing:
            rule = _SAME_RULE.get(deed.rule, deed.rule)
            if rule not in asked:
                decision = can(user, deed.rule, complaint)
                asked[rule] = "" if decision else str(decision.reason)
            missing = asked[rule]
        url = reverse("complaint-act", args=[complaint.case.number, verb])
        found[verb] = Choice(deed, label_of(deed, complaint), url, missing)
    return found


def why_not(user: Any, deed: Deed, complaint: Complaint) -> str:
    """Why this person cannot do it now: what the complaint lacks first, then what the person may not."""
    words = lacking(deed.verb, complaint, list(complaint.instances.all()))
    if deed.verb == "finish" and not complaint.corrective_actions.filter(done_at=None).exists():
        words = _("No corrective action waits.")
    if words:
        return words
    decision = can(user, deed.rule, complaint)
    return "" if decision else str(decision.reason)


def label_of(deed: Deed, complaint: Complaint) -> str:
    """What its button says; the next instance by its name."""
    if deed.verb == "escalate":
        return _("Appeal") if next_instance(complaint.stage) == InstanceKind.APPEAL else _("Escalate")
    return str(deed.label)
