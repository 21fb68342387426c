"""Sessions end after thirty minutes without a deed; what a page asks for by itself is none."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import World, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


def seen_ago(client: Client, seconds: int) -> None:
    session = client.session
    session["seen"] = int(timezone.now().timestamp()) - seconds
    session.save()


def test_an_idle_session_ends_and_a_used_one_goes_on(desk: World, client: Client) -> None:
    client.force_login(desk.chief)
    client.get("/engine/")
    seen_ago(client, 29 * 60)
    assert client.get("/engine/").status_code == 200
    assert int(timezone.now().timestamp()) - client.session["seen"] < 60
    seen_ago(client, 31 * 60)
    assert client.get("/engine/").status_code == 302


@pytest.mark.parametrize(("path", "headers"), [("/engine/", {"HX-Request": "true"}), ("/events/poll/?after=0", {})])
def test_an_open_page_alone_does_not_keep_the_session(
    desk: World, client: Client, path: str, headers: dict[str, str]
) -> None:
    client.force_login(desk.chief)
    client.get("/engine/")
    seen_ago(client, 10 * 60)
    assert client.get(path, headers=headers).status_code == 200
    assert int(timezone.now().timestamp()) - client.session["seen"] >= 600
