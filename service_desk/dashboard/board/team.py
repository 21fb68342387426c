"""The team view: per unit what each person holds, what of it is late, the oldest, and the pauses they set."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Min
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from service_desk.cases.board import units_below
from service_desk.cases.models import Case, CaseDeadline, CasePause
from service_desk.people.access import require
from service_desk.people.models import Staff

PAUSE_DAYS = 7
#: More people than this lead to no page that anybody reads.
_MOST = 500


@dataclass(frozen=True, slots=True)
class Member:
    """One person's figures."""

    person: Staff
    held: int
    late: int
    oldest: datetime | None
    pauses: int
    url: str
    late_url: str


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


def teams(user: Any) -> list[Team]:
    """The units below this person; five queries however many people they have."""
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
    pauses = dict(
        CasePause.objects.filter(
            by__in=whose, starts_at__gte=Now() - timedelta(days=PAUSE_DAYS), case__in=Case.objects.visible_to(user)
        )
        .order_by()
        .values_list("by")
        .annotate(n=Count("pk"))
    )
    address = reverse("case-list")
    found: dict[int | None, Team] = {}
    for person in people:
        number, oldest = held.get(person.pk, (0, None))
        own = f"{address}?handler={person.pk}&state=open"
        member = Member(
            person, number, late.get(person.pk, 0), oldest, pauses.get(person.pk, 0), own, f"{own}&overdue=on"
        )
        stages = f"{reverse('stage-sums')}?by=person&unit={person.unit_id}"
        found.setdefault(person.unit_id, Team(str(person.unit), [], stages)).members.append(member)
    for one in found.values():
        one.members.sort(key=lambda member: (-member.late, -member.held))
    return list(found.values())


@login_required
@require_safe
def team(request: HttpRequest) -> HttpResponse:
    """The page, for those who lead."""
    require(request.user, "board.team")
    return render(request, "dashboard/board_team.html", {"teams": teams(request.user), "days": PAUSE_DAYS})
