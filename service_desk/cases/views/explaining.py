"""Why a clock is due when it is: segment by segment, with the policy and calendar it was computed from (D9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from service_desk.cases.faces import face, with_what_they_need
from service_desk.cases.models import CaseDeadline
from service_desk.cases.rules import Severity
from service_desk.cases.tellings import slot_label
from service_desk.cases.views.common import case_for, wants_part
from service_desk.deadlines.clock import now
from service_desk.deadlines.hours import DayKind, HoursError, SegmentKind
from service_desk.deadlines.rules import ClockState
from service_desk.deadlines.schedule import Explanation, StepKind

_MOST = 400


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of the ladder: when, what, whom it tells, and whether it has been taken."""

    at: datetime
    label: str
    slots: list[str]
    fired: bool


@login_required
@require_GET
def clock_explain(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """The explanation, in the dialog or as a page."""
    case = case_for(request, number)
    clock = (
        with_what_they_need(CaseDeadline.objects.filter(case=case, pk=pk))
        .select_related("calendar_version__calendar")
        .first()
    )
    if clock is None:
        raise Http404(_("There is no such clock."))
    clock.case = case
    moment = now()
    context = {
        "case": case,
        "clock": clock,
        "face": face(clock, case.number, moment, explained=False),
        **_explained(clock, moment),
    }
    return render(request, "cases/explain_dialog.html" if wants_part(request) else "cases/explain.html", context)


def _explained(clock: CaseDeadline, moment: datetime) -> dict[str, Any]:
    try:
        why: Explanation | None = clock.explain(moment)
    except HoursError as error:
        return {"why": None, "cannot": str(error)}
    segments = why.segments if why else ()
    return {
        "why": why,
        "segments": [(segment, _segment_word(segment.kind)) for segment in segments[:_MOST]],
        "more_segments": max(0, len(segments) - _MOST),
        "days": [(line, _day_word(line.kind)) for line in (why.days if why else ())],
        "severity": Severity(clock.policy.severity).label if clock.policy.severity else "",
        "counted": segments[-1].total if segments else timedelta(0),
        "differs": why is not None and why.due_at is not None and why.due_at != clock.due_at,
        "pauses": [p for p in clock.case.pauses.select_related("by") if clock.policy.may_pause],
        "rungs": _rungs(clock),
    }


def _rungs(clock: CaseDeadline) -> list[Rung]:
    by_code = {step.code: step for step in clock.policy.ladder}
    words = {
        StepKind.START: _("start"),
        StepKind.WARNING: _("warning"),
        StepKind.BREACH: _("time is over"),
        StepKind.ESCALATION: _("one step up"),
    }
    rungs = []
    for index, (code, at) in enumerate(clock.schedule["steps"]):
        if clock.state == ClockState.PAUSED and index > clock.step:
            break  # what is still to come is known when the pause ends
        step = by_code.get(code)
        rungs.append(
            Rung(
                at=datetime.fromisoformat(at),
                label=str(words[step.kind]) if step else code,
                slots=[slot_label(slot) for slot in step.slots] if step else [],
                fired=index <= clock.step,
            )
        )
    return rungs


def _segment_word(kind: SegmentKind) -> str:
    return {
        SegmentKind.COUNTED: _("counted"),
        SegmentKind.MAKEUP_DAY: _("counted: make-up working day"),
        SegmentKind.OUTSIDE_HOURS: _("outside working hours"),
        SegmentKind.BREAK: _("break"),
        SegmentKind.DAY_OFF: _("day off"),
        SegmentKind.PAUSED: _("paused"),
    }[kind]


def _day_word(kind: DayKind) -> str:
    return {
        DayKind.START_DAY: _("start day, does not count"),
        DayKind.WORKING_DAY: _("working day"),
        DayKind.MAKEUP_DAY: _("make-up working day"),
        DayKind.DAY_OFF: _("day off"),
    }[kind]
