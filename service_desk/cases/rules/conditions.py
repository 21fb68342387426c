"""What must be so before a verb of a case is done, in words that say what to do when it is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from service_desk.cases.rules.life import Move
from service_desk.cases.rules.terms import ENDED_STATES, CaseKind, CaseState, DemandedReport


class CaseLike(Protocol):
    """What the rules need to know of a case."""

    state: str
    severity: str | None
    outcome: str
    reply: str
    restored_at: datetime | None
    emergency_started_at: datetime | None
    hand_over_pending: bool
    consultation_pending: bool
    open_promises: int


_MISSING_REPORT: Mapping[str, Promise] = {
    DemandedReport.SERVICE: _("The technical service report has not been submitted to the customer yet."),
    DemandedReport.UPGRADE: _("The version upgrade summary report has not been submitted to the customer yet."),
}


def owed_reports(case: Any) -> list[DemandedReport]:
    """C8: which reports must be submitted before this case closes: after a visit, and as its request type demands.

    A visit about a complaint is no on-site support; what was said and done there stands in the complaint's record.
    """
    service_report_at, arrived_at = case.service_report_at, case.arrived_at
    demanded = case.request_type.report if case.request_type_id is not None else ""
    late = arrived_at is not None and (service_report_at is None or service_report_at < arrived_at)
    visited = late and not is_complaint(case)
    owed = []
    if visited or (demanded == DemandedReport.SERVICE and service_report_at is None):
        owed.append(DemandedReport.SERVICE)
    if demanded == DemandedReport.UPGRADE and case.upgrade_summary_at is None:
        owed.append(DemandedReport.UPGRADE)
    return owed


def missing_condition(condition: str, case: CaseLike) -> Promise | None:
    """Which condition of a move is not met, in words that say what to do; None when it is met."""
    if condition == "reports":  # asked alone: it reads the request type
        return next((_MISSING_REPORT[kind] for kind in owed_reports(case)), None)
    running = case.emergency_started_at is not None and case.restored_at is None
    unmet: dict[str, tuple[bool, Promise]] = {
        "ungraded": (
            case.severity is not None,
            _("The severity has been graded; it never changes. Record an impact observation."),
        ),
        "graded": (
            case.severity is None and not is_complaint(case),
            _("The first responder has not graded the severity yet."),
        ),
        "not_arrived": (getattr(case, "arrived_at", None) is not None, _("The arrival on site is recorded already.")),
        "no_emergency": (case.emergency_started_at is not None, _("An emergency process is never paused.")),
        "no_running_emergency": (running, _("The emergency process is running; restore the service first.")),
        "restored_if_emergency": (running, _("Restore the service first: restoration is not solution.")),
        "not_restored": (case.restored_at is not None, _("The service is restored already.")),
        "outcome": (not case.outcome, _("No outcome is recorded. Say what was done and found.")),
        "hand_over": (not case.hand_over_pending, _("No hand-over is waiting.")),
        "no_hand_over": (case.hand_over_pending, _("A hand-over is waiting to be accepted.")),
        "promise": (case.open_promises == 0, _("No promise is open.")),
        "no_promise": (case.open_promises > 0, _("A promise to the customer is still open.")),
        "consultation": (not case.consultation_pending, _("No expert has been asked.")),
        "no_consultation": (case.consultation_pending, _("The expert's answer is still to come.")),
        "reply": (not case.reply, _("No reply to the customer is recorded.")),
        "something_to_tell": (
            getattr(case, "request_type_id", None) is None,
            _("The case has no request type that says what to tell."),
        ),
        "not_told_once": (
            getattr(case, "told_once_at", None) is not None,
            _("The customer has been told this already."),
        ),
    }
    failed, words = unmet[condition]
    return words if failed else None


#: What only a CALL ticket has, severity and emergency; and what would make a complaint disappear (P1, D5).
NOT_FOR_COMPLAINTS = frozenset(
    {"grade", "ask", "observe", "restore", "told_once", "retype", "merge", "split", "cancel"}
)
#: What a room above demands of a move of its kind of case, asked last: (verb, case) → why not, or None.
Demand = Callable[[str, Any], "Promise | str | None"]
_DEMANDS: dict[str, Demand] = {}


def register_demand(kind: str, demand: Demand) -> None:
    """A room hands over what it demands of the moves of its kind of case; called once, when it is ready."""
    _DEMANDS[kind] = demand


def is_complaint(case: Any) -> bool:
    """Whether this case is a complaint."""
    return getattr(case, "kind", CaseKind.CALL) == CaseKind.COMPLAINT


#: Conditions that somebody's words fulfil; an outcome comes before a reply.
_TO_SAY = ("outcome", "reply")


def refusal(move: Move, case: CaseLike) -> Promise | str | None:
    """Why this move is not possible now, or None; the state first, then the first condition that is missing.

    While work is under way, what a person has yet to say (the outcome, the reply) says more than the state does.
    """
    if is_complaint(case) and move.verb in NOT_FOR_COMPLAINTS:
        return _("Not for a complaint: it is answered, and it stays.")
    if case.state not in move.sources:
        if case.state != CaseState.REGISTERED and case.state not in ENDED_STATES:
            for condition in (said for said in _TO_SAY if said in move.needs):
                words = missing_condition(condition, case)
                if words is not None:
                    return words
        return _("Not possible while the case is: %(state)s.") % {"state": CaseState(case.state).label}
    for condition in move.needs:
        words = missing_condition(condition, case)
        if words is not None:
            return words
    demand = _DEMANDS.get(getattr(case, "kind", ""))
    return demand(move.verb, case) if demand is not None else None
