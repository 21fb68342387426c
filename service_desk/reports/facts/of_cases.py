"""Facts about cases and what was agreed on in them: registration, response, restoration, solution, promises."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import (
    BigIntegerField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    When,
)
from django.db.models import Case as Choice
from django.db.models.functions import Coalesce

from service_desk.cases.models import Case, CaseCycle, CaseDeadline, HandOver, Promise
from service_desk.cases.rules import CaseKind, HandOverState
from service_desk.deadlines.rules import ClockKind
from service_desk.reports.facts.parts import (
    CYCLES,
    KEPT,
    LATE,
    Facts,
    between,
    clock_of,
    rows,
    seconds,
    slots,
    text,
    word,
)


def arrivals(user: Any, begins: datetime, ends: datetime) -> Facts:
    """Cases by when they were accepted: when the customer came, not when somebody wrote it down."""
    cases = Case.objects.visible_to(user).filter(between("accepted_at", begins, ends), split_from=None)
    return rows(
        cases,
        "f_weekday",
        "f_hour",
        "f_slot",
        f_id=F("pk"),
        f_at=F("accepted_at"),
        f_case=F("pk"),
        f_who=F("first_responder"),
        **slots("accepted_at"),
    )


def registrations(user: Any, begins: datetime, ends: datetime) -> Facts:
    """C3: tickets, by when they were registered."""
    cases = Case.objects.visible_to(user).filter(between("registered_at", begins, ends))
    return rows(
        cases.filter(kind=CaseKind.CALL, split_from=None),
        f_id=F("pk"),
        f_at=F("registered_at"),
        f_case=F("pk"),
        f_who=F("first_responder"),
        f_seconds=seconds(F("accepted_at"), F("registered_at")),
        f_outcome=Choice(When(late_registration=True, then=word(LATE)), default=word(KEPT)),
    )


def first_responses(user: Any, begins: datetime, ends: datetime) -> Facts:
    """Cases by when work on them began; it begins once, whatever is reopened later."""
    cases = Case.objects.visible_to(user).filter(between("started_at", begins, ends))
    return rows(
        cases,
        f_id=F("pk"),
        f_at=F("started_at"),
        f_case=F("pk"),
        f_who=F("first_responder"),
        f_seconds=seconds(Coalesce("earliest_accepted_at", "accepted_at"), F("started_at")),
        f_outcome=clock_of("pk", ClockKind.FIRST_RESPONSE, part=0),
    )


def restorations(user: Any, begins: datetime, ends: datetime) -> Facts:
    """Cycles by when service was restored."""
    return _cycles(user, begins, ends, "restored_at", ClockKind.RESTORATION, ClockKind.EMERGENCY)


def solutions(user: Any, begins: datetime, ends: datetime) -> Facts:
    """Cycles by when they were resolved."""
    return _cycles(user, begins, ends, "resolved_at", ClockKind.SOLUTION)


def _cycles(user: Any, begins: datetime, ends: datetime, reached: str, *kinds: str) -> Facts:
    """What cases came to in their present cycle, and in earlier ones, whose results stand beside them (D4).

    A cycle that began with its service restored has nothing to show of that.
    """
    cases = Case.objects.visible_to(user)
    began = Coalesce("reopened_at", "earliest_accepted_at", "accepted_at")
    present = cases.filter(between(reached, begins, ends)).filter(
        Q(reopened_at=None) | Q(**{f"{reached}__gte": F("reopened_at")})
    )
    past = CaseCycle.objects.filter(
        between(reached, begins, ends), case__in=cases, **{f"{reached}__gte": F("began_at")}
    )
    now = rows(
        present,
        f_id=ExpressionWrapper(F("pk") * CYCLES + F("cycle"), BigIntegerField()),
        f_at=F(reached),
        f_case=F("pk"),
        f_who=F("handler"),
        f_seconds=seconds(began, F(reached)),
        f_outcome=clock_of("pk", *kinds, part=0, cycle=OuterRef("cycle")),
    )
    then = rows(
        past,
        f_id=ExpressionWrapper(F("case") * CYCLES + F("cycle"), BigIntegerField()),
        f_at=F(reached),
        f_case=F("case"),
        f_who=F("case__handler"),
        f_seconds=seconds(F("began_at"), F(reached)),
        f_outcome=clock_of("case", *kinds, part=0, cycle=OuterRef("cycle")),
    )
    return now.union(then, all=True)


def promises(user: Any, begins: datetime, ends: datetime) -> Facts:
    """C11: promises by when they were settled in time, or broken."""
    settled = between("broken_at", begins, ends) | Q(between("settled_at", begins, ends), broken_at=None)
    return rows(
        Promise.objects.filter(settled, case__in=Case.objects.visible_to(user)),
        f_id=F("pk"),
        f_at=Coalesce("broken_at", "settled_at"),
        f_case=F("case"),
        f_who=F("by"),
        f_outcome=text("state"),
    )


def hand_overs(user: Any, begins: datetime, ends: datetime) -> Facts:
    """C5: hand-overs by when they were offered, and what became of them up to now."""
    found = HandOver.objects.filter(between("proposed_at", begins, ends), case__in=Case.objects.visible_to(user))
    late = CaseDeadline.objects.filter(
        case=OuterRef("case"), kind=ClockKind.HAND_OVER, part=OuterRef("pk"), breached_at__isnull=False
    )
    return rows(
        found,
        f_id=F("pk"),
        f_at=F("proposed_at"),
        f_case=F("case"),
        f_who=F("receiver"),
        f_seconds=seconds(F("proposed_at"), F("decided_at")),
        f_outcome=Choice(
            When(~Q(state=HandOverState.ACCEPTED), then=text("state")),
            When(Exists(late), then=word(LATE)),
            default=word(KEPT),
        ),
    )
