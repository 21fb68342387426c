"""A company that has what each operation of the REST interface asks for, and people's keys to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from service_desk.deadlines.clock import now
from service_desk.people.models import Qualification
from service_desk.rest import scopes
from service_desk.rest.actions import issue_key
from tests.factories import world
from tests.schema import cases, complaints, house, knowledge
from tests.schema.orders import Orders

#: Whose keys there are.
_CALLERS = ("chief", "agent", "engineer", "inspector", "manager", "admin")


@dataclass(slots=True)
class Company:
    """What asks, with what, and what it meets."""

    orders: Orders = field(default_factory=Orders)
    keys: dict[str, str] = field(default_factory=dict)


def built() -> Company:
    """All of it, by the product's own verbs."""
    made, desk = Company(), world()
    Qualification.objects.create(staff=desk.chief, product_type=desk.product)
    cases.add(desk, made.orders, knowledge.articles(desk, made.orders))
    complaints.add(desk, made.orders)
    knowledge.language(desk, made.orders)
    house.add(desk, made.orders)
    ends = now() + timedelta(days=1)
    for name in _CALLERS:
        person = getattr(desk, name)
        _key, made.keys[name] = issue_key(
            actor=person, owner=person, name="schema", scopes=scopes.known(), expires_at=ends
        )
    return made
