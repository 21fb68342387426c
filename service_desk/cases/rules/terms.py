"""The terms in which a case is told: what sort it is, where it stands, what its timeline says."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


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
    LETTER = "letter", _("Letter")


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


class ScanState(TextChoices):
    """What the virus scanner says of a file; without a scanner, nothing."""

    OFF = "", pgettext_lazy("virus check", "Not checked for viruses")
    WAITING = "waiting", pgettext_lazy("virus check", "Being checked for viruses")
    CLEAN = "clean", pgettext_lazy("virus check", "No virus found")
    INFECTED = "infected", pgettext_lazy("virus check", "A virus was found")


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
