"""The REST interface against its own description: no answer that the schema does not name, and never a 500.

Each operation runs against a fresh small company inside this process, which has what it asks for (tests/schema). Each
is met in good order, so that a description is not held against refusals alone; most other requests differ from that in
one place, and some are as strange as schemathesis makes them.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import service_desk.api
from service_desk.knowledge import current
from service_desk.rest.documentation import description
from tests import databases
from tests.schema.company import Company, built
from tests.schema.orders import aim
from tests.schema.running import EXAMPLES, SEED, ask, each_operation, loaded

pytestmark = pytest.mark.schema

BUILT: list[Company] = []
#: Phone systems come with keys of their own, webhooks want an administrator's: test_schema.py of their rooms.
OTHER_DOORS = r"^/api/v1/(call-|calls|extensions|webhook-|hub)"
#: What cannot be met in good order here, and why. The fixture `seen` minds that it stays so.
NEVER = {
    "POST /api/v1/releases/": "each verb that puts words in or out of force makes its release itself",
}

assert service_desk.api.urlpatterns
schema = loaded(description("en")).exclude(path_regex=OTHER_DOORS)


@pytest.fixture
def company(db: None, monkeypatch: pytest.MonkeyPatch) -> Company:
    """Built once in a process; the phrasebook that it has in force goes with it."""
    monkeypatch.setattr(current, "_current", current.Current())
    print(f"DESK_SCHEMA_SEED={SEED} DESK_SCHEMA_EXAMPLES={EXAMPLES}")
    databases.once("schema", lambda: BUILT.append(built()))
    return BUILT[-1]


@each_operation(schema)
def test_every_operation_answers_as_the_schema_says(case: Any, luck: int, company: Company, seen: Counter[int]) -> None:
    found = company.orders.of(case.method, case.path)
    aim(case, found, luck)
    ask(case, seen, Authorization=f"Bearer {company.keys[found.by]}")


def test_what_is_wanted_of_operations_is_wanted_of_those_that_there_are(company: Company) -> None:
    there = {one.ok().label for one in schema.get_all_operations()}
    assert NEVER.keys() - there == set()
    assert {label.replace(" ", " /api/v1/") for label in company.orders.orders} - there == set()
