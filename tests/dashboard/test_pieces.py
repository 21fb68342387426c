"""What is drawn once for many pages: right for each person, language and room, and nothing of one person in it."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests import factories
from tests.cases.pages import browser

pytestmark = pytest.mark.django_db


def rail_of(client: Client, at: str) -> str:
    html = client.get(at).content.decode()
    found = re.search(r'<nav class="rail".*?</nav>', html, flags=re.DOTALL)
    assert found is not None
    return found[0]


def test_the_kept_rail_follows_person_language_and_room() -> None:
    world = factories.world()
    agent, admin = browser(world.agent), browser(world.admin)
    cases, customers = rail_of(agent, "/cases/"), rail_of(agent, "/customers/")
    assert 'href="/cases/" data-key="c" aria-current="page"' in cases
    assert 'href="/cases/" data-key="c" aria-current="page"' not in customers
    assert "Webhooks" not in cases
    assert "Webhooks" in rail_of(admin, "/cases/")
    assert rail_of(agent, "/cases/") == cases == rail_of(browser(world.colleague), "/cases/")  # the same role
    assert "工单" in rail_of(browser(world.agent, "zh-hans"), "/cases/")
    assert "Cases" in rail_of(agent, "/cases/")


def test_nothing_of_a_person_stands_in_what_is_kept() -> None:
    world = factories.world()
    kept = rail_of(browser(world.agent), "/cases/")
    for secret in ("nonce=", "csrf", world.agent.full_name, world.agent.username):
        assert secret not in kept
