"""Which cases of a customer a call may be about already: the same product, or like words of the fault."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from service_desk.cases.models import Case

#: So many of the customer's newest cases are looked at, and so old may one be that has ended.
LOOKED_AT = 50
RECENT = timedelta(days=7)
SHOWN = 5
#: From this share of the shorter text's pairs of characters on, two faults are said in like words.
ALIKE = 0.5


@dataclass(frozen=True, slots=True)
class Similar:
    """A case that may be the same matter, and why it is shown."""

    case: Case
    same_product: bool
    like_words: bool


def similar_cases(user: Any, customer_id: int, *, product_id: int | None, words: str, now: datetime) -> list[Similar]:
    """The likeliest first, at most `SHOWN`; one query whatever the customer has."""
    newest = (
        Case.objects.visible_to(user)
        .filter(customer=customer_id)
        .select_related("product_type", "handler")
        .order_by("-registered_at", "-id")[:LOOKED_AT]
    )
    said = pairs(words)
    found = [
        Similar(case, case.product_type_id == product_id, likeness(said, pairs(case.fault)) >= ALIKE)
        for case in newest
        if case.is_open or (case.ended_at is not None and case.ended_at >= now - RECENT)
    ]
    likely = [each for each in found if each.same_product or each.like_words]
    likely.sort(key=lambda each: (-(2 * each.like_words + each.same_product), not each.case.is_open))
    return likely[:SHOWN]


def pairs(text: str) -> frozenset[str]:
    """The pairs of neighbouring characters, without marks and blanks; a text of one character is its own pair."""
    plain = "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())
    return frozenset(plain[at : at + 2] for at in range(max(1, len(plain) - 1))) if plain else frozenset()


def likeness(some: frozenset[str], others: frozenset[str]) -> float:
    """The share of the smaller set that the other has too."""
    smaller = min(len(some), len(others))
    return len(some & others) / smaller if smaller else 0.0
