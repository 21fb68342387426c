"""Hand-overs, promises and consultations as screens show them: on the case they belong to, and on my desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Window
from django.utils import timezone
from django.utils.functional import Promise as StrPromise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from service_desk.cases.faces import ClockFace
from service_desk.cases.models import Case, CaseCycle, CaseDeadline, CaseEvent, Consultation, HandOver, Promise
from service_desk.cases.present import has
from service_desk.cases.rules import OPEN_STATES, Channel, EventType, HandOverState
from service_desk.cases.stages import Facts, Offer, Stage, StageKind, Wait, in_minutes, stages
from service_desk.deadlines.rules import ClockKind, ClockState
from service_desk.kept import keep

#: So many settled promises and answered questions stand on a case; the timeline has them all.
_SETTLED = 20
#: So many offers and questions stand on the desk.
_WAITING = 25

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class PartClock:
    """A count-down of a part without the clock's own row, as components/countdown.html reads it."""

    kind_label: str
    started_at: datetime
    due_at: datetime
    state: str = ClockState.RUNNING


@dataclass(frozen=True, slots=True)
class Timed(Generic[Part]):
    """A part with its count-down, if a policy gives it one."""

    part: Part
    clock: ClockFace | PartClock | None


@dataclass(frozen=True, slots=True)
class Parts:
    """What goes on beside the main way of one case."""

    offer: Timed[HandOver] | None
    promises: list[Timed[Promise]]
    settled: list[Promise]
    consultations: list[Timed[Consultation]]
    stages: list[Stage]
    whole: timedelta


@keep
def _offers(case: int) -> QuerySet[HandOver]:
    return HandOver.objects.filter(case=case).select_related("giver", "receiver").order_by("proposed_at", "id")


@keep
def _promises(case: int) -> QuerySet[Promise]:
    found = Promise.objects.filter(case=case).select_related("by")
    return found.order_by("-settled_at", "due_at")[: _SETTLED * 2]


@keep
def _questions(case: int) -> QuerySet[Consultation]:
    found = Consultation.objects.filter(case=case).select_related("asked_by", "expert")
    return found.order_by("-asked_at")[:_SETTLED]


def of_case(case: Case, clocks: Sequence[ClockFace], now: datetime) -> Parts:
    """The parts of `case`; a query for each sort that it has, and one for its pauses unless they are at hand."""
    offers = _offers(case.pk) if has(case, "hand_overs") else []
    faces = {(clock.kind, clock.part): clock for clock in clocks}
    waiting = next((offer for offer in offers if offer.state == HandOverState.PROPOSED), None)
    promises = _promises(case.pk) if has(case, "promises") else []
    questions = _questions(case.pk) if has(case, "consultations") else []
    return Parts(
        offer=Timed(waiting, faces.get((ClockKind.HAND_OVER, waiting.pk))) if waiting else None,
        promises=[
            Timed(each, faces.get((ClockKind.PROMISE, each.pk)) or promise_clock(each))
            for each in promises
            if each.settled_at is None
        ],
        settled=[each for each in promises if each.settled_at is not None][:_SETTLED],
        consultations=[
            Timed(each, None if each.answered_at else faces.get((ClockKind.CONSULTATION, each.pk)))
            for each in questions
        ],
        stages=_stages(case, offers, now),
        whole=in_minutes(case.accepted_at, case.ended_at or now),
    )


def _stages(case: Case, offers: Sequence[HandOver], now: datetime) -> list[Stage]:
    return stages(
        Facts(case.accepted_at, case.ended_at, case.first_responder, case.handler),
        [Offer(each.giver, each.receiver, each.state, each.proposed_at, each.decided_at) for each in offers],
        [Wait(pause.waiting_for, pause.starts_at, pause.ends_at) for pause in case.pauses.all()]
        + [Wait(StageKind.CLOSED, each.ended_at, each.reopened_at) for each in _closed(case) if each.ended_at],
        now,
    )


def _closed(case: Case) -> list[CaseCycle]:
    """The times in which a case that was reopened had been closed (D4); no query for one that never was."""
    return list(case.cycles.all()) if case.cycle > 1 else []


def promise_clock(promise: Promise) -> PartClock:
    """The count-down of a promise: its time is its own, whatever a policy says."""
    return PartClock(str(ClockKind.PROMISE.label), promise.made_at, promise.due_at)


# On my desk ------------------------------------------------------------------------------------------------------
def next_promise(user: Any) -> Timed[Promise] | None:
    """The nearest promise of mine or of my cases that is neither kept nor moved; it knows how many there are."""
    found = (
        Promise.objects.filter(
            Q(by=user) | Q(case__handler=user) | Q(case__first_responder=user),
            settled_at=None,
            case__in=Case.objects.visible_to(user).filter(state__in=OPEN_STATES),
        )
        .select_related("case__customer", "by")
        .annotate(together=Window(Count("pk")))
        .order_by("due_at", "id")
        .first()
    )
    return Timed(found, promise_clock(found)) if found else None


def offered_to(user: Any) -> list[Timed[HandOver]]:
    """Hand-overs that wait for this person, the one that waits longest first."""
    found = (
        HandOver.objects.filter(
            receiver=user, state=HandOverState.PROPOSED, case__in=Case.objects.visible_to(user).open()
        )
        .select_related("case__customer", "case__product_type", "giver")
        .annotate(due_at=_due(ClockKind.HAND_OVER))
        .order_by("proposed_at", "id")[:_WAITING]
    )
    return [Timed(each, _clock(ClockKind.HAND_OVER, each.proposed_at, each.due_at)) for each in found]


def asked_of(user: Any) -> list[Timed[Consultation]]:
    """Questions that wait for this expert's answer, the oldest first."""
    found = (
        Consultation.objects.filter(expert=user, answered_at=None, case__in=Case.objects.visible_to(user).open())
        .select_related("case__customer", "case__product_type", "asked_by")
        .annotate(due_at=_due(ClockKind.CONSULTATION))
        .order_by("asked_at", "id")[:_WAITING]
    )
    return [Timed(each, _clock(ClockKind.CONSULTATION, each.asked_at, each.due_at)) for each in found]


def _due(kind: ClockKind) -> Subquery:
    """When the open clock of the part is due; a subquery, so that a section costs one query."""
    clocks = CaseDeadline.objects.open().filter(case=OuterRef("case"), kind=kind, part=OuterRef("pk"))
    return Subquery(clocks.order_by("due_at").values("due_at")[:1])


def _clock(kind: ClockKind, started_at: datetime, due_at: datetime | None) -> PartClock | None:
    return PartClock(str(kind.label), started_at, due_at) if due_at else None


# In the timeline -------------------------------------------------------------------------------------------------
#: What a line is called, with what the event knows; of one that was late or not theirs, the second words.
_TITLES: dict[str, tuple[StrPromise, StrPromise]] = {
    EventType.HAND_OVER: (gettext_lazy("Hand-over proposed to %(receiver)s"),) * 2,
    EventType.ACCEPTED: (gettext_lazy("Hand-over accepted from %(giver)s"),) * 2,
    EventType.DECLINED: (gettext_lazy("Hand-over declined"), gettext_lazy("Hand-over declined as not theirs")),
    EventType.PROMISED: (gettext_lazy("Promised to the customer until %(due)s"),) * 2,
    EventType.KEPT: (gettext_lazy("Promise kept"), gettext_lazy("Promise done late: it was broken")),
    EventType.POSTPONED: (
        gettext_lazy("Promise moved in time to %(due)s"),
        gettext_lazy("Broken promise given a new time: %(due)s"),
    ),
    EventType.RETYPED: (
        gettext_lazy("Request type changed from “%(before)s” to “%(after)s”"),
        gettext_lazy("Answers of the request type changed"),
    ),
    EventType.ASKED: (gettext_lazy("Expert asked: %(expert)s"),) * 2,
    EventType.ANSWERED: (gettext_lazy("Expert answered %(asked_by)s"),) * 2,
}


def event_words(event: CaseEvent) -> str:
    """What a line of the timeline about a part is called; empty for every other line."""
    if event.type not in _TITLES:
        return ""
    named = {
        name: str(event.data.get(name, "")) for name in ("receiver", "giver", "expert", "asked_by", "before", "after")
    }
    named |= {name: named[name] or "–" for name in ("before", "after")}
    usual, otherwise = _TITLES[event.type]
    words = otherwise if any(event.data.get(name) for name in ("late", "not_mine", "same")) else usual
    return str(words) % (named | {"due": _moment(event.data.get("due"))})


def event_facts(event: CaseEvent) -> list[tuple[str, str]]:
    """What a line about a part knows beside its text, as label and value."""
    data = event.data
    if event.type == EventType.HAND_OVER:
        return [
            (_("What was done"), data.get("done", "")),
            (_("What remains"), event.text),
            (_("What was promised"), data.get("promised", "")),
        ]
    if event.type == EventType.TOLD_ONCE:
        return [
            (_("Materials"), "\n".join(data.get("materials", ()))),
            (_("Steps"), "\n".join(data.get("steps", ()))),
        ]
    if event.type == EventType.RETYPED:
        return [(str(label), str(answer)) for label, answer in data.get("kept", ())]
    if event.type == EventType.KEPT:
        return [(_("What was promised"), data.get("promise", ""))]
    if event.type == EventType.POSTPONED:
        by = data.get("channel", "")
        told = str(Channel(by).label) if by in Channel.values else ""
        return [(_("What was promised"), data.get("promise", "")), (_("The customer was told by"), told)]
    return []


def _moment(text: str | None) -> str:
    """A time of the data, in the desk's zone."""
    return timezone.localtime(datetime.fromisoformat(text)).strftime("%Y-%m-%d %H:%M") if text else "–"
