"""A naive model of cases and their clocks: it walks minute by minute and knows nothing of the product's arithmetic.

Times are virtual: what the database says, plus all the time that was let pass. `Desk.passed` is that sum.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
ZONE = ZoneInfo("Asia/Shanghai")
OPEN = ("registered", "in_progress", "waiting", "restored", "resolved", "replied")
AT_WORK = ("registered", "in_progress", "waiting", "restored")
#: Two periods with a break, Monday to Friday; in minutes of the day.
PERIODS = ((9 * 60, 12 * 60), (13 * 60 + 30, 18 * 60))

#: kind -> minutes, in working time?, may pause?; by severity ("" is for every one).
Target = tuple[int, bool, bool]
Days = tuple[tuple[date, bool], ...]


@dataclass
class Clock:
    """One clock as the model sees it; `policy` names severity and kind."""

    kind: str
    cycle: int
    policy: tuple[str, str]
    target: Target
    days: Days
    start: datetime
    gaps: tuple[tuple[datetime, datetime], ...] = ()
    pauses_from: datetime | None = None
    state: str = "running"
    late: bool = False

    @property
    def open(self) -> bool:
        return self.state in ("running", "paused")


@dataclass
class Case:
    """One case as the model sees it."""

    accepted: datetime
    severity: str | None = None
    state: str = "registered"
    handler: str = "agent"
    offered_to: str = ""
    cycle: int = 1
    version: int = 1
    begins: datetime | None = None  # of the present cycle, once reopened
    earliest: datetime | None = None
    started: bool = False
    restored: datetime | None = None
    emergency: datetime | None = None
    pauses: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    clocks: list[Clock] = field(default_factory=list)
    into: int | None = None

    @property
    def counted_from(self) -> datetime:
        return self.begins or self.earliest or self.accepted

    def running_emergency(self) -> bool:
        return self.state in OPEN and self.emergency is not None and self.restored is None


def works(moment: datetime, days: Days) -> bool:
    """Whether this minute is working time."""
    local = moment.astimezone(ZONE)
    on = dict(days).get(local.date(), local.weekday() < 5)
    return on and any(since <= local.hour * 60 + local.minute < until for since, until in PERIODS)


def stops(clock: Clock, case: Case, now: datetime, *, close: bool) -> list[tuple[datetime, datetime | None]]:
    """What does not count; with `close` as if every pause ended now."""
    found: list[tuple[datetime, datetime | None]] = list(clock.gaps)
    if clock.target[2]:
        for since, until in case.pauses:
            if clock.pauses_from is not None:
                if until is not None and until <= clock.pauses_from:
                    continue
                since = max(since, clock.pauses_from)
            found.append((since, (until or now) if close else until))
    return found


def due(clock: Clock, case: Case, passed: timedelta, now: datetime, *, close: bool = False) -> datetime | None:
    """When the clock is due, minute by minute; None while a pause holds it."""
    held = stops(clock, case, now, close=close)
    minutes, working, _may = clock.target
    at, counted = clock.start, 0
    while counted < minutes:
        stop = next((stop for stop in held if stop[0] <= at and (stop[1] is None or at < stop[1])), None)
        if stop is not None and stop[1] is None:
            return None
        if stop is None and (not working or works(at - passed, clock.days)):
            counted += 1
        at += MINUTE
    return at


def slack(clock: Clock, case: Case) -> timedelta:
    """How far walking by whole minutes may be off: a little for each edge."""
    return MINUTE * (4 + 2 * (len(clock.gaps) + len(case.pauses)))


def taken_over(own: Clock, theirs: Clock, their_case: Case, now: datetime) -> Clock:
    """The survivor's clock when the merged one is nearer."""
    gaps = tuple((a, min(b or now, now)) for a, b in stops(theirs, their_case, now, close=True) if a < now)
    return replace(theirs, cycle=own.cycle, gaps=gaps, pauses_from=now, late=own.late, state=own.state)
