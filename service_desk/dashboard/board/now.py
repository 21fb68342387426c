"""Everything the board shows at one moment: tiles, emergencies, what is due next, agents, gaps, the engine's health."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Value
from django.db.models.functions import Now
from django.urls import reverse

from service_desk.dashboard import health
from service_desk.dashboard.board import agents
from service_desk.dashboard.board.figures import COUNTED, FIGURES, Figure, count_all
from service_desk.dashboard.board.lines import Line, add_answers, bare, dressed
from service_desk.deadlines import engine
from service_desk.deadlines.clock_watch import holding
from service_desk.deadlines.models import Heartbeat
from service_desk.deadlines.rules import LATE_MARK_SECONDS, ClockState, Door
from service_desk.notices.models import DispatcherBeat
from service_desk.people.gaps import Gap
from service_desk.people.models import Staff
from service_desk.people.roster import upcoming_gaps
from service_desk.people.rules import DutyRole

#: So many emergencies, next clocks and agents stand on the board; the lists have the rest.
SHOWN_URGENT, SHOWN_NEXT, SHOWN_AGENTS = 6, 8, 40
#: Gaps of the roster are looked for so many days ahead.
GAP_DAYS = 7


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure with its number; `tone` is empty while there is nothing to be alarmed at."""

    figure: Figure
    number: int
    url: str

    @property
    def shown(self) -> str:
        """The number as far as it was counted."""
        return f"{COUNTED:,}+" if self.number > COUNTED else f"{self.number:,}"

    @property
    def tone(self) -> str:
        """The figure's alarm from one on."""
        return self.figure.tone if self.number else ""


@dataclass(frozen=True, slots=True)
class AgentLine:
    """One agent of the strip: how they stand and what they hold."""

    person: Staff
    state: agents.State
    load: int
    url: str

    @property
    def shown(self) -> str:
        """The load as far as it was counted."""
        return f"{agents.MOST_HELD:,}+" if self.load > agents.MOST_HELD else str(self.load)


@dataclass(frozen=True, slots=True)
class Board:
    """One reading."""

    at: datetime
    tiles: dict[str, list[Tile]]
    urgent: list[Line]
    following: list[Line]
    agents: list[AgentLine]
    gaps: list[tuple[str, Gap]]
    checks: list[health.Check]

    @property
    def healthy(self) -> bool:
        """Whether the engine keeps its promise."""
        return all(check.ok for check in self.checks)

    @property
    def mine(self) -> list[Any]:
        """The notices that wait for this person's answer, of what stands here."""
        keys = [key for line in (*self.urgent, *self.following) if line.answers for key in line.answers.mine]
        return list(dict.fromkeys(keys))


def read(user: Any, now: datetime) -> Board:
    """The board as this person may see it."""
    wanted = {key: figure.rows(user) for key, figure in FIGURES.items()}
    found = count_all(wanted | _of_engine())
    tiles = _tiles(FIGURES.values(), found)
    urgent = first_lines("emergencies", user, now, SHOWN_URGENT) if found["emergencies"] else []
    following = _following(user, now, found)
    add_answers([*urgent, *following], user)
    return Board(
        at=now,
        tiles=tiles,
        urgent=urgent,
        following=following,
        agents=_agents(user),
        gaps=[(str(DutyRole(gap.role).label), gap) for gap in upcoming_gaps(GAP_DAYS)],
        checks=health.checks(_engine_state(found)),
    )


def first_lines(key: str, user: Any, now: datetime, most: int) -> list[Line]:
    """The first rows behind a figure, in the order of its list, without who has answered.

    Which they are is asked first: with all that a row is drawn from joined to it PostgreSQL would no longer see that
    few are wanted.
    """
    figure = FIGURES[key]
    wanted = figure.rows(user)
    first = list(wanted.order_by(*figure.order).values_list("pk", flat=True)[:most])
    rows = dressed(figure.kind, wanted.model._default_manager.filter(pk__in=first)).order_by(*figure.order)
    return bare(figure.kind, list(rows), user, now)


def _following(user: Any, now: datetime, found: dict[str, int]) -> list[Line]:
    """What wants a hand first: late and unanswered, else what is due within the hour."""
    key = next((key for key in ("unanswered", "due_60") if found[key]), "")
    return first_lines(key, user, now, SHOWN_NEXT) if key else []


def _tiles(figures: Iterable[Figure], found: dict[str, int]) -> dict[str, list[Tile]]:
    groups: dict[str, list[Tile]] = {}
    for figure in figures:
        if figure.quiet and not found[figure.key]:
            continue
        tile = Tile(figure, found[figure.key], reverse("board-list", args=[figure.key]))
        groups.setdefault(figure.group, []).append(tile)
    return groups


def _agents(user: Any) -> list[AgentLine]:
    people = list(agents.everybody().select_related("unit").order_by("standing", "full_name", "id")[:SHOWN_AGENTS])
    held = agents.loads(user, [person.pk for person in people])
    address = reverse("case-list")
    return [
        AgentLine(
            person,
            agents.State(person.standing),
            held.get(person.pk, 0),
            f"{address}?handler={person.pk}&state=open",
        )
        for person in people
    ]


def _of_engine() -> dict[str, Any]:
    """What the engine's health counts, so that it costs the board no query of its own."""
    wanted: dict[str, Any] = {"held": holding()}
    for place, model in enumerate(engine.concrete_clocks()):
        rows = model.objects
        wanted[f"overdue/{place}"] = rows.filter(
            state=ClockState.RUNNING, next_at__lte=Now() - timedelta(seconds=LATE_MARK_SECONDS)
        )
        wanted[f"broken/{place}"] = rows.filter(state=ClockState.ERROR)
    return wanted


def _engine_state(found: dict[str, int]) -> dict[str, Any]:
    age = Now() - F("beat_at")
    sweeps = Heartbeat.objects.exclude(door=Door.AUDITOR).order_by().values_list(Value("sweep"), age)
    beats = list(sweeps.union(DispatcherBeat.objects.order_by().values_list(Value("dispatch"), age), all=True))
    sweep = min((age for who, age in beats if who == "sweep"), default=None)
    dispatch = min((age for who, age in beats if who == "dispatch"), default=None)
    return {
        "sweep_age": sweep.total_seconds() if sweep is not None else None,
        "dispatch_age": dispatch.total_seconds() if dispatch is not None else None,
        "overdue": sum(number for key, number in found.items() if key.startswith("overdue/")),
        "broken": sum(number for key, number in found.items() if key.startswith("broken/")),
        "disk_free": health.disk_free(),
        "clock_held": found["held"] > 0,
    }
