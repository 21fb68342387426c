"""The team view: per unit what each person holds, what of it is late, the oldest, whose minutes, and pauses set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Min, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from service_desk.cases import stage_sums
from service_desk.cases.board import units_below
from service_desk.cases.models import Case, CaseDeadline, CasePause
from service_desk.cases.views.stage_sums import LABELS
from service_desk.deadlines import clock
from service_desk.people.access import require
from service_desk.people.models import Staff
from service_desk.rest.errors import Invalid

PAUSE_DAYS = 7
#: More people than this lead to no page that anybody reads.
_MOST = 500


@dataclass(frozen=True, slots=True)
class Share:
    """So much time of one kind of stage, and the cases behind it."""

    label: str
    lasted: timedelta
    url: str


@dataclass(frozen=True, slots=True)
class Member:
    """One person's figures; `minutes` are those of cases registered lately, all together first (D6)."""

    person: Staff
    held: int
    late: int
    oldest: datetime | None
    pauses: int
    url: str
    late_url: str
    pauses_url: str
    minutes: list[Share]


@dataclass(frozen=True, slots=True)
class Team:
    """A unit with its people, those with most that is late first."""

    name: str
    members: list[Member]
    stages_url: str

    @property
    def held(self) -> int:
        """Open cases of the whole unit."""
        return sum(member.held for member in self.members)

    @property
    def late(self) -> int:
        """Late ones of the whole unit."""
        return sum(member.late for member in self.members)

    @property
    def oldest(self) -> datetime | None:
        """When the oldest open case of the unit was registered."""
        return min((member.oldest for member in self.members if member.oldest), default=None)


def teams(user: Any, now: datetime, *, minutes: bool = True) -> list[Team]:
    """The units below this person; a fixed number of queries however many people they have.

    `minutes`: with whose minutes they were, which takes seconds where a week has fifty thousand cases.
    """
    people = list(
        Staff.objects.filter(unit__in=units_below(user), is_active=True)
        .select_related("unit")
        .order_by("unit__name", "unit_id", "full_name", "id")[:_MOST]
    )
    whose = [person.pk for person in people]
    cases = Case.objects.visible_to(user).open().filter(handler__in=whose).order_by()
    held = {pk: (number, oldest) for pk, number, oldest in
            cases.values_list("handler").annotate(n=Count("pk"), oldest=Min("registered_at"))}  # fmt: skip
    late = dict(
        CaseDeadline.objects.open()
        .filter(due_at__lte=Now(), case__in=cases)
        .order_by()
        .values_list("case__handler")
        .annotate(n=Count("case", distinct=True))
    )
    pauses = dict(pauses_of(user, whose).order_by().values_list("by").annotate(n=Count("pk")))
    spent = _minutes(user, now) if people and minutes else {}
    address = reverse("case-list")
    found: dict[int | None, Team] = {}
    for person in people:
        number, oldest = held.get(person.pk, (0, None))
        own = f"{address}?handler={person.pk}&state=open"
        member = Member(
            person=person,
            held=number,
            late=late.get(person.pk, 0),
            oldest=oldest,
            pauses=pauses.get(person.pk, 0),
            url=own,
            late_url=f"{own}&overdue=on",
            pauses_url=reverse("board-pauses", args=[person.pk]),
            minutes=spent.get(person.pk, []),
        )
        stages = f"{reverse('stage-sums')}?by=person&unit={person.unit_id}"
        found.setdefault(person.unit_id, Team(str(person.unit), [], stages)).members.append(member)
    for one in found.values():
        one.members.sort(key=lambda member: (-member.late, -member.held))
    return list(found.values())


def pauses_of(user: Any, whose: Sequence[int]) -> QuerySet[CasePause]:
    """The pauses that these people set lately, of the cases that this person may know of (D3)."""
    since = Now() - timedelta(days=PAUSE_DAYS)
    return CasePause.objects.filter(by__in=whose, starts_at__gte=since, case__in=Case.objects.visible_to(user))


def _minutes(user: Any, now: datetime) -> dict[int, list[Share]]:
    """Whose minutes they were in the cases of the last days; nothing where there are too many to be summed at once."""
    usual = stage_sums.usual_period(now)
    period = replace(usual, since=max(usual.since, usual.until - timedelta(days=PAUSE_DAYS)))
    try:
        rows = stage_sums.sums(user, period, now=now)
    except Invalid:
        return {}
    kept = {"since": period.since.isoformat(), "until": period.until.isoformat(), "by": stage_sums.By.PERSON.value}
    found: dict[int, list[Share]] = {}
    for row in rows:
        for kind in ("whole", *stage_sums.KINDS):
            lasted: timedelta = getattr(row, kind)
            if row.id is not None and lasted > timedelta(0):
                url = f"{reverse('stage-cases')}?{urlencode(kept | {'of': str(row.id), 'kind': kind})}"
                found.setdefault(row.id, []).append(Share(str(LABELS[kind]), lasted, url))
    return found


@login_required
@require_safe
def team(request: HttpRequest) -> HttpResponse:
    """The page, for those who lead; `?minutes=1`, which the page asks for by itself, with whose minutes they were."""
    require(request.user, "board.team")
    summed = request.GET.get("minutes") == "1"
    context = {"teams": teams(request.user, clock.now(), minutes=summed), "days": PAUSE_DAYS, "summed": summed}
    return render(request, "dashboard/board_team.html", context)


@login_required
@require_safe
def pauses(request: HttpRequest, pk: int) -> HttpResponse:
    """The pauses behind the number of one person of these units."""
    user: Any = request.user
    require(user, "board.team")
    who = get_object_or_404(Staff.objects.filter(unit__in=units_below(user), is_active=True), pk=pk)
    found = (
        pauses_of(user, [who.pk]).select_related("case__customer", "case__product_type").order_by("-starts_at", "-id")
    )
    rows = list(found.order_by("-starts_at", "-id")[: _MOST + 1])
    context = {"who": who, "rows": rows[:_MOST], "more": len(rows) > _MOST, "most": _MOST, "days": PAUSE_DAYS}
    return render(request, "dashboard/board_pauses.html", context)
