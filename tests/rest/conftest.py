"""Callers of the tiny REST interface: a key with all scopes, and a browser session."""

import datetime
from collections.abc import Iterator

import pytest
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from service_desk.people.models import Staff
from service_desk.rest.actions import issue_key
from service_desk.rest.models import ApiKey
from tests.rest import urls


@pytest.fixture(autouse=True)
def _tiny_interface(settings: Settings, _nothing_halfway: None) -> None:
    settings.ROOT_URLCONF = "tests.rest.urls"
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def _nothing_halfway() -> Iterator[None]:
    yield
    urls.halfway.clear()


@pytest.fixture
def owner(db: None) -> Staff:
    return Staff.objects.create_user("robot", full_name="接口账号")


def in_a_month() -> datetime.datetime:
    return timezone.now() + datetime.timedelta(days=30)


@pytest.fixture
def key(owner: Staff) -> tuple[ApiKey, str]:
    return issue_key(actor=owner, owner=owner, name="robot", scopes=[urls.READ, urls.WRITE], expires_at=in_a_month())


def caller(text: str, **headers: str) -> APIClient:
    """A client that sends this key, and answers 500 instead of raising."""
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}", HTTP_ACCEPT_LANGUAGE="en", **headers)
    return client


@pytest.fixture
def api(key: tuple[ApiKey, str]) -> APIClient:
    return caller(key[1])
