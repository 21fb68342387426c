"""What is fixed when a case is registered: its number, its subject, whether it came in time, what was read back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from service_desk.cases.rules.terms import ReadBack

#: C3: registered within this time of acceptance is on time.
REGISTRATION_LIMIT = timedelta(hours=24)


def not_read_back(ticks: Mapping[str, bool]) -> list[str]:
    """C15: which of the four facts have not been read back to the caller."""
    return [str(fact) for fact in ReadBack if not ticks.get(fact)]


def compose_subject(customer: str, product_type: str, fault: str) -> str:
    """C1: customer unit + product type + brief fault description."""
    return f"{customer} {product_type} {fault}"


def is_late_registration(accepted_at: datetime, registered_at: datetime) -> bool:
    """C3: registered later than 24 h after acceptance."""
    return registered_at - accepted_at > REGISTRATION_LIMIT


def number_of(day: str, ordinal: int) -> str:
    """CALL-20261121-0001: the desk's local day and the gapless number in it."""
    return f"CALL-{day}-{ordinal:04d}"
