"""The life of a case as a table: states, moves, who may, and what must be so first. Pure; no database, no clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.deadlines.rules import ClockKind

#: C3: registered within this time of acceptance is on time.
REGISTRATION_LIMIT = timedelta(hours=24)


class CaseKind(TextChoices):
    """What sort of matter it is; what a complaint is beyond a case is a room of its own."""

    CALL = "call", _("CALL ticket")
    COMPLAINT = "complaint", _("Complaint")


#: P4: how grave a complaint may be; the words for it are the complaints' own.
LEVELS = ("ordinary", "serious", "major")


class Severity(TextChoices):
    """The grade the first responder gives once (C2)."""

    CRITICAL = "critical", _("Critical")
    MAJOR = "major", _("Major")
    MINOR = "minor", _("Minor")
    ENQUIRY = "enquiry", _("Enquiry")


#: What each grade means, spelled out where it is chosen.
SEVERITY_MEANING: Mapping[str, Promise] = {
    Severity.CRITICAL: _("Service is down or people are in danger; the emergency process starts at once."),
    Severity.MAJOR: _("An important function fails or many users are affected; there is a way round."),
    Severity.MINOR: _("A limited fault; service goes on."),
    Severity.ENQUIRY: _("A question or a request; nothing is broken."),
}


class CaseState(TextChoices):
    """Where a case stands. Restored is not resolved: service runs again, the cause may remain (C7)."""

    REGISTERED = "registered", _("Registered")
    IN_PROGRESS = "in_progress", _("In progress")
    WAITING = "waiting", _("Waiting")
    RESTORED = "restored", _("Restored")
    RESOLVED = "resolved", _("Resolved")
    REPLIED = "replied", _("Replied to the customer")
    CLOSED = "closed", _("Closed")
    CANCELLED = "cancelled", _("Cancelled")
    MERGED = "merged", _("Merged")


#: States in which work remains.
OPEN_STATES = (
    CaseState.REGISTERED,
    CaseState.IN_PROGRESS,
    CaseState.WAITING,
    CaseState.RESTORED,
    CaseState.RESOLVED,
    CaseState.REPLIED,
)
ENDED_STATES = (CaseState.CLOSED, CaseState.CANCELLED, CaseState.MERGED)


class WaitingFor(TextChoices):
    """Why a case waits (D3)."""

    CUSTOMER = "customer", _("the customer")
    PART = "part", _("a spare part")
    THIRD_PARTY = "third_party", _("somebody outside")


class Channel(TextChoices):
    """How the customer was spoken to."""

    PHONE = "phone", _("Phone")
    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")
    WECHAT = "wechat", _("WeChat")
    VISIT = "visit", _("Visit")


class DemandedReport(TextChoices):
    """The report to the customer without which a case of a request type does not close (C8)."""

    SERVICE = "service_report", _("Technical service report")
    UPGRADE = "upgrade_summary", _("Version upgrade summary report")


class ReportState(TextChoices):
    """How a report to the customer stands (C8)."""

    DRAFT = "draft", pgettext_lazy("report", "Draft")
    SUBMITTED = "submitted", pgettext_lazy("report", "Submitted")


class FilePurpose(TextChoices):
    """What a file of a case is for."""

    ATTACHMENT = "attachment", pgettext_lazy("file", "Attachment")
    REPORT = "report", pgettext_lazy("file", "Belongs to a report")
    SIGN_OFF = "sign_off", pgettext_lazy("file", "Signed sheet")


class FieldKind(TextChoices):
    """What sort of answer a field of a request type takes."""

    TEXT = "text", pgettext_lazy("field", "Text")
    NUMBER = "number", pgettext_lazy("field", "Number")
    DATE = "date", pgettext_lazy("field", "Date")
    CHOICE = "choice", pgettext_lazy("field", "Choice")
    YES_NO = "yes_no", pgettext_lazy("field", "Yes or no")


class ReadBack(TextChoices):
    """The four facts that are read back to the caller before the call is saved (C15)."""

    PHONE = "phone", _("Phone number")
    NAME = "name", pgettext_lazy("person", "Name")
    ADDRESS = "address", _("Address")
    MATTER = "matter", _("Matter")


class HandOverState(TextChoices):
    """How a hand-over stands (C5)."""

    PROPOSED = "proposed", _("Proposed")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class PromiseState(TextChoices):
    """How a promise stands (C11). Broken: its time passed before it was kept or moved; it counts."""

    OPEN = "open", _("Open")
    KEPT = "kept", _("Kept")
    MOVED = "moved", _("Moved in time")
    BROKEN = "broken", _("Broken")


class LinkKind(TextChoices):
    """Why two cases stand side by side."""

    RELATED = "related", _("Related")
    SPLIT = "split", _("Split off")


class Relation(TextChoices):
    """What another case is to this one."""

    PARENT = "parent", _("is the parent of this case")
    CHILD = "child", _("is a child of this case")
    RELATED = "related", _("is related")
    NONE = "none", _("is not linked any more")


class EventType(TextChoices):
    """What the timeline of a case tells."""

    REGISTERED = "registered", _("Registered")
    GRADED = "graded", _("Severity graded")
    STARTED = "started", _("Work started")
    ARRIVED = "arrived", _("Arrived on site")
    TOLD_ONCE = "told_once", _("Told once what is needed")
    NOTE = "note", _("Internal note")
    TOLD = "told", _("Told the customer")
    IMPACT = "impact", _("Impact observed")
    EMERGENCY = "emergency", _("Emergency process started")
    WAITING = "waiting", _("Waiting")
    RESUMED = "resumed", _("Work resumed")
    RESTORED = "restored", _("Service restored")
    RESOLVED = "resolved", _("Resolved")
    REPLIED = "replied", _("Replied to the customer")
    CLOSED = "closed", _("Closed")
    CANCELLED = "cancelled", _("Cancelled")
    HAND_OVER = "hand_over", _("Hand-over proposed")
    ACCEPTED = "accepted", _("Hand-over accepted")
    DECLINED = "declined", _("Hand-over declined")
    WITHDRAWN = "withdrawn", _("Hand-over withdrawn")
    PROMISED = "promised", _("Promised to the customer")
    KEPT = "kept", _("Promise kept")
    POSTPONED = "postponed", _("Promise moved")
    ASKED = "asked", _("Expert asked")
    ANSWERED = "answered", _("Expert answered")
    REOPENED = "reopened", _("Reopened")
    MERGED = "merged", _("Merged into another case")
    TOOK_OVER = "took_over", _("Another case was merged into this one")
    SPLIT = "split", _("Part of it became a case of its own")
    LINKED = "linked", _("Linked")
    UNLINKED = "unlinked", _("Link taken away")
    INTERVAL = "interval", _("Progress interval agreed")
    REPORT = "report", _("Report submitted to the customer")
    FILE = "file", _("File added")
    FILE_GONE = "file_gone", _("File withdrawn")
    ARTICLE = "article", _("Article linked")
    ARTICLE_GONE = "article_gone", _("Article taken away")
    CLEAR = "clear", _("Five clears")
    ESCALATED = "escalated", _("Complaint taken to the next instance")
    DECIDED = "decided", _("Complaint decided")
    SATISFACTION = "satisfaction", _("What the complainant says to the answer")
    CIRCLE = "circle", _("Circle changed")
    CORRECTIVE = "corrective", _("Corrective action")
    CONCERNS = "concerns", _("Whom the complaint concerns")
    LEVEL = "level", _("Level raised")
    IDENTIFIED = "identified", _("Number of another body")
    REGULATOR = "regulator", _("The regulator's time")
    RETYPED = "retyped", _("Request type changed")
    SUGGESTION = "suggestion", _("Suggestion")


#: Lines whose words the customer hears or reads: a banned phrase stops them; in all others it only warns (K3).
TO_CUSTOMER = frozenset({EventType.TOLD, EventType.REPLIED, EventType.PROMISED, EventType.POSTPONED, EventType.REPORT})
#: The verbs of such lines: what is written in them the customer hears or reads, all else stays in the house.
READ_BY_CUSTOMER = frozenset({"tell", "reply", "promise", "postpone"})
#: The field in which the words of a line are given, where it is not called `text`.
FIELD_OF: Mapping[str, str] = {
    EventType.RESOLVED: "outcome",
    EventType.REPLIED: "reply",
    EventType.HAND_OVER: "remaining",
}
#: Lines that repeat words which another line, or the part's own registration, has been checked for.
SAID_ELSEWHERE = frozenset({EventType.TOOK_OVER, EventType.EMERGENCY, EventType.SPLIT})


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

_MISSING_REPORT: Mapping[str, Promise] = {
    DemandedReport.SERVICE: _("The technical service report has not been submitted to the customer yet."),
    DemandedReport.UPGRADE: _("The version upgrade summary report has not been submitted to the customer yet."),
}


def owed_reports(case: Any) -> list[DemandedReport]:
    """C8: which reports must be submitted before this case closes: after a visit, and as its request type demands."""
    service_report_at, arrived_at = case.service_report_at, case.arrived_at
    demanded = case.request_type.report if case.request_type_id is not None else ""
    visited = arrived_at is not None and (service_report_at is None or service_report_at < arrived_at)
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


def not_read_back(ticks: Mapping[str, bool]) -> list[str]:
    """C15: which of the four facts have not been read back to the caller."""
    return [str(fact) for fact in ReadBack if not ticks.get(fact)]


def compose_subject(customer: str, product_type: str, fault: str) -> str:
    """C1: customer unit + product type + brief fault description."""
    return f"{customer} {product_type} {fault}"


def is_late_registration(accepted_at: datetime, registered_at: datetime) -> bool:
    """C3: registered later than 24 h after acceptance."""
    return registered_at - accepted_at > REGISTRATION_LIMIT


def number_of(day: str, ordinal: int) -> str:
    """CALL-20261121-0001: the desk's local day and the gapless number in it."""
    return f"CALL-{day}-{ordinal:04d}"
