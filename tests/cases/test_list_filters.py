"""The further filters of the list: the same on the screen and through REST, and relative days in the desk's zone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection

from service_desk.cases import actions
from service_desk.cases.listing import Period, Sort, days_of, find, in_order
from service_desk.cases.models import Case, CaseWatch, RequestField, RequestType
from service_desk.cases.rules import FieldKind
from service_desk.deadlines.clock import now
from service_desk.people.models import Unit
from service_desk.people.rules import UnitKind
from tests.cases.callers import CASES, fields, session
from tests.cases.pages import browser
from tests.factories import World, shift_time, staff, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


def listed(person: Any, screen: dict[str, Any], rest: dict[str, Any] | None = None) -> list[str]:
    """By the screen; REST must list the same."""
    page = browser(person).get("/cases/", screen)
    assert not page.context["form"].errors
    numbers = [row.case.number for row in page.context["rows"]]
    answer = session(person).get(CASES, rest or {key: "true" if v == "on" else v for key, v in screen.items()})
    assert answer.status_code == 200, answer.content.decode()
    assert [line["number"] for line in answer.json()["results"]] == numbers
    return numbers


def test_unit_of_the_handler_with_those_below(desk: World) -> None:
    office = Unit.objects.create(name="驻外一组", kind=UnitKind.FIELD_OFFICE, parent=desk.unit)
    away = staff("away", "front_desk", unit=office)
    here, there = desk.register().number, desk.register(actor=away).number
    assert listed(desk.agent, {"unit": desk.unit.pk}) == [there, here]
    assert listed(desk.agent, {"unit": office.pk}) == [there]


def test_service_line_waiting_and_promises(desk: World) -> None:
    waiting, promised = desk.register(severity="minor"), desk.register()
    actions.start(case=waiting, actor=desk.agent)
    actions.wait(case=waiting, actor=desk.agent, waiting_for="part", text="等单板")
    due = now() + timedelta(hours=2)
    actions.promise(case=promised, actor=desk.agent, text="两点回电", due_at=due)
    assert listed(desk.agent, {"waiting": "part"}, {"waiting_for": "part"}) == [waiting.number]
    assert listed(desk.agent, {"waiting": "customer"}, {"waiting_for": "customer"}) == []
    assert listed(desk.agent, {"promised": "on"}) == [promised.number]
    everything = [promised.number, waiting.number]
    assert listed(desk.agent, {"line": "telecom"}, {"service_line": "telecom"}) == everything


def test_request_type_and_what_was_chosen_in_its_fields(desk: World) -> None:
    kind = RequestType.objects.create(name="开户", name_en="New account")
    RequestField.objects.create(request_type=kind, key="bill", name="账单", kind=FieldKind.CHOICE, choices="纸质\n电子")
    paper, plain = desk.register(), desk.register()
    Case.objects.filter(pk=paper.pk).update(request_type=kind, request_values={"bill": "纸质"})
    assert listed(desk.agent, {"request_type": kind.pk}) == [paper.number]
    assert listed(desk.agent, {"request_type": kind.pk, "answer": "bill:纸质"}) == [paper.number]
    assert listed(desk.agent, {"request_type": kind.pk, "answer": "bill:电子"}) == []
    assert plain.number in listed(desk.agent, {})
    chips = [chip.label for chip in browser(desk.agent).get(f"/cases/?request_type={kind.pk}").context["chips"]]
    assert "Request type: New account" in chips


def test_watched_merged_and_children(desk: World) -> None:
    case, other = desk.register(), desk.register()
    CaseWatch.objects.create(case=case, staff=desk.chief)
    assert listed(desk.chief, {"watched": "on"}) == [case.number]
    assert listed(desk.agent, {"watched": "on"}) == []
    Case.objects.filter(pk=other.pk).update(parent=case)
    assert listed(desk.agent, {"no_children": "on"}) == [case.number]
    assert listed(desk.agent, {"no_merged": "on"}) == [other.number, case.number]


def test_relative_days_are_those_of_the_desk_and_move_on(desk: World) -> None:
    old, new = desk.register(), desk.register()
    shift_time(old, days=3)
    assert listed(desk.agent, {"period": "7d"}) == [new.number, old.number]
    assert listed(desk.agent, {"period": "today"}) == [new.number]
    assert listed(desk.agent, {"period": "yesterday"}) == []


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        (Period.TODAY, date(2026, 3, 4), date(2026, 3, 4)),
        (Period.YESTERDAY, date(2026, 3, 3), date(2026, 3, 3)),
        (Period.WEEK, date(2026, 3, 2), date(2026, 3, 4)),
        (Period.SEVEN_DAYS, date(2026, 2, 26), date(2026, 3, 4)),
        (Period.THIRTY_DAYS, date(2026, 2, 3), date(2026, 3, 4)),
        (Period.MONTH, date(2026, 3, 1), date(2026, 3, 4)),
    ],
)
def test_a_period_ends_today_and_weeks_begin_on_monday(period: Period, first: date, last: date) -> None:
    assert days_of(period, date(2026, 3, 4)) == (first, last)


def test_orders_through_rest_are_those_of_the_screen(desk: World) -> None:
    first = desk.register(severity="critical")
    second = desk.register(accepted_at=first.accepted_at.replace(year=2020))
    assert listed(desk.agent, {"sort": "accepted"}) == [first.number, second.number]
    assert listed(desk.agent, {"sort": "accepted_oldest"}) == [second.number, first.number]
    assert listed(desk.agent, {"sort": "oldest"}) == [first.number, second.number]
    assert listed(desk.agent, {"sort": "deadline"})[0] == second.number


def test_by_gravity_and_by_customer_in_the_order_of_an_index(desk: World) -> None:
    grades = ("minor", None, "critical", "enquiry", "major", "critical")
    cases = [desk.register(severity=grade) if grade else desk.register() for grade in grades]
    gravest = [cases[n].number for n in (5, 2, 4, 0, 3, 1)]
    assert listed(desk.agent, {"sort": "gravest"}) == gravest
    first, desk.customer = desk.customer, type(desk.customer).objects.create(name="深圳市气象局")
    other = desk.register()
    again = desk.register(severity="minor")
    assert listed(desk.agent, {"sort": "customer"})[-2:] == [again.number, other.number]
    assert again.customer_id > first.pk
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for sort, index in ((Sort.GRAVEST, "case_gravest_newest"), (Sort.CUSTOMER, "case_customer_newest")):
            rows, order = in_order(find(desk.agent, {}), sort)
            assert index in rows.order_by(*order)[:20].explain(), sort


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("unit", "x", "invalid"),
        ("service_line", "\x00", "unclean_text"),
        ("answer", "x", "invalid"),
        ("answer", "bill:" + "x" * 500, "invalid"),
        ("waiting_for", "godot", "invalid_choice"),
        ("period", "ever", "invalid_choice"),
        ("sort", "random", "invalid_choice"),
        ("watched", "perhaps", "invalid"),
    ],
)
def test_a_filter_that_is_none_is_refused_by_its_name(desk: World, name: str, value: str, code: str) -> None:
    answer = session(desk.agent).get(CASES, {name: value})
    assert (answer.status_code, fields(answer)) == (400, {name: code})
