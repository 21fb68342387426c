"""Which figures there are: what each counts, how that may have gone, and by what it may be told apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise as Words
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.cases.rules import HandOverState, PromiseState
from service_desk.complaints.rules import Finding
from service_desk.knowledge.rules import FindingOutcome
from service_desk.reports import facts
from service_desk.reports.dimensions import FILTERS
from service_desk.reports.facts import KEPT, LATE, NONE, Facts
from service_desk.telephony.rules import Verdict

_OF_CASE = ("unit", "person", "line", "customer", "product", "severity")
_WHEN = ("weekday", "hour", "slot")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: what it counts, how that may have gone, and by what it may be told apart.

    `facts` are its facts for a person between two moments; `counts` heads their number; `outcomes` are the ways they
    may have gone, in words; the share is that of `good` among `good` and `bad`. `timed` says what is measured. `needs`
    is a verb that its reader must be allowed beside `report.view`.
    """

    key: str
    label: Words
    definition: Words
    counts: Words
    facts: Callable[[Any, datetime, datetime], Facts]
    outcomes: Mapping[str, str | Words]
    dimensions: tuple[str, ...] = _OF_CASE
    own: tuple[str, ...] = ()
    good: frozenset[str] = frozenset({KEPT})
    bad: frozenset[str] = frozenset({LATE})
    share: Words | str = ""
    timed: Words | str = ""
    needs: str = ""

    @property
    def filters(self) -> tuple[str, ...]:
        """What its facts may be filtered by."""
        return tuple(name for name in FILTERS if name in self.dimensions)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of its facts."""
        return (*facts.COLUMNS, *self.own)


_TARGETS: Mapping[str, str | Words] = {
    KEPT: pgettext_lazy("report", "In time"),
    LATE: pgettext_lazy("report", "Late"),
    NONE: pgettext_lazy("report", "Without a target"),
}
_SHARE_KEPT = pgettext_lazy("report", "Share in time")

FIGURES: Mapping[str, Figure] = {
    figure.key: figure
    for figure in (
        Figure(
            "registration",
            _("Registered on time"),
            _(
                "CALL tickets registered in the period, each once, whatever became of it; in time is registered within "
                "24 hours of acceptance (C3). Measured is the time from acceptance to registration. A ticket that was "
                "entered late counts on the day on which it was entered. Parts split off were registered with their "
                "case and do not count again. Answered calls without a ticket stand under call rules, as T7. The "
                "person is the first responder."
            ),
            pgettext_lazy("report", "Tickets"),
            facts.registrations,
            {KEPT: _TARGETS[KEPT], LATE: _TARGETS[LATE]},
            share=_SHARE_KEPT,
            timed=_("until registration"),
        ),
        Figure(
            "first-response",
            _("First response"),
            _(
                "Cases on which work began in the period, each once: reopening is no first response. Measured is the "
                "time from the earliest acceptance until work began, waiting included; in time or late is what the "
                "clock of the first response says. The person is the first responder."
            ),
            pgettext_lazy("report", "Cases"),
            facts.first_responses,
            _TARGETS,
            share=_SHARE_KEPT,
            timed=_("until work began"),
        ),
        Figure(
            "restoration",
            _("Restoration"),
            _(
                "Cycles in which service was restored in the period; a reopened case counts once a cycle (D4), "
                "each from its own beginning: acceptance, or reopening. Measured is elapsed time, waiting included; in "
                "time or late is what the clocks of restoration and of the emergency process say. A case resolved "
                "without a restoration of its own was restored then. The person is who holds the case."
            ),
            pgettext_lazy("report", "Cycles"),
            facts.restorations,
            _TARGETS,
            share=_SHARE_KEPT,
            timed=_("until restoration"),
        ),
        Figure(
            "solution",
            _("Solution"),
            _(
                "Cycles that were resolved in the period; a reopened case counts once a cycle (D4), each from "
                "its own beginning: acceptance, or reopening. Measured is elapsed time, waiting included; in time or "
                "late is what the clock of the solution says. The person is who holds the case."
            ),
            pgettext_lazy("report", "Cycles"),
            facts.solutions,
            _TARGETS,
            share=_SHARE_KEPT,
            timed=_("until the solution"),
        ),
        Figure(
            "clocks",
            _("Kept and late, by clock"),
            _(
                "Clocks of which the period decided: kept when they ended in time, late at the moment of the breach, "
                "also while they still run. Each cycle has clocks of its own. What was called off or merged (D5) "
                "counts neither way. Measured is by how much those were late that have ended. The person is who holds "
                "the case."
            ),
            pgettext_lazy("report", "Clocks"),
            facts.clocks,
            {KEPT: _TARGETS[KEPT], LATE: _TARGETS[LATE]},
            ("clock", *_OF_CASE),
            ("f_clock",),
            share=_SHARE_KEPT,
            timed=_("late by"),
        ),
        Figure(
            "escalations",
            _("Escalations"),
            _(
                "Steps of clocks that were fired in the period: warnings, the time being over, and each step up. "
                "Measured is the time until the first of those told has acknowledged; steps that ask for no answer "
                "only tell. The person is who holds the case."
            ),
            pgettext_lazy("report", "Steps"),
            facts.escalations,
            {
                "answered": pgettext_lazy("report", "Acknowledged"),
                "unanswered": pgettext_lazy("report", "Not acknowledged"),
                "told": pgettext_lazy("report", "Told only"),
            },
            ("step", "clock", *_OF_CASE),
            ("f_clock", "f_step"),
            good=frozenset({"answered"}),
            bad=frozenset({"unanswered"}),
            share=_("Share acknowledged"),
            timed=_("until acknowledged"),
        ),
        Figure(
            "promises",
            _("Promises"),
            _(
                "Promises of cases of which the period decided: kept, moved in time with a word to the customer, or "
                "broken at the moment in which they were due (C11), also when they were kept afterwards. The person is "
                "who promised."
            ),
            pgettext_lazy("report", "Promises"),
            facts.promises,
            {state.value: state.label for state in (PromiseState.KEPT, PromiseState.MOVED, PromiseState.BROKEN)},
            good=frozenset({PromiseState.KEPT, PromiseState.MOVED}),
            bad=frozenset({PromiseState.BROKEN}),
            share=_("Share kept or moved"),
        ),
        Figure(
            "hand-overs",
            _("Hand-overs"),
            _(
                "Hand-overs offered in the period, and what has become of them up to now (C5); late is accepted after "
                "the clock of the hand-over was over. Measured is the time from the offer to the answer. The person is "
                "the receiver."
            ),
            pgettext_lazy("report", "Hand-overs"),
            facts.hand_overs,
            {
                KEPT: _("Accepted in time"),
                LATE: _("Accepted late"),
                HandOverState.DECLINED.value: HandOverState.DECLINED.label,
                HandOverState.WITHDRAWN.value: HandOverState.WITHDRAWN.label,
                HandOverState.PROPOSED.value: _("Not answered yet"),
            },
            share=_("Share in time of those accepted"),
            timed=_("until the answer"),
        ),
        Figure(
            "complaints",
            _("Complaints"),
            _(
                "Complaints registered in the period whose circle you are in; others are not counted (P6). The finding "
                "is that of the last instance that has decided; measured is the time from acceptance to that decision. "
                "The instance is where the complaint stands now. The person is who holds it. A complaint has a level "
                "instead of a severity."
            ),
            pgettext_lazy("report", "Complaints"),
            facts.complaints,
            {finding.value: finding.label for finding in Finding} | {"undecided": _("Not decided yet")},
            ("about", "level", "instance", "channel", "unit", "person", "line", "customer", "product"),
            ("f_about", "f_level", "f_instance", "f_channel"),
            good=frozenset({Finding.UNFOUNDED}),
            bad=frozenset({Finding.SUBSTANTIATED, Finding.PARTLY}),
            share=_("Share not substantiated"),
            timed=_("until the decision"),
        ),
        Figure(
            "language",
            _("Language"),
            _(
                "Findings of the language check (K2) made in the period in texts that you may know of: cases, messages "
                "and transcripts; and what has become of them up to now. One text may have several. Customer, product "
                "and severity are those of the case. The person is who wrote the words."
            ),
            pgettext_lazy("report", "Findings"),
            facts.language,
            {outcome.value: outcome.label for outcome in FindingOutcome},
            ("category", *_OF_CASE),
            ("f_category",),
            good=frozenset(),
            bad=frozenset(),
            needs="finding.view",
        ),
        Figure(
            "call-rules",
            _("Call rules"),
            _(
                "What the calls of the period say about the rules T1 to T7: one fact a call and rule, as far as later "
                "events have not refuted it. A call counts when it was answered, whenever it was reported. "
                "Calls of confidential cases of others are left out. The person is whose call it was. Service line, "
                "customer, product and severity are those of the case as which the call is registered: a call that "
                "was a wrong number, a message, or is not registered yet, has none."
            ),
            pgettext_lazy("report", "Facts"),
            facts.call_rules,
            {verdict.value: verdict.label for verdict in (Verdict.KEPT, Verdict.BREACHED, Verdict.DUE)},
            ("rule", *_OF_CASE),
            ("f_rule",),
            good=frozenset({Verdict.KEPT}),
            bad=frozenset({Verdict.BREACHED}),
            share=pgettext_lazy("report", "Share kept"),
            needs="call.view",
        ),
        Figure(
            "arrivals",
            _("Cases accepted"),
            _(
                "Cases by when they were accepted, that is, when the customer came, also when somebody wrote them down "
                "later. Complaints count for those who may know of them. The person is the first responder."
            ),
            pgettext_lazy("report", "Cases"),
            facts.arrivals,
            {},
            (*_OF_CASE, *_WHEN),
            ("f_weekday", "f_hour", "f_slot"),
        ),
        Figure(
            "calls",
            _("Calls received"),
            _(
                "Inbound calls by when they came in, whenever the phone system reported it. Measured is the time from "
                "answering to the end. Calls of confidential cases of others are left out. The person is whose call it "
                "was. Service line, customer, product and severity are those of the case as which the call is "
                "registered: a call that was a wrong number, a message, or is not registered yet, has none."
            ),
            pgettext_lazy("report", "Calls"),
            facts.calls,
            {"answered": pgettext_lazy("report", "Answered"), "missed": pgettext_lazy("report", "Not answered")},
            (*_OF_CASE, *_WHEN),
            ("f_weekday", "f_hour", "f_slot"),
            good=frozenset({"answered"}),
            bad=frozenset({"missed"}),
            share=_("Share answered"),
            timed=_("until the end"),
            needs="call.view",
        ),
    )
}
#: Figures that pages of their own draw; nobody chooses days for them.
BESIDE: Mapping[str, Figure] = {
    "due-ahead": Figure(
        "due-ahead",
        _("Deadlines ahead"),
        _("Running clocks of open cases by when they are due. A clock that is paused is due later than it says."),
        pgettext_lazy("report", "Clocks"),
        facts.due_ahead,
        {},
        ("slot", "clock", *_OF_CASE),
        ("f_clock", "f_slot"),
    )
}
