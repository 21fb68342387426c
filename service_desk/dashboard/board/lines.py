"""A row behind a figure as the board's lists draw it: where it leads, whose it is, its count-down, who has answered."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from service_desk.calls.faces import face_of
from service_desk.cases.faces import ClockFace, face, nearest_faces, with_what_they_need
from service_desk.cases.models import Case, CaseDeadline
from service_desk.cases.parts import PartClock, promise_clock
from service_desk.dashboard.board import agents
from service_desk.deadlines.rules import ClockKind
from service_desk.notices.kinds import render
from service_desk.notices.models import Notice
from service_desk.people.access import can

#: Kinds of rows of whose case is said who has answered.
ANSWERED = frozenset({"case", "clock"})
_CASE = re.compile(r"case:[0-9]{1,18}")
_NAMES = ("customer", "product_type", "handler", "first_responder")
_OF_CASE = tuple(f"case__{name}" for name in _NAMES)
_CLOCK = (*_OF_CASE, "policy", "calendar_version")


@dataclass(slots=True)
class Answers:
    """Who was told of a case and must answer: who has, who has not, and which of the notices are mine."""

    answered_by: list[str] = field(default_factory=list)
    waits_for: list[str] = field(default_factory=list)
    mine: list[Any] = field(default_factory=list)  # keys of notices that this person may answer here


@dataclass(slots=True)
class Line:
    """One row of a list of the board."""

    id: str
    href: str
    title: str
    matter: str = ""
    customer: str = ""
    who: str = ""
    severity: str = ""
    clock: ClockFace | PartClock | Any = None
    since: datetime | None = None
    note: str = ""
    case: Case | None = None
    answers: Answers | None = None
    rank: tuple[Any, ...] = ()  # its place among others of the same list


def lines(kind: str, rows: Sequence[Any], user: Any, now: datetime) -> list[Line]:
    """The rows of this kind, drawn; a fixed number of queries."""
    found = _DRAW[kind](rows, user, now)
    if kind in ANSWERED:
        add_answers(found, user)
    return found


def add_answers(found: Sequence[Line], user: Any) -> None:
    """Say of each line's case who of those told has answered; one query."""
    cases = [line.case for line in found if line.case is not None]
    said = answers(cases, user) if cases else {}
    for line in found:
        line.answers = said.get(line.case.pk) if line.case else None


def of_board(urgent: Sequence[int], following: Sequence[int], now: datetime) -> tuple[list[Line], list[Line]]:
    """These emergencies and these clocks as lines, each with its rank; three queries, whatever they are about."""
    wanted = Q(pk__in=following) | Q(kind=ClockKind.EMERGENCY, case__in=urgent)
    clocks = list(
        CaseDeadline.objects.open()
        .filter(wanted)
        .select_related("policy", "calendar_version")
        .defer("calendar_version__data")
    )
    numbers = {*urgent, *(clock.case_id for clock in clocks)}
    cases = {case.pk: case for case in Case.objects.for_page().filter(pk__in=numbers).prefetch_related("pauses")}
    for clock in clocks:
        clock.case = cases[clock.case_id]
    running = {clock.case_id: clock for clock in clocks if clock.kind == ClockKind.EMERGENCY}
    first = []
    for case in (cases[pk] for pk in urgent if pk in cases):
        clock = running.get(case.pk)
        line = _of_case(case, clock=face(clock, case.number, now, explained=False) if clock else None)
        line.rank = (case.registered_at, case.pk)
        first.append(line)
    second = _clocks([clock for clock in clocks if clock.pk in following], None, now)
    for line, clock in zip(second, (clock for clock in clocks if clock.pk in following), strict=True):
        line.rank = (clock.due_at, clock.pk)
    return sorted(first, key=_rank), sorted(second, key=_rank)


def _rank(line: Line) -> tuple[Any, ...]:
    return line.rank


def dressed(kind: str, rows: QuerySet[Any]) -> QuerySet[Any]:
    """The rows with what `lines` reads of each."""
    wanted = _NEEDS[kind]
    if kind == "clock":
        return rows.select_related(*wanted).defer("calendar_version__data").prefetch_related("case__pauses")
    return rows.select_related(*wanted) if wanted else rows


def answers(cases: Iterable[Case], user: Any) -> dict[int, Answers]:
    """Who of those told has answered and who has not, by case; one query."""
    abouts = {f"case:{case.pk}": case.pk for case in cases}
    found: dict[int, Answers] = {}
    seen: set[str] = set()
    told = Notice.objects.filter(about__in=abouts, needs_ack=True, stopped_at=None).order_by("-id")
    for about, chain, key, name, recipient, acked, by in told.values_list(
        "about", "chain", "key", "recipient__full_name", "recipient", "acked_at", "acked_by__full_name"
    ):
        if chain in seen:
            continue
        seen.add(chain)
        one = found.setdefault(abouts[about], Answers())
        if acked is not None:
            if (by or name or _("nobody")) not in one.answered_by:
                one.answered_by.append(by or name or _("nobody"))
            continue
        if (name or _("nobody")) not in one.waits_for:
            one.waits_for.append(name or _("nobody"))
        if recipient is not None and recipient == user.pk:
            one.mine.append(key)
    return found


def _of_case(case: Case, **more: Any) -> Line:
    return Line(
        id=case.number,
        href=case.get_absolute_url(),
        title=case.number,
        matter=f"{case.product_type.name} {case.fault}",
        customer=case.customer.name,
        who=str(case.handler),
        severity=case.get_severity_display() if case.severity else "",
        case=case,
        **more,
    )


def _cases(rows: Sequence[Case], _user: Any, now: datetime) -> list[Line]:
    """Emergencies, each with the count-down of the process."""
    clocks = (
        CaseDeadline.objects.open()
        .filter(kind=ClockKind.EMERGENCY, case__in=[case.pk for case in rows])
        .select_related("policy", "calendar_version")
        .defer("calendar_version__data")
    )
    by_case = {clock.case_id: clock for clock in clocks}
    found = []
    for case in rows:
        clock = by_case.get(case.pk)
        if clock is not None:
            clock.case = case
        found.append(_of_case(case, clock=face(clock, case.number, now, explained=False) if clock else None))
    return found


def _clocks(rows: Sequence[CaseDeadline], _user: Any, now: datetime) -> list[Line]:
    found = []
    for clock in rows:
        line = _of_case(clock.case, clock=face(clock, clock.case.number, now, explained=False))
        line.id = f"{clock.case.number}-{clock.pk}"
        found.append(line)
    return found


def _promises(rows: Sequence[Any], _user: Any, _now: datetime) -> list[Line]:
    found = []
    for each in rows:
        line = _of_case(each.case, clock=promise_clock(each), note=each.text)
        line.id, line.who = f"{each.case.number}-{each.pk}", str(each.by)
        found.append(line)
    return found


def _hand_overs(rows: Sequence[Any], _user: Any, now: datetime) -> list[Line]:
    """Offers, each with the count-down of its acceptance where a policy gives one."""
    offers = {each.pk: each for each in rows}
    clocks = (
        with_what_they_need(CaseDeadline.objects.open())
        .filter(kind=ClockKind.HAND_OVER, case__in=[each.case_id for each in rows], part__in=offers)
        .prefetch_related("case__pauses")
    )
    faces = {}
    for clock in clocks:
        faces[clock.part] = face(clock, offers[clock.part].case.number, now, explained=False)
    found = []
    for each in rows:
        line = _of_case(each.case, note=each.remaining, since=each.proposed_at, clock=faces.get(each.pk))
        line.who = f"{each.giver} → {each.receiver}"
        found.append(line)
    return found


def _complaints(rows: Sequence[Any], _user: Any, now: datetime) -> list[Line]:
    nearest = nearest_faces([each.case for each in rows], now)
    return [_of_case(each.case, note=each.get_channel_display(), clock=nearest.get(each.case_id)) for each in rows]


def _calls(rows: Sequence[Any], _user: Any, now: datetime) -> list[Line]:
    return [
        Line(
            id=clock.call.ref,
            href=reverse("call-detail", args=[clock.call.ref]),
            title=clock.call.masked_number or _("number withheld"),
            matter=str(clock.call.integration),
            who=str(clock.call.responsible or _("nobody's")),
            clock=face_of(clock, now),
        )
        for clock in rows
    ]


def _messages(rows: Sequence[Any], _user: Any, now: datetime) -> list[Line]:
    return [
        Line(
            id=str(clock.message_id),
            href=reverse("message-detail", args=[clock.message_id]),
            title=_("Message %(number)s") % {"number": clock.message_id},
            who=str(clock.message.for_whom),
            clock=face_of(clock, now),
        )
        for clock in rows
    ]


def _deliveries(rows: Sequence[Any], user: Any, _now: datetime) -> list[Line]:
    """What a message says stands here only for those who may know of its case (P6)."""
    pks = {each.notice.about: int(each.notice.about[5:]) for each in rows if _CASE.fullmatch(each.notice.about)}
    seen = set(Case.objects.visible_to(user).filter(pk__in=pks.values()).values_list("pk", flat=True)) if pks else set()
    shown = {
        each.pk
        for each in rows
        if not each.notice.private and (each.notice.about not in pks or pks[each.notice.about] in seen)
    }
    return [
        Line(
            id=str(each.pk),
            href=reverse("notice-undelivered"),
            title=render(each.notice.kind, each.notice.facts).subject if each.pk in shown else _("Confidential"),
            matter=f"{each.get_channel_display()} · {each.get_state_display()}",
            who=str(each.notice.recipient or _("nobody")),
            note=each.last_error[:200] if each.pk in shown else "",
            since=each.created_at,
        )
        for each in rows
    ]


def _incidents(rows: Sequence[Any], _user: Any, _now: datetime) -> list[Line]:
    return [
        Line(
            id=str(each.pk),
            href=reverse("engine"),
            title=each.words,
            matter=each.thing,
            note=each.detail[:200],
            since=each.found_at,
        )
        for each in rows
    ]


def _endpoints(rows: Sequence[Any], user: Any, _now: datetime) -> list[Line]:
    administers = bool(can(user, "webhook.administer"))
    return [
        Line(
            id=str(each.pk),
            href=reverse("webhook", args=[each.pk]) if administers else "",
            title=str(each),
            note=each.last_error[:200] if administers else "",
            since=each.failing_since,
        )
        for each in rows
    ]


def _phones(rows: Sequence[Any], user: Any, _now: datetime) -> list[Line]:
    administers = bool(can(user, "telephony.administer"))
    return [
        Line(
            id=str(each.pk),
            href=reverse("phone-system", args=[each.pk]) if administers else "",
            title=str(each),
            matter=each.get_kind_display(),
        )
        for each in rows
    ]


def _agents(rows: Sequence[Any], user: Any, _now: datetime) -> list[Line]:
    held = agents.loads(user, [each.pk for each in rows])
    return [
        Line(
            id=str(each.pk),
            href=f"{reverse('case-list')}?handler={each.pk}&state=open",
            title=str(each),
            matter=str(each.unit or ""),
            note=agents.told(held.get(each.pk, 0)),
        )
        for each in rows
    ]


_DRAW: Mapping[str, Callable[[Sequence[Any], Any, datetime], list[Line]]] = {
    "case": _cases,
    "clock": _clocks,
    "promise": _promises,
    "hand_over": _hand_overs,
    "complaint": _complaints,
    "call": _calls,
    "message": _messages,
    "delivery": _deliveries,
    "incident": _incidents,
    "endpoint": _endpoints,
    "phone": _phones,
    "agent": _agents,
}
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "case": _NAMES,
    "clock": _CLOCK,
    "promise": (*_OF_CASE, "by"),
    "hand_over": (*_OF_CASE, "giver", "receiver"),
    "complaint": _OF_CASE,
    "call": ("call__integration", "call__agent", "call__claimed_by"),
    "message": ("message__for_whom",),
    "delivery": ("notice__recipient",),
    "incident": (),
    "endpoint": (),
    "phone": (),
    "agent": ("unit",),
}
