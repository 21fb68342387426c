"""How many people it takes to answer what comes in, by Erlang's C formula. Pure.

Calls come by chance and are waited for; `a` = arrivals an hour × handling time in hours is the load in erlang.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, exp

#: People are busy for at most so much of their time †, and so many callers † are answered within so many seconds (T1:
#: three rings of five seconds).
MOST_LOAD, LEAST_ANSWERED, WITHIN_SECONDS = 0.7, 0.8, 15.0
#: Nobody plans for more people than this at one table.
MOST_PEOPLE = 10_000


@dataclass(frozen=True, slots=True)
class Need:
    """So many people, busy for so much of their time; of the callers so many wait, so many are answered in time."""

    people: int
    load: float
    waiting: float
    answered: float


def waits(people: int, load: float) -> float:
    """Erlang C: the chance that a caller finds everybody busy; certain where there are not enough people.

    By the recursion of Erlang B, which has no factorials and so no overflow.
    """
    if load <= 0:
        return 0.0
    if people <= load:
        return 1.0
    blocked = 1.0
    for number in range(1, people + 1):
        blocked = load * blocked / (number + load * blocked)
    return people * blocked / (people - load * (1 - blocked))


def answered_within(people: int, load: float, handling: float, seconds: float = WITHIN_SECONDS) -> float:
    """The share of callers who wait no longer than this."""
    if load <= 0:
        return 1.0
    if people <= load:
        return 0.0
    return 1 - waits(people, load) * exp(-(people - load) * seconds / handling)


def needed(arrivals: float, handling: float, *, most_load: float = MOST_LOAD) -> Need:
    """The fewest people for so many arrivals an hour of so many seconds each, within the limits above."""
    if arrivals <= 0 or handling <= 0:
        return Need(0, 0.0, 0.0, 1.0)
    load = arrivals * handling / 3600
    people = min(max(1, ceil(load / most_load - 1e-9)), MOST_PEOPLE)
    while people < MOST_PEOPLE and answered_within(people, load, handling) < LEAST_ANSWERED:
        people += 1
    return Need(people, load / people, waits(people, load), answered_within(people, load, handling))
