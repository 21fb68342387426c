"""What a complaint's page shows beside what every case's does: ladder, five clears, circle, corrections (P2-P11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, prefetch_related_objects
from django.urls import reverse
from django.utils.translation import gettext as _

from service_desk.cases.faces import ClockFace
from service_desk.cases.models import Case, CaseCircle
from service_desk.cases.panels import Panels, register_panels
from service_desk.cases.rules import CaseKind
from service_desk.complaints.deeds import Choice, choices_for
from service_desk.complaints.models import (
    Clear,
    Complaint,
    CorrectiveAction,
    ExternalIdentifier,
    Instance,
    Suggestion,
)
from service_desk.complaints.names import mask_address
from service_desk.complaints.rules import CLOCK_OF, LEVEL_MEANING, FiveClear, InstanceKind
from service_desk.customers.rules import mask_number
from service_desk.deadlines.rules import ClockKind
from service_desk.people.access import can

#: What most complaints have none of is asked for only where there is some.
_HAS = {
    "has_corrections": Exists(CorrectiveAction.objects.filter(complaint=OuterRef("pk"))),
    "has_identifiers": Exists(ExternalIdentifier.objects.filter(complaint=OuterRef("pk"))),
    "has_suggestions": Exists(Suggestion.objects.filter(case=OuterRef("pk"))),
}
_ABOUT = ("about_case__customer", "about_staff__unit", "about_unit", "about_product", "about_service", "call")


@dataclass(frozen=True, slots=True)
class Step:
    """An instance with its clock, and the one of another solution that is due in it."""

    instance: Instance
    clock: ClockFace | None
    another: ClockFace | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One of the five clears: what was written for it, and where more is."""

    value: str
    label: str
    entries: list[Clear]
    url: str


@dataclass(frozen=True, slots=True)
class Correction:
    """A corrective action with its clock."""

    action: CorrectiveAction
    clock: ClockFace | None


@dataclass(frozen=True, slots=True)
class About:
    """Everything that the panels draw."""

    complaint: Complaint
    level_meaning: Any
    about: list[tuple[str, str, str]]
    phone: str
    address: str
    reveal_url: str
    record_url: str
    steps: list[Step]
    sheets: list[Sheet]
    empty: int
    corrections: list[Correction]
    identifiers: list[ExternalIdentifier]
    circle: list[CaseCircle]
    gone: list[CaseCircle]
    suggestions: list[Suggestion]
    deeds: dict[str, Choice]
    placed: dict[str, list[Choice]]


def of_case(case: Case, user: Any, now: datetime, clocks: Sequence[ClockFace]) -> Panels:
    """The panels of the page; a fixed number of queries."""
    complaint = Complaint.objects.select_related(*_ABOUT).annotate(**_HAS).get(pk=case.pk)
    complaint.case = case
    decided = Instance.objects.select_related("owner__unit", "opened_by", "decided_by").order_by("id")
    prefetch_related_objects([complaint], Prefetch("instances", decided))  # the rules ask them too
    instances = list(complaint.instances.all())
    entries = list(complaint.clears.select_related("by").order_by("at", "id"))
    members = case.members
    corrections = _corrections(complaint, clocks)
    waiting = any(each.action.done_at is None for each in corrections)
    deeds = choices_for(user, complaint, instances, corrections_wait=waiting)
    number = case.number
    sheets = _sheets(entries, deeds["clear"].url)
    about = About(
        complaint=complaint,
        level_meaning=LEVEL_MEANING[complaint.level],
        about=about_rows(complaint),
        phone=mask_number(case.caller_phone) if case.caller_phone else "",
        address=mask_address(complaint.address),
        reveal_url=reverse("complaint-reveal", args=[number])
        if (case.caller_phone or complaint.address) and can(user, "complaint.reveal", complaint)
        else "",
        record_url=reverse("complaint-record", args=[number]),
        steps=_steps(instances, clocks),
        sheets=sheets,
        empty=sum(not sheet.entries for sheet in sheets),
        corrections=corrections,
        identifiers=_some(complaint, "has_identifiers", complaint.identifiers.select_related("by").order_by("id")),
        circle=[each for each in members if each.until is None],
        gone=[each for each in members if each.until is not None],
        suggestions=_some(
            complaint,
            "has_suggestions",
            case.suggestions.select_related("unit", "answered_by", "returned_by").order_by("id"),
        ),
        deeds=deeds,
        placed=_placed(deeds),
    )
    return Panels(
        head="complaints/head.html",
        beside="complaints/beside.html",
        crumb="complaints/crumb.html",
        print_url=about.record_url,
        style="css/complaints.css",
        about=about,
    )


def about_rows(complaint: Complaint) -> list[tuple[str, str, str]]:
    """What it is about, as label, words and address."""
    rows = []
    if (case := complaint.about_case) is not None:
        rows.append((_("A case"), f"{case.number} {case.fault}", case.get_absolute_url()))
    if (staff := complaint.about_staff) is not None:
        unit = f" · {staff.unit}" if staff.unit else ""
        rows.append((_("A person"), f"{staff}{unit}", ""))
    for label, thing in (
        (_("A unit"), complaint.about_unit),
        (_("A product"), complaint.about_product),
        (_("A service"), complaint.about_service),
    ):
        if thing is not None:
            rows.append((label, str(thing), ""))
    return rows


def _steps(instances: Sequence[Instance], clocks: Sequence[ClockFace]) -> list[Step]:
    """Each instance beside its own clock; that of the first is the solution of the case."""
    faces = {(clock.kind, clock.part): clock for clock in reversed(clocks)}  # an open one before one that has ended
    steps = []
    for one in instances:
        part = 0 if one.kind == InstanceKind.COMPLAINT else one.pk
        own = faces.get((CLOCK_OF[one.kind], part))
        steps.append(Step(one, own, faces.get((ClockKind.ANOTHER, one.pk))))
    return steps


def _sheets(entries: Sequence[Clear], url: str) -> list[Sheet]:
    return [
        Sheet(str(clear), str(clear.label), [one for one in entries if one.clear == clear], f"{url}?clear={clear}")
        for clear in FiveClear
    ]


def _corrections(complaint: Complaint, clocks: Sequence[ClockFace]) -> list[Correction]:
    faces = {clock.part: clock for clock in clocks if clock.kind == ClockKind.CORRECTIVE}
    actions = complaint.corrective_actions.select_related("owner", "made_by", "done_by").order_by("id")
    return [Correction(each, faces.get(each.pk)) for each in _some(complaint, "has_corrections", actions)]


def _some(complaint: Complaint, flag: str, rows: Any) -> list[Any]:
    """The rows, without a query where the complaint's own has told that there are none."""
    return list(rows) if getattr(complaint, flag) else []


def _placed(deeds: dict[str, Choice]) -> dict[str, list[Choice]]:
    """The verbs that are possible now, by the part of the page in which they stand."""
    placed: dict[str, list[Choice]] = {}
    for choice in deeds.values():
        if choice.why_not:
            continue
        if choice.deed.verb == "finish" or not choice.deed.place:
            continue  # stands with each action
        placed.setdefault(choice.deed.place, []).append(choice)
    return placed


def first_words(case: Case, verb: str) -> dict[str, str]:
    """The last decision says already what came of it and what was replied: nobody writes it twice."""
    if verb not in ("resolve", "reply"):
        return {}
    last = Instance.objects.filter(complaint=case.pk).exclude(decided_at=None).order_by("-id").first()
    if last is None:
        return {}
    return {"outcome": last.remedy} if verb == "resolve" else {"reply": last.reply, "channel": last.reply_channel}


def register() -> None:
    """Hand the panels to the page of cases; called once when the room is ready."""
    register_panels(CaseKind.COMPLAINT, of_case, first_words)
