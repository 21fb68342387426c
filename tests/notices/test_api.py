"""The REST door: one's own notices, acknowledged idempotently."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from service_desk.audit.models import AuditEntry
from service_desk.people.models import Staff
from service_desk.rest.actions import issue_key
from tests.notices.conftest import Company, send

URL = "/api/v1/notices/"


def caller(staff: Staff, *scopes: str) -> APIClient:
    _row, text = issue_key(
        actor=staff, owner=staff, name="test", scopes=list(scopes), expires_at=timezone.now() + timedelta(days=1)
    )
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}", HTTP_ACCEPT_LANGUAGE="en")
    return client


def test_the_list_holds_mine_alone(company: Company) -> None:
    mine = send(company.agent, facts={"by": "x", "_door": "hidden"})
    send(company.chief)
    answer = caller(company.agent, "notices:read").get(URL)
    assert answer.status_code == 200
    [found] = answer.json()["results"]
    assert found["key"] == str(mine.key)
    assert found["subject"] == "Test notice"
    assert found["facts"] == {"by": "x"}
    assert found["deliveries"][0]["channel"] == "email"


@pytest.mark.parametrize(("query", "count"), [("?show=waiting", 1), ("?level=info", 1), ("?show=unread", 2)])
def test_filters(company: Company, query: str, count: int) -> None:
    send(company.agent, level="info")
    send(company.agent, level="breach", needs_ack=True)
    assert len(caller(company.agent, "notices:read").get(URL + query).json()["results"]) == count


def test_the_first_page_leads_to_all_the_others_and_back(company: Company) -> None:
    """The first page comes by a kept question, the others do not."""
    keys = [str(send(company.agent).key) for _each in range(5)][::-1]
    client = caller(company.agent, "notices:read")
    page, seen = client.get(f"{URL}?limit=2").json(), []
    assert page["previous"] is None
    while True:
        seen += [row["key"] for row in page["results"]]
        if page["next"] is None:
            break
        page = client.get(page["next"]).json()
    assert seen == keys
    while page["previous"] is not None:
        page = client.get(page["previous"]).json()
    assert [row["key"] for row in page["results"]] == keys[:2]


def test_the_first_page_is_as_many_questions_however_long(company: Company, django_assert_num_queries: Any) -> None:
    client = caller(company.agent, "notices:read")
    for _each in range(3):
        send(company.agent)
    client.get(URL)
    with django_assert_num_queries(3):  # the key, the notices, their deliveries
        assert len(client.get(URL).json()["results"]) == 3


@pytest.mark.parametrize(
    ("query", "field"), [("?show=x", "show"), ("?level=%F0%9F%98%80", "level"), ("?show=%00", "show")]
)
def test_an_unknown_choice_is_named(company: Company, query: str, field: str) -> None:
    answer = caller(company.agent, "notices:read").get(URL + query)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field


def test_acknowledging_is_idempotent(company: Company) -> None:
    notice = send(company.agent, needs_ack=True, repeat_seconds=900)
    client = caller(company.agent, "notices:write")
    answers = [client.post(f"{URL}{notice.key}/acknowledge/") for _twice in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["acked_via"] == "rest"
    assert answers[0].json()["acked_by"] == "agent"
    assert AuditEntry.objects.get(verb="notice.acknowledge").door == "rest"


def test_the_chief_acknowledges_what_went_to_the_agent(company: Company) -> None:
    notice = send(company.agent, needs_ack=True)
    answer = caller(company.chief, "notices:write").post(f"{URL}{notice.key}/acknowledge/")
    assert answer.json()["acked_by"] == "chief"


def test_for_others_there_is_no_such_notice(company: Company) -> None:
    notice = send(company.agent, needs_ack=True)
    client = caller(company.outsider, "notices:read", "notices:write")
    for answer in (client.get(f"{URL}{notice.key}/"), client.post(f"{URL}{notice.key}/acknowledge/")):
        assert answer.status_code == 404
        assert answer["Content-Type"].startswith("application/problem+json")


def test_a_key_without_the_scope_is_refused(company: Company) -> None:
    notice = send(company.agent, needs_ack=True)
    assert caller(company.agent, "notices:read").post(f"{URL}{notice.key}/acknowledge/").status_code == 403
    notice.refresh_from_db()
    assert notice.is_open


@pytest.mark.parametrize("key", ["x", "00000000-0000-0000-0000-000000000000", "%00"])
def test_an_unknown_key_is_a_plain_answer(company: Company, key: str) -> None:
    client = caller(company.agent, "notices:read", "notices:write")
    answers: list[Any] = [client.get(f"{URL}{key}/"), client.post(f"{URL}{key}/acknowledge/")]
    assert {answer.status_code for answer in answers} <= {400, 404}
