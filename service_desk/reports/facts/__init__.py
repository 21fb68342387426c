"""What each figure counts, as querysets of facts: when it was, of which case, whose, how long it took, how it went.

Every fact has `f_id` (unique in its figure), `f_at`, `f_case`, `f_who`, `f_seconds`, `f_outcome` and `f_thing` (what it
is when it is no case: 'call:…'); figures add columns of their own to be grouped by. Each begins at what a person may
see and lies between two moments. What belongs to a cycle counts once a cycle, not once a case (D4).
"""

from service_desk.reports.facts.of_cases import (
    arrivals,
    first_responses,
    hand_overs,
    promises,
    registrations,
    restorations,
    solutions,
)
from service_desk.reports.facts.of_clocks import clocks, due_ahead, escalations
from service_desk.reports.facts.of_others import call_rules, calls, complaints, language
from service_desk.reports.facts.parts import COLUMNS, KEPT, LATE, NONE, Facts

__all__ = [
    "COLUMNS",
    "KEPT",
    "LATE",
    "NONE",
    "Facts",
    "arrivals",
    "call_rules",
    "calls",
    "clocks",
    "complaints",
    "due_ahead",
    "escalations",
    "first_responses",
    "hand_overs",
    "language",
    "promises",
    "registrations",
    "restorations",
    "solutions",
]
