"""The pages of quality: who sees what, what is refused beside its field, and bounded queries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from service_desk.cases.models import Case
from service_desk.deadlines.clock import now
from service_desk.people.models import Staff
from service_desk.quality import actions
from service_desk.quality.actions import Found, suspect
from service_desk.quality.models import LedgerEntry, Violation
from service_desk.quality.rules import Offence
from tests.factories import World, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


def logged_in(person: Staff) -> Client:
    client = Client()
    client.force_login(person)
    return client


def suspected(desk: World, number: int = 1) -> Violation:
    return suspect(Found(Offence.MISSED_REGISTRATION, f"call:{number}", desk.agent.pk, now() - timedelta(hours=25)))


def test_C4_the_way_of_a_violation_through_the_pages(desk: World) -> None:
    inspector, agent, head = logged_in(desk.inspector), logged_in(desk.agent), logged_in(desk.head)
    made = inspector.post(
        "/quality/violations/new/",
        {
            "offence": "missed_registration",
            "person": desk.agent.pk,
            "person_text": desk.agent.full_name,
            "happened_at": "2026-01-05 14:05",
            "source": "录音 20260105-17",
            "detail": "电话已接，未登记",
        },
    )
    assert (made.status_code, made["Location"]) == (302, "/quality/violations/")
    violation = Violation.objects.get()
    page = f"/quality/violations/{violation.pk}/"
    assert "Verify" in inspector.get(page).content.decode()
    assert inspector.post(f"{page}verify/", {"reason": "录音核实"}).status_code == 302
    assert "Object" in agent.get(page).content.decode()
    assert agent.post(f"{page}object/", {"reason": "当时系统故障"}).status_code == 302
    assert head.post(f"{page}answer/", {"upheld": "yes", "text": "属实"}).status_code == 302
    violation.refresh_from_db()
    assert violation.upheld is True
    assert "objection upheld" in agent.get(page).content.decode()


def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_written(desk: World) -> None:
    client = logged_in(desk.inspector)
    answer = client.post(
        "/quality/violations/new/",
        {"offence": "x", "person": "", "happened_at": "tomorrow", "source": "a\x00b", "detail": "x" * 2001},
    )
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"offence", "person", "happened_at", "source", "detail"}
    assert Violation.objects.count() == 0


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/quality/violations/?state=nothing&offence=%00", 200),
        ("/quality/violations/?after=forged", 200),
        ("/quality/ledger/?month=2026-13", 200),
        ("/quality/ledger/?month=%00", 200),
        ("/quality/violations/999999999999999999/", 404),
        ("/quality/violations/1/explode/", 404),
    ],
)
def test_odd_addresses_are_answered_plainly(desk: World, path: str, status: int) -> None:
    assert logged_in(desk.inspector).get(path).status_code == status


def test_who_may_not_is_told_so(desk: World) -> None:
    violation = suspected(desk)
    client = logged_in(desk.agent)
    assert client.post(f"/quality/violations/{violation.pk}/dismiss/", {"reason": "没事"}).status_code == 403
    assert client.get("/quality/violations/new/").status_code == 403
    assert client.post("/quality/praise/", {}).status_code == 403
    violation.refresh_from_db()
    assert violation.state == "suspected"


def test_Q2_a_person_sees_own_lines_only_and_watchers_all(desk: World) -> None:
    actions.verify(violation=suspected(desk), actor=desk.inspector, reason="核实")
    actions.praise(actor=desk.chief, person=desk.colleague, text="客户表扬", points=1)
    month = LedgerEntry.objects.filter(kind="praise").get().month
    own = logged_in(desk.colleague).get(f"/quality/ledger/?month={month:%Y-%m}")
    assert {line.staff for line in own.context["lines"]} == {desk.colleague}
    assert {row["person"] for row in own.context["sums"]} == {desk.colleague}
    whole = logged_in(desk.inspector).get(f"/quality/ledger/?month={month:%Y-%m}")
    assert {line.staff for line in whole.context["lines"]} >= {desk.colleague}


def test_Q2_closing_from_the_page_says_why_not(desk: World) -> None:
    answer = logged_in(desk.inspector).post("/quality/ledger/", follow=True)
    assert "The month is not over yet." in answer.content.decode()


def test_the_list_costs_the_same_at_any_length(desk: World, django_assert_max_num_queries: object) -> None:
    for number in range(60):
        suspected(desk, number)
    client = logged_in(desk.inspector)
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        answer = client.get("/quality/violations/")
    assert len(answer.context["violations"]) == 50
    following = client.get(answer.context["next_url"])
    assert len(following.context["violations"]) == 10


def test_P6_where_it_was_found_is_a_link_for_those_who_may_know_of_it(desk: World) -> None:
    case = desk.register()
    found = Found(Offence.LATE_REGISTRATION, f"case:{case.pk}", desk.agent.pk, now())
    page = logged_in(desk.inspector).get(suspect(found).get_absolute_url()).content.decode()
    assert case.number in page
    listed = logged_in(desk.inspector).get("/quality/violations/").content.decode()
    assert case.get_absolute_url() in listed
    Case.objects.filter(pk=case.pk).update(confidential=True)
    listed = logged_in(desk.inspector).get("/quality/violations/").content.decode()
    assert case.number not in listed
    assert f"case:{case.pk}" not in listed
    nowhere = Found(Offence.LATE_REGISTRATION, "case:999999999999999999999", desk.agent.pk, now())
    assert logged_in(desk.inspector).get(suspect(nowhere).get_absolute_url()).status_code == 200
