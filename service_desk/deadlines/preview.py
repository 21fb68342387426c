"""What a new policy version or a changed calendar would move, clock by clock, before anything is moved (D2, D8).

A list holds at most `MOST` clocks, those due first, so that its cost does not grow with the desk:
what is beyond is taken by the next list. Met and breached clocks are in no list, overdue ones neither: their breach
stands. A pause keeps counting as it was counted: a clock that waited, and whose new policy speaks otherwise of
waiting, stays with its version (D3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Any, Self

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from service_desk.deadlines.actions import last_fired
from service_desk.deadlines.engine import concrete_clocks
from service_desk.deadlines.hours import HoursError, WorkCalendar
from service_desk.deadlines.models import CalendarVersion, Deadline, Policy, Rollout
from service_desk.deadlines.rules import OPEN_STATES, ClockState
from service_desk.deadlines.schedule import Plan, ScheduleError, current_and_next, plan
from service_desk.deadlines.work_calendar import from_us, to_us

MOST = 10_000
CHUNK = 500
LATE, PAUSED, STAYS = "l", "p", "s"


@dataclass(frozen=True, slots=True)
class Line:
    """One clock of the list: when it is due and when it would be; `fires` is the step that would be raised at once."""

    label: str
    clock: int
    kind: str
    before: datetime
    after: datetime | None  # None: paused, known when it resumes
    fires: str = ""
    flags: str = ""

    @property
    def late(self) -> bool:
        """Whether its time would be over at once."""
        return LATE in self.flags

    @property
    def paused(self) -> bool:
        """Whether it stands still; it takes the change when it resumes."""
        return PAUSED in self.flags

    @property
    def stays(self) -> bool:
        """Whether it cannot take the change and keeps its version."""
        return STAYS in self.flags

    @property
    def moves(self) -> bool:
        """Whether its due time would be another."""
        return self.after is not None and self.after != self.before and not self.stays

    def to_row(self) -> list[Any]:
        """As the rollout's row keeps it."""
        after = None if self.after is None else to_us(self.after)
        return [self.label, self.clock, self.kind, to_us(self.before), after, self.fires, self.flags]

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Self:
        """As it was kept."""
        label, clock, kind, before, after, fires, flags = row
        return cls(label, clock, kind, from_us(before), None if after is None else from_us(after), fires, flags)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a clock is about, as far as the person who looks may know of it."""

    title: str
    text: str
    holder: str
    url: str


#: A room names the subjects of clocks that this person may know of; what is missing in the answer stays a number.
Naming = Callable[[Sequence[int], Any], Mapping[int, Subject]]
Visible = Callable[[Sequence[int], Any], set[int]]
_naming: dict[str, tuple[Naming, Visible]] = {}


def register(model: type[Deadline], naming: Naming, visible: Visible) -> None:
    """A room hands over how its clocks are named and which of them a person may see; called once, when it is ready."""
    _naming[label_of(model)] = (naming, visible)


def label_of(model: type[Deadline]) -> str:
    """How lines name a table of clocks."""
    return str(model._meta.model_name)


def model_of(label: str) -> type[Deadline]:
    """The table that a line names."""
    return next(model for model in concrete_clocks() if label_of(model) == label)


def subjects(lines: Iterable[Line], user: Any) -> dict[tuple[str, int], Subject]:
    """The subjects of these lines that `user` may know of, by table and clock."""
    found: dict[tuple[str, int], Subject] = {}
    for label, ids in _by_label(lines).items():
        naming, _visible = _naming[label]
        found |= {(label, pk): subject for pk, subject in naming(ids, user).items()}
    return found


def visible(lines: Sequence[Line], user: Any) -> list[Line]:
    """Those lines whose subjects `user` may know of (P6)."""
    seen = {label: _naming[label][1](ids, user) for label, ids in _by_label(lines).items()}
    return [line for line in lines if line.clock in seen[line.label]]


def _by_label(lines: Iterable[Line]) -> dict[str, list[int]]:
    grouped: dict[str, list[int]] = {}
    for line in lines:
        grouped.setdefault(line.label, []).append(line.clock)
    return grouped


# --- What a change does to one clock ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Aim:
    """The change itself: a policy version, or a calendar (a draft of it, or the version in force)."""

    rollout: Rollout

    @cached_property
    def policy(self) -> Policy | None:
        """The new version of a policy."""
        return self.rollout.policy

    @cached_property
    def draft(self) -> WorkCalendar | None:
        """The calendar as it will be, while that is a draft."""
        if not self.rollout.draft or self.rollout.base is None or self.rollout.version is not None:
            return None
        return WorkCalendar.from_json(drafted(self.rollout.base.data, self.rollout.draft))

    @cached_property
    def version(self) -> CalendarVersion | None:
        """The calendar version in force that clocks take."""
        calendar = self.policy.calendar if self.policy is not None else self.rollout.calendar
        return self.rollout.version or (calendar.current if calendar is not None else None)

    def candidates(self, model: type[Deadline]) -> QuerySet[Any]:
        """The running and paused clocks with an older version, those due first, as their index has them."""
        waiting = Q(state=ClockState.PAUSED) | Q(state=ClockState.RUNNING, due_at__gt=Now())
        found = model._default_manager.filter(waiting, state__in=OPEN_STATES, breached_at=None)
        if self.policy is not None:
            same = {name: getattr(self.policy, name) for name in ("service_line_id", "subject", "severity", "kind")}
            older = Policy.objects.filter(**same, version__lt=self.policy.version)
            found = found.filter(policy__in=list(older.values_list("pk", flat=True)))
        else:
            versions = CalendarVersion.objects.filter(calendar=self.rollout.calendar)
            if self.draft is None and self.version is not None:
                versions = versions.filter(number__lt=self.version.number)
            found = found.filter(calendar_version__in=list(versions.values_list("pk", flat=True)))
        return found.order_by("due_at", "pk")

    def lay_on(self, clock: Any) -> bool:
        """Give the clock (in memory) its new policy and calendar version; False when its pauses forbid it (D3)."""
        if self.policy is not None:
            before = clock.pauses()
            clock.policy, kept = self.policy, clock.policy
            if clock.pauses() != before:
                clock.policy = kept
                return False
        if self.draft is None:
            clock.calendar_version = self.version
        return True

    def calendar_of(self, clock: Any) -> WorkCalendar | None:
        """The calendar that the clock would count by."""
        calendar: WorkCalendar | None = self.draft or clock.work_calendar
        return calendar

    def plan(self, clock: Any) -> Plan:
        """The plan of a clock that has the change laid on."""
        return plan(clock.target, self.calendar_of(clock), clock.started_at, clock.pauses(), clock.policy.ladder)


def drafted(data: Mapping[str, Any], draft: Mapping[str, Any], number: int | None = None) -> dict[str, Any]:
    """A calendar version's content with a draft's days, week and confirmed years put in."""
    new = dict(data)
    days = {**data["exceptions"], **draft.get("days", {})}
    new["exceptions"] = {day: value for day, value in sorted(days.items()) if value is not None}
    new["confirmed_years"] = sorted({*data["confirmed_years"], *draft.get("confirm_years", [])})
    for name in ("week", "makeup_periods"):
        if name in draft:
            new[name] = draft[name]
    # An unsaved calendar must not be taken for the version that it is made from.
    new["version"] = number if number is not None else data["version"] + 1
    return new


def with_what_they_need(clocks: QuerySet[Any]) -> QuerySet[Any]:
    """Clocks with policy, calendar version and the pauses of their subject, in few queries."""
    found = clocks.select_related("policy", "calendar_version").defer("calendar_version__data")
    return found.prefetch_related("case__pauses") if hasattr(clocks.model, "case") else found


def measure(aim: Aim, model: type[Deadline], clock: Any, now: datetime) -> Line:
    """What the change would do to this clock."""
    label, before = label_of(model), clock.due_at
    flags = PAUSED if clock.state == ClockState.PAUSED else ""
    if not aim.lay_on(clock):
        return Line(label, clock.pk, clock.kind, before, before, flags=flags + STAYS)
    if flags:
        return Line(label, clock.pk, clock.kind, before, None, flags=flags)
    try:
        made = aim.plan(clock)
    except (HoursError, ScheduleError):
        return Line(label, clock.pk, clock.kind, before, before, flags=STAYS)
    index, _following = current_and_next(made.steps, last_fired(clock, made), now)
    fires = made.steps[index].code if index is not None else ""
    return Line(label, clock.pk, clock.kind, before, made.due_at, fires, LATE if made.due_at <= now else "")


def listed(rollout: Rollout, now: datetime) -> tuple[list[Line], bool]:
    """Every clock that the change concerns, those late at once first, then by the new due time; and whether more."""
    aim, lines, more = Aim(rollout), list[Line](), False
    for model in concrete_clocks():
        ids = list(aim.candidates(model).values_list("pk", flat=True)[: MOST + 1 - len(lines)])
        more = len(lines) + len(ids) > MOST
        for start in range(0, min(len(ids), MOST - len(lines)), CHUNK):
            chunk = model._default_manager.filter(pk__in=ids[start : start + CHUNK]).order_by("pk")
            lines += [measure(aim, model, clock, now) for clock in with_what_they_need(chunk)]
        if more:
            break
    lines = lines[:MOST]
    lines.sort(key=lambda line: (not line.late, line.stays, line.paused, line.after or line.before, line.clock))
    return lines, more


def token_of(rollout: Rollout, lines: Iterable[Line]) -> str:
    """Names exactly what is shown: the change and every line of its list."""
    digest = sha256(f"{rollout.pk}:{rollout.policy_id}:{rollout.base_id}:{rollout.draft}".encode())
    for line in lines:
        digest.update(repr(line.to_row()).encode())
    return digest.hexdigest()


def changed_since(rollout: Rollout) -> int:
    """How many clocks of the list now stand otherwise than it says; those that have ended since do no harm."""
    aim, changed = Aim(rollout), 0
    lines = {(line.label, line.clock): line for line in lines_of(rollout)}
    for model in concrete_clocks():
        label = label_of(model)
        ids = [clock for name, clock in lines if name == label]
        rows = aim.candidates(model).filter(pk__in=ids).values_list("pk", "due_at", "state")
        changed += sum(
            lines[label, pk].before != due_at or lines[label, pk].paused != (state == ClockState.PAUSED)
            for pk, due_at, state in rows.order_by()
        )
    return changed


def lines_of(rollout: Rollout) -> list[Line]:
    """The list as it was kept."""
    return [Line.from_row(row) for row in rollout.lines]


def chunks(indexes: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """In pieces of `size`."""
    for start in range(0, len(indexes), size):
        yield indexes[start : start + size]
