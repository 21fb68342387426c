"""What a complaint may be and what it demands (P1-P11). Pure; no database, no clock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.deadlines.rules import ClockKind
from service_desk.people.rules import Role


class ComplaintChannel(TextChoices):
    """How a complaint comes in (P1)."""

    PHONE = "phone", _("Phone")
    EMAIL = "email", _("E-mail")
    LETTER = "letter", _("Letter")
    VISIT = "visit", _("Visit")
    WEB = "web", _("Web form")
    WECHAT = "wechat", _("WeChat")
    SMS = "sms", _("SMS")
    C12315 = "12315", _("12315 consumer hotline")
    C12345 = "12345", _("12345 government hotline")
    OTHER = "other", pgettext_lazy("channel", "Another way")


#: Those by which a regulator refers a complaint, with its own number and its own time.
REGULATORS = frozenset({ComplaintChannel.C12315, ComplaintChannel.C12345})


class ComplaintLevel(TextChoices):
    """How grave it is (P4)."""

    ORDINARY = "ordinary", pgettext_lazy("complaint", "Ordinary")
    SERIOUS = "serious", pgettext_lazy("complaint", "Serious")
    MAJOR = "major", pgettext_lazy("complaint", "Major")


#: What each level means, spelled out where it is chosen.
LEVEL_MEANING: Mapping[str, Promise] = {
    ComplaintLevel.ORDINARY: _("Something was done badly or late; it can be put right within the day."),
    ComplaintLevel.SERIOUS: _("Damage, a repeated fault, or an answer that others have to be asked for."),
    ComplaintLevel.MAJOR: _("People, property or the name of the company are in danger; the head is told at once."),
}
_ORDER = (ComplaintLevel.ORDINARY, ComplaintLevel.SERIOUS, ComplaintLevel.MAJOR)


class FiveClear(TextChoices):
    """The five clears of the complaint record (P2)."""

    LISTEN = "listen", pgettext_lazy("five clears", "Listened clearly")
    ASK = "ask", pgettext_lazy("five clears", "Asked clearly")
    FOLLOW = "follow", pgettext_lazy("five clears", "Followed clearly")
    REPLY = "reply", pgettext_lazy("five clears", "Replied clearly")
    RECORD = "record", pgettext_lazy("five clears", "Recorded clearly")


class InstanceKind(TextChoices):
    """The ladder of instances (P5)."""

    COMPLAINT = "complaint", pgettext_lazy("instance", "Complaint")
    ESCALATED = "escalated", pgettext_lazy("instance", "Escalated complaint")
    APPEAL = "appeal", pgettext_lazy("instance", "Appeal")


LADDER = (InstanceKind.COMPLAINT, InstanceKind.ESCALATED, InstanceKind.APPEAL)
#: The clock of each instance's decision; that of the first is the solution itself.
CLOCK_OF: Mapping[str, ClockKind] = {
    InstanceKind.COMPLAINT: ClockKind.SOLUTION,
    InstanceKind.ESCALATED: ClockKind.ESCALATED,
    InstanceKind.APPEAL: ClockKind.APPEAL,
}
#: And the instance whose time is over when this clock is.
INSTANCE_OF: Mapping[str, InstanceKind] = {clock: InstanceKind(kind) for kind, clock in CLOCK_OF.items()}


class EscalatedWhy(TextChoices):
    """What brought a complaint to an instance (P5)."""

    ACCEPTED = "accepted", pgettext_lazy("instance", "accepted")
    TIMER = "timer", pgettext_lazy("instance", "the time was over")
    DISSATISFIED = "dissatisfied", pgettext_lazy("instance", "the complainant is not satisfied")
    SUPERVISOR = "supervisor", pgettext_lazy("instance", "a supervisor decided so")


class Finding(TextChoices):
    """What an instance finds."""

    SUBSTANTIATED = "substantiated", pgettext_lazy("complaint", "Substantiated")
    PARTLY = "partly", pgettext_lazy("complaint", "Partly substantiated")
    UNFOUNDED = "unfounded", pgettext_lazy("complaint", "Not substantiated")


#: Findings by which somebody has done something wrong (P10).
HOLDS = frozenset({Finding.SUBSTANTIATED, Finding.PARTLY})

#: Who may be asked to decide an instance, gravest first: an appeal goes as high as it can.
DECIDING_ROLES = (Role.GM_MARKETING, Role.GM_PRODUCT, Role.DEPARTMENT_HEAD, Role.QUALITY_INSPECTOR, Role.SUPERVISOR)


def next_instance(kind: str) -> InstanceKind | None:
    """The one after this; None after the appeal."""
    place = LADDER.index(InstanceKind(kind)) + 1
    return LADDER[place] if place < len(LADDER) else None


def is_raised(before: str, after: str) -> bool:
    """Whether a level is graver than the one before: it is raised only, as a lower one would wash clocks."""
    return _ORDER.index(ComplaintLevel(after)) > _ORDER.index(ComplaintLevel(before))


def empty_clears(filled: Collection[str]) -> list[FiveClear]:
    """P2: those of the five that nobody has written anything for."""
    return [clear for clear in FiveClear if clear not in filled]


def names_of(clears: Iterable[FiveClear]) -> str:
    """Their names in a row."""
    return "、".join(str(clear.label) for clear in clears)


def solution_due(policy_due: datetime, regulator_due: datetime | None, *, fixed: bool = False) -> datetime | None:
    """The time of its own that the solution gets: the regulator's where that is earlier; None: the policy's stands.

    `fixed`: the policy's clock could be paused beyond the regulator's time, so it is nailed to the earlier of both.
    """
    if regulator_due is None:
        return None
    if regulator_due < policy_due:
        return regulator_due
    return policy_due if fixed else None
