"""Everything the board shows at one moment: tiles, emergencies, what is due next, agents, gaps, the engine's health."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from django.db.models import F, QuerySet, Value
from django.db.models.functions import Now
from django.urls import reverse

from service_desk.dashboard import health
from service_desk.dashboard.board import agents
from service_desk.dashboard.board.asking import Form, Statement, ask, written
from service_desk.dashboard.board.figures import COUNTED, FIGURES, Figure, among
from service_desk.dashboard.board.lines import Line, add_answers, of_board
from service_desk.deadlines import engine
from service_desk.deadlines.clock_watch import holding
from service_desk.deadlines.models import Heartbeat
from service_desk.deadlines.rules import LATE_MARK_SECONDS, ClockState, Door
from service_desk.kept import keep
from service_desk.notices.models import DispatcherBeat
from service_desk.people.gaps import Gap
from service_desk.people.models import Staff
from service_desk.people.roster import upcoming_gaps
from service_desk.people.rules import READING_ROLES, DutyRole

#: So many emergencies, next clocks and agents stand on the board; the lists have the rest.
SHOWN_URGENT, SHOWN_NEXT, SHOWN_AGENTS = 6, 8, 40
#: Gaps of the roster are looked for so many days ahead.
GAP_DAYS = 7
#: So many sets of questions are kept in SQL.
_MOST_WRITTEN = 64


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
    numbers: dict[str, int]
    urgent: list[Line]
    following: list[Line]
    agents: list[AgentLine]
    gaps: list[tuple[str, Gap]]
    checks: list[health.Check]
    tiles: dict[str, list[Tile]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tiles", _tiles(FIGURES.values(), self.numbers))

    @property
    def healthy(self) -> bool:
        """Whether the engine keeps its promise."""
        return all(check.ok for check in self.checks)

    @property
    def next_of(self) -> str:
        """What `following` lists: what is late and unanswered, else what is due within the hour."""
        return next((key for key in _NEXT if self.numbers[key]), "")

    @property
    def mine(self) -> list[Any]:
        """The notices that wait for this person's answer, of what stands here."""
        keys = [key for line in (*self.urgent, *self.following) if line.answers for key in line.answers.mine]
        return list(dict.fromkeys(keys))


#: What wants a hand first, the first of these that has anything.
_NEXT = ("unanswered", "due_60")
_LISTED = dict.fromkeys(("emergencies", *_NEXT), Form.PLACES)
_COUNTED = [figure for figure in FIGURES.values() if figure.group != "agents"]
_written: dict[Hashable, Statement] = {}


def read(user: Any, now: datetime) -> Board:
    """The board as this person may see it."""
    return read_all({user.pk: user}, now, keep=False)[user.pk]


def read_all(people: Mapping[Any, Any], now: datetime, *, keep: bool = True) -> dict[Any, Board]:
    """The boards of these people by key, as of one moment: what is the same for two of them is asked once.

    With `keep` the questions are written once for people of these keys: a key has to hold all that shapes them.
    """
    kept_as = tuple(people)
    statement = _written.get(kept_as) if keep else None
    if statement is None:
        statement = _questions(people)
        if keep:
            if len(_written) >= _MOST_WRITTEN:
                _written.clear()
            _written[kept_as] = statement
    found = ask(statement)
    standing = {
        f"agents_{state.value}": min(found["standing"].get(state.value, 0), COUNTED + 1) for state in agents.State
    }
    gaps = [(str(DutyRole(gap.role).label), gap) for gap in upcoming_gaps(GAP_DAYS)]
    checks = health.checks(_engine_state(found))
    lines: dict[Any, tuple[list[Line], list[Line]]] = {}
    strips: dict[Any, list[AgentLine]] = {}
    boards = {}
    for key, user in people.items():
        own = {figure.key: found[key, figure.key] for figure in _COUNTED}
        shown, holds = (user.pk, _places(own)), (user.pk, user.has_role(*READING_ROLES))
        if shown not in lines:
            lines[shown] = _lines(_places(own), now, user)
        if holds not in strips:
            strips[holds] = _agents(user)
        numbers = _numbers(own, _COUNTED) | standing
        boards[key] = Board(now, numbers, *lines[shown], strips[holds], gaps, checks)
    return boards


def forget() -> None:
    """Write all questions anew."""
    _written.clear()


def _questions(people: Mapping[Any, Any]) -> Statement:
    wanted: dict[Any, QuerySet[Any]] = {}
    forms: dict[Any, Form] = {"standing": Form.STANDING}
    for key, user in people.items():
        for figure in _COUNTED:
            rows = figure.rows(user)
            if figure.key in _LISTED:
                rows, forms[key, figure.key] = rows.order_by(*figure.order), _LISTED[figure.key]
            wanted[key, figure.key] = rows
    return written(wanted | _of_engine() | {"standing": agents.everybody()}, forms)


def _numbers(found: dict[str, Any], figures: Iterable[Figure]) -> dict[str, int]:
    """How many there are of each; of what was listed the list says it."""
    return {figure.key: len(found[figure.key]) if figure.key in _LISTED else found[figure.key] for figure in figures}


def _places(found: dict[str, Any]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Which emergencies are shown, and which clocks of what wants a hand first."""
    key = next((key for key in _NEXT if found[key]), "")
    return tuple(found["emergencies"][:SHOWN_URGENT]), tuple(found[key][:SHOWN_NEXT] if key else ())


def _lines(places: tuple[tuple[int, ...], tuple[int, ...]], now: datetime, user: Any) -> tuple[list[Line], list[Line]]:
    """The first emergencies, and what wants a hand first, with who has answered."""
    if not any(places):
        return [], []
    urgent, following = of_board(*places, now)
    add_answers([*urgent, *following], user)
    return urgent, following


def beyond(user: Any, cases: Sequence[int], shared: Board) -> Board:
    """The shared board with these open cases added, of which this person may know and the others may not.

    What is asked about them is asked with the same words of everybody: figures begin at the cases' numbers.
    """
    figures = [figure for figure in FIGURES.values() if figure.of_cases]
    statement = _written.get("beyond")
    if statement is None:
        wanted = {figure.key: figure.source(among(_NONE)) for figure in figures}
        for key in _LISTED:
            wanted[key] = wanted[key].order_by(*FIGURES[key].order)
        statement = _written["beyond"] = written(wanted, _LISTED)
    found = ask(statement, [list(cases) if value == _NONE else value for value in statement.params])
    own = _numbers(found, figures)
    numbers = {key: min(number + own.get(key, 0), COUNTED + 1) for key, number in shared.numbers.items()}
    urgent, following = _lines(_places(found), shared.at, user)
    both = replace(shared, numbers=numbers, agents=_with_loads(shared.agents, cases))
    own_next = next((key for key in _NEXT if own[key]), "")
    lists = [lines for key, lines in ((shared.next_of, shared.following), (own_next, following)) if key == both.next_of]
    return replace(
        both,
        urgent=sorted([*shared.urgent, *urgent], key=attrgetter("rank"))[:SHOWN_URGENT],
        following=sorted([line for lines in lists for line in lines], key=attrgetter("rank"))[:SHOWN_NEXT],
    )


#: Stands in the written question for the numbers of the cases.
_NONE = [-1]


def _with_loads(lines: list[AgentLine], cases: Sequence[int]) -> list[AgentLine]:
    held = Counter(among(list(cases)).order_by().values_list("handler", flat=True))
    return [replace(line, load=line.load + held[line.person.pk]) for line in lines]


def _tiles(figures: Iterable[Figure], found: dict[str, int]) -> dict[str, list[Tile]]:
    groups: dict[str, list[Tile]] = {}
    for figure in figures:
        if figure.quiet and not found[figure.key]:
            continue
        tile = Tile(figure, found[figure.key], reverse("board-list", args=[figure.key]))
        groups.setdefault(figure.group, []).append(tile)
    return groups


@keep
def _strip() -> QuerySet[Any]:
    return agents.everybody().select_related("unit").order_by("standing", "full_name", "id")[:SHOWN_AGENTS]


def _agents(user: Any) -> list[AgentLine]:
    people = list(_strip())
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


def _of_engine() -> dict[Any, Any]:
    """What the engine's health counts, so that it costs the board no query of its own."""
    wanted: dict[Any, Any] = {"held": holding()}
    for place, model in enumerate(engine.concrete_clocks()):
        rows = model.objects
        wanted["overdue", place] = rows.filter(
            state=ClockState.RUNNING, next_at__lte=Now() - timedelta(seconds=LATE_MARK_SECONDS)
        )
        wanted["broken", place] = rows.filter(state=ClockState.ERROR)
    return wanted


def _engine_state(found: dict[Any, Any]) -> dict[str, Any]:
    age = Now() - F("beat_at")
    sweeps = Heartbeat.objects.exclude(door=Door.AUDITOR).order_by().values_list(Value("sweep"), age)
    beats = list(sweeps.union(DispatcherBeat.objects.order_by().values_list(Value("dispatch"), age), all=True))
    sweep = min((age for who, age in beats if who == "sweep"), default=None)
    dispatch = min((age for who, age in beats if who == "dispatch"), default=None)
    return {
        "sweep_age": sweep.total_seconds() if sweep is not None else None,
        "dispatch_age": dispatch.total_seconds() if dispatch is not None else None,
        "overdue": sum(number for key, number in found.items() if key[0] == "overdue"),
        "broken": sum(number for key, number in found.items() if key[0] == "broken"),
        "disk_free": health.disk_free(),
        "clock_held": found["held"] > 0,
    }
