"""The life of a case as a table: each verb with its states, what it ends and what must be so first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.cases.rules.terms import OPEN_STATES, CaseState
from service_desk.deadlines.rules import ClockKind


@dataclass(frozen=True, slots=True)
class Move:
    """One allowed verb: from which states, to which (None: the state stays), and the clocks it ends."""

    verb: str
    label: Promise
    sources: frozenset[str]
    target: str | None = None
    ends: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()  # names of CONDITIONS
    fields: tuple[str, ...] = field(default=())  # what the person must say
    occasional: bool = False  # shown only while it is possible: it answers something that may not be there


_WORKING = frozenset({CaseState.IN_PROGRESS, CaseState.WAITING})
#: States in which the cause is still looked for.
BEFORE_RESOLVED = frozenset({CaseState.REGISTERED, CaseState.IN_PROGRESS, CaseState.WAITING, CaseState.RESTORED})
_OPEN = frozenset(OPEN_STATES)

MOVES: Mapping[str, Move] = {
    move.verb: move
    for move in (
        Move("grade", _("Grade the severity"), BEFORE_RESOLVED, needs=("ungraded",), fields=("severity",)),
        Move(
            "start",
            _("Start work"),
            frozenset({CaseState.REGISTERED}),
            CaseState.IN_PROGRESS,
            ends=(ClockKind.FIRST_RESPONSE,),
        ),
        Move(
            "arrive",
            pgettext_lazy("action", "Arrived on site"),
            frozenset({CaseState.IN_PROGRESS, CaseState.WAITING}),
            ends=(ClockKind.ON_SITE,),
            needs=("not_arrived",),
        ),
        Move("note", _("Add a note"), _OPEN, fields=("text",)),
        Move("told_once", _("Told once"), _OPEN, needs=("something_to_tell", "not_told_once"), occasional=True),
        Move("tell", _("Tell the customer"), _OPEN, ends=(ClockKind.FEEDBACK,), fields=("text", "channel")),
        Move("observe", _("Observe the impact"), BEFORE_RESOLVED, fields=("text",)),
        Move(
            "wait",
            pgettext_lazy("action", "Wait"),
            frozenset({CaseState.IN_PROGRESS, CaseState.RESTORED}),
            CaseState.WAITING,
            needs=("no_emergency",),
            fields=("waiting_for", "text"),
        ),
        Move("resume", _("Resume work"), frozenset({CaseState.WAITING}), CaseState.IN_PROGRESS),
        Move(
            "restore",
            pgettext_lazy("action", "Service restored"),
            _WORKING,
            CaseState.RESTORED,
            ends=(ClockKind.RESTORATION, ClockKind.EMERGENCY),
            needs=("not_restored",),
            fields=("text",),
        ),
        Move(
            "resolve",
            pgettext_lazy("action", "Resolved"),
            frozenset({CaseState.IN_PROGRESS, CaseState.RESTORED}),
            CaseState.RESOLVED,
            ends=(ClockKind.RESTORATION, ClockKind.ON_SITE, ClockKind.SOLUTION),
            needs=("graded", "restored_if_emergency"),
            fields=("outcome",),
        ),
        Move(
            "reply",
            pgettext_lazy("action", "Reply to the customer"),
            frozenset({CaseState.RESOLVED}),
            CaseState.REPLIED,
            ends=(ClockKind.FEEDBACK,),
            needs=("outcome",),
            fields=("reply", "channel"),
        ),
        Move(
            "close",
            pgettext_lazy("action", "Close"),
            frozenset({CaseState.REPLIED}),
            CaseState.CLOSED,
            needs=("graded", "outcome", "reply", "reports", "no_promise", "no_hand_over", "no_consultation"),
        ),
        Move(
            "hand_over",
            _("Hand over"),
            _OPEN,
            needs=("no_hand_over",),
            fields=("receiver", "done", "remaining", "promised"),
        ),
        Move("accept", _("Accept the hand-over"), _OPEN, needs=("hand_over",), occasional=True),
        Move(
            "decline",
            _("Decline the hand-over"),
            _OPEN,
            needs=("hand_over",),
            fields=("text", "not_mine"),
            occasional=True,
        ),
        Move("withdraw", _("Withdraw the hand-over"), _OPEN, needs=("hand_over",), occasional=True),
        Move("promise", _("Promise something"), _OPEN, fields=("text", "due_at")),
        Move("keep", _("Promise kept"), _OPEN, needs=("promise",), fields=("promise", "text"), occasional=True),
        Move(
            "postpone",
            _("Move a promise"),
            _OPEN,
            needs=("promise",),
            fields=("promise", "due_at", "text", "channel"),
            occasional=True,
        ),
        Move(
            "ask",
            _("Ask an expert"),
            BEFORE_RESOLVED,
            needs=("ungraded", "no_consultation"),
            fields=("expert", "text"),
        ),
        Move("answer", _("Answer as expert"), _OPEN, needs=("consultation",), fields=("text",), occasional=True),
        Move(
            "reopen",
            pgettext_lazy("action", "Reopen"),
            frozenset({CaseState.RESTORED, CaseState.RESOLVED, CaseState.REPLIED, CaseState.CLOSED}),
            CaseState.IN_PROGRESS,
            fields=("text",),
        ),
        Move("interval", _("Agree on progress"), _OPEN, fields=("minutes", "text")),
        Move("retype", _("Change the request type"), _OPEN, fields=("request_type", "text")),
        Move("link", _("Link to another case"), _OPEN, fields=("other", "relation")),
        Move("split", _("Split off a part"), _OPEN, fields=("fault", "text")),
        Move(
            "merge",
            _("Merge into another case"),
            BEFORE_RESOLVED,
            CaseState.MERGED,
            needs=("no_hand_over", "no_consultation"),
            fields=("into", "text"),
        ),
        Move(
            "cancel",
            pgettext_lazy("action", "Cancel"),
            frozenset({CaseState.REGISTERED, CaseState.IN_PROGRESS, CaseState.WAITING}),
            CaseState.CANCELLED,
            needs=("no_running_emergency", "no_promise", "no_hand_over", "no_consultation"),
            fields=("text",),
        ),
    )
}

#: The way through the life of a case that a screen draws.
MAIN_WAY = (
    CaseState.REGISTERED,
    CaseState.IN_PROGRESS,
    CaseState.RESTORED,
    CaseState.RESOLVED,
    CaseState.REPLIED,
    CaseState.CLOSED,
)


#: What is done to a case on pages of its own, not as a button beside the others.
DEEDS: Mapping[str, Move] = {
    move.verb: move
    for move in (
        # A report may be corrected after the end; only a case that never was one has none.
        Move("report", _("Write a report"), frozenset(CaseState.values) - {CaseState.CANCELLED}),
        Move("submit", _("Submit a report to the customer"), frozenset(CaseState.values) - {CaseState.CANCELLED}),
        Move("attach", _("Add a file"), frozenset(CaseState.values)),
        Move("take_back", _("Withdraw a file"), frozenset(CaseState.values)),
        Move("article", _("Link an article"), frozenset(CaseState.values)),
    )
}
