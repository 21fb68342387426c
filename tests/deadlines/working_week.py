"""A company whose ordinary faults are due in working days, by the shipped calendar: what a changed calendar moves."""

from __future__ import annotations

from datetime import UTC, datetime

from service_desk.deadlines.models import Calendar, Policy
from service_desk.local import reference
from tests.factories import World, world


def desk_with_a_working_week() -> World:
    """Five working days for what is minor."""
    made = world()
    reference.load()
    old = Policy.objects.in_force().get(service_line="telecom", severity="minor", kind="solution")
    Policy.objects.filter(pk=old.pk).update(retired_at=datetime(2026, 1, 1, tzinfo=UTC))
    Policy.objects.create(
        service_line=made.line,
        severity="minor",
        kind="solution",
        version=2,
        target_working_days=5,
        calendar=Calendar.objects.get(),
        may_pause=True,
        steps=reference.LADDER,
    )
    return made
