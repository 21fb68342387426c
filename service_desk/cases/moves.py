"""Which moves of a case a person may make now, and the reason why not of each other one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from service_desk.cases.models import Case
from service_desk.cases.paperwork import missing_report_url
from service_desk.cases.rules import MOVES, NOT_FOR_COMPLAINTS, CaseState, is_complaint, refusal
from service_desk.people.access import can

#: The moves that carry a case along; the first possible one is what is to be done next.
ALONG = ("grade", "start", "restore", "resolve", "reply", "close")
#: Somebody waits for these, so they come before.
ANSWERS = ("accept", "answer", "resume")
#: Moves that ask nothing: one press does them.
AT_ONCE = frozenset({"start", "resume", "accept", "withdraw"})
_SYMBOLS = {
    "grade": "scale",
    "start": "play",
    "arrive": "map-pin",
    "note": "pencil-square",
    "tell": "chat-bubble-left-right",
    "told_once": "clipboard-document-check",
    "observe": "eye",
    "wait": "pause",
    "resume": "play",
    "restore": "arrow-path",
    "resolve": "check",
    "reply": "paper-airplane",
    "close": "archive-box",
    "cancel": "x-circle",
    "reopen": "arrow-uturn-left",
    "interval": "clock",
    "retype": "document-text",
    "link": "link",
    "split": "scissors",
    "merge": "arrows-pointing-in",
    "hand_over": "arrow-right-circle",
    "accept": "hand-thumb-up",
    "decline": "hand-thumb-down",
    "withdraw": "arrow-uturn-left",
    "promise": "clock",
    "keep": "check-badge",
    "postpone": "calendar",
    "ask": "question-mark-circle",
    "answer": "light-bulb",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A move as a button; `why_not` is empty when it is allowed now."""

    verb: str
    label: str
    symbol: str
    url: str
    why_not: str
    at_once: bool
    next: bool = False
    instead: str = ""  # the way to what makes it possible
    instead_label: str = ""


def why_not(user: Any, verb: str, case: Case) -> str:
    """Why this person cannot make this move now: what the case lacks first, then what the person may not."""
    words = refusal(MOVES[verb], case)
    if words is not None:
        return str(words)
    decision = can(user, f"case.{verb}", case)
    return "" if decision else str(decision.reason)


def moves_for(user: Any, case: Case) -> list[Choice]:
    """The moves in the order of the table, occasional ones only while possible; the next one along is marked."""
    reasons = {verb: why_not(user, verb, case) for verb in MOVES}
    following = next((verb for verb in (*ANSWERS, *ALONG) if not reasons[verb]), None)
    return [
        Choice(
            verb=verb,
            label=str(move.label),
            symbol=_SYMBOLS[verb],
            url=reverse("case-act", args=[case.number, verb]),
            why_not=reasons[verb],
            at_once=verb in AT_ONCE,
            next=verb == following,
            **dict(zip(("instead", "instead_label"), instead_of(verb, reasons, case), strict=True)),
        )
        for verb, move in MOVES.items()
        if not (move.occasional and reasons[verb]) and not (is_complaint(case) and verb in NOT_FOR_COMPLAINTS)
    ]


def instead_of(verb: str, reasons: Mapping[str, str], case: Case) -> tuple[str, str]:
    """The way to what makes a refused move possible, and its name; empty for most."""
    if verb == "grade":
        return ask_first(reasons, case), _("Ask an expert")
    if verb == "close" and reasons["close"] and case.state == CaseState.REPLIED:
        return missing_report_url(case), _("Write the report")
    return "", ""


def ask_first(reasons: Mapping[str, str], case: Case) -> str:
    """Where a first responder who may not grade asks an expert (C2); empty for everybody else."""
    return reverse("case-act", args=[case.number, "ask"]) if reasons["grade"] and not reasons["ask"] else ""
