"""The rail shows the rooms a role may enter, and only those that are there."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import path
from django.utils import translation
from django.views import View

from service_desk.dashboard import rail
from service_desk.people.rules import Role

urlpatterns = [
    path("desk/", View.as_view(), name="desk"),
    path("cases/", View.as_view(), name="case-list"),
    path("cases/register/", View.as_view(), name="case-register"),
    path("engine/", View.as_view(), name="engine"),
    path("mail/", View.as_view(), name="mail-folder"),
]


@pytest.fixture(autouse=True)
def rooms(settings: Any) -> Iterator[None]:
    settings.ROOT_URLCONF = __name__
    with translation.override("en"):
        yield


def labels(*roles: str, at: str = "/desk/") -> list[str]:
    return [entry.label for entry in rail.entries(SimpleNamespace(roles=list(roles)), at)]


def test_a_room_that_is_not_there_is_left_out() -> None:
    assert "Roster" not in labels(Role.ADMINISTRATOR)
    assert rail.url_or_blank("roster") == ""


def test_rooms_follow_roles() -> None:
    assert labels(Role.FRONT_DESK) == ["My desk", "Register", "Cases"]
    assert labels(Role.QUALITY_INSPECTOR) == ["My desk", "Cases"]
    assert "Engine" in labels(Role.SUPERVISOR)


def test_the_mail_folder_is_there_only_without_a_mail_server(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    assert "Mail folder" in labels(Role.SUPERVISOR)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert "Mail folder" not in labels(Role.SUPERVISOR)


def test_the_room_one_is_in_is_marked_once() -> None:
    entries = rail.entries(SimpleNamespace(roles=[Role.FRONT_DESK]), "/cases/register/")
    assert [entry.label for entry in entries if entry.current] == ["Register"]


def test_keys_are_told_apart() -> None:
    keys = [room.key for room in rail.ROOMS if room.key]
    assert len(keys) == len(set(keys))


def test_a_complaints_page_stands_in_the_room_of_complaints(settings: Any) -> None:
    settings.ROOT_URLCONF = "service_desk.urls"
    for at, label in (("/cases/CMP-20261122-0001/", "Complaints"), ("/cases/CALL-20261122-0001/", "Cases")):
        user = SimpleNamespace(roles=[Role.FRONT_DESK])
        assert [entry.label for entry in rail.entries(user, at) if entry.current] == [label]
