"""The list of cases: filters in the address, search, keyset pages, and odd input answered plainly."""

from __future__ import annotations

from typing import Any

import pytest

from service_desk.cases import actions
from service_desk.cases.actions import Registration, register
from service_desk.cases.models import Case
from service_desk.customers.models import Customer, PhoneNumber
from service_desk.people.models import ProductType
from tests.cases.pages import browser, text_of
from tests.factories import World, shift_time, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


def found(person: Any, query: str = "") -> list[str]:
    response = browser(person).get(f"/cases/{query}")
    assert response.status_code == 200
    return [row.case.number for row in response.context["rows"]]


def test_newest_first_and_oldest_first(desk: World) -> None:
    first, second = desk.register(), desk.register()
    shift_time(first, hours=1)
    assert found(desk.agent) == [second.number, first.number]
    assert found(desk.agent, "?sort=oldest") == [first.number, second.number]


def test_nearest_deadline_first_takes_each_case_once_by_its_first_clock(desk: World) -> None:
    later, sooner, done = (desk.register(severity="critical") for _ in range(3))
    shift_time(sooner, minutes=10)
    actions.cancel(case=desk.register(), actor=desk.agent, text="重复")
    for verb in ("start", "restore", "resolve"):
        extra = {"restore": {"text": "x"}, "resolve": {"outcome": "x"}}.get(verb, {})
        getattr(actions, verb)(case=done, actor=desk.agent, **extra)
    assert found(desk.agent, "?sort=deadline") == [sooner.number, later.number]


def test_filters_narrow_and_stand_as_chips_that_take_themselves_away(desk: World) -> None:
    minor, critical = desk.register(severity="minor"), desk.register(severity="critical")
    response = browser(desk.agent).get("/cases/?severity=critical&state=open&sort=oldest")
    assert [row.case.number for row in response.context["rows"]] == [critical.number]
    chips = {chip.label: chip.url for chip in response.context["chips"] if chip.on}
    assert chips == {
        "Severity: Critical": "/cases/?state=open&sort=oldest",
        "State: open": "/cases/?severity=critical&sort=oldest",
    }
    assert found(desk.agent, "?severity=none") == []
    assert found(desk.agent, "?state=registered") == [critical.number, minor.number]


def test_C3_registered_late_is_a_filter_and_a_mark(desk: World) -> None:
    late = desk.register(accepted_at=desk.customer.created_at.replace(year=2020))
    desk.register()
    assert found(desk.agent, "?late=on") == [late.number]
    assert "registered late" in text_of(browser(desk.agent).get("/cases/?late=on"))


def test_C7_in_emergency_and_overdue_are_filters(desk: World) -> None:
    emergency, overdue = desk.register(severity="critical"), desk.register(severity="minor")
    shift_time(overdue, hours=1)
    assert found(desk.agent, "?emergency=on") == [emergency.number]
    assert found(desk.agent, "?overdue=on") == [overdue.number]


def test_overdue_is_the_same_set_in_every_order_and_with_further_filters(desk: World) -> None:
    least, most = desk.register(severity="minor"), desk.register(actor=desk.colleague)
    desk.register(severity="minor")
    shift_time(least, hours=9)  # two clocks of each are late: it stands in the list once all the same
    shift_time(most, hours=10)
    assert found(desk.agent, "?overdue=on") == [most.number, least.number]
    assert found(desk.agent, "?overdue=on&state=open&sort=deadline") == [most.number, least.number]
    for sort in ("newest", "oldest", "accepted", "accepted_oldest"):
        assert sorted(found(desk.agent, f"?overdue=on&sort={sort}")) == sorted([least.number, most.number])
    assert found(desk.agent, "?overdue=on&mine=on") == [least.number]
    assert found(desk.agent, f"?overdue=on&q={most.number}") == [most.number]


def test_customer_handler_product_mine_and_days(desk: World) -> None:
    mine, other = desk.register(), desk.register(actor=desk.colleague)
    assert found(desk.agent, f"?handler={desk.colleague.pk}") == [other.number]
    assert found(desk.agent, "?mine=on") == [mine.number]
    assert len(found(desk.agent, f"?customer={desk.customer.pk}&product={desk.product.pk}")) == 2
    assert found(desk.agent, "?since=2199-01-01") == []
    assert len(found(desk.agent, "?since=2020-01-01&until=2198-12-31")) == 2
    assert len(found(desk.agent, "?customer_text=福田区")) == 2


@pytest.mark.parametrize(
    "words",
    ["断站", "政务服务", "szsft", "基站", "+86 755 2677-2892", "0755/26772892", "138 0013 8000", "整站 基站"],
)
def test_search_finds_by_words_inside_customer_initials_product_and_telephone(desk: World, words: str) -> None:
    PhoneNumber.objects.create(customer=desk.customer, raw="0755-26772892")
    case = desk.register(caller_phone="13800138000")
    other = Customer.objects.create(name="河北联通")
    product = ProductType.objects.create(name="程控交换机", service_line=desk.line)
    register(actor=desk.agent, data=Registration(customer=other, product_type=product, fault="咨询"))
    assert found(desk.agent, f"?q={words.replace('+', '%2B')}") == [case.number]


def test_search_by_number_from_the_front(desk: World) -> None:
    case = desk.register()
    assert found(desk.agent, f"?q={case.number}") == [case.number]
    assert found(desk.agent, f"?q={case.number[:13].lower()}") == [case.number]
    assert found(desk.agent, f"?q={case.number[5:]}") == [case.number]
    assert found(desk.agent, "?q=CALL-19990101") == []


def test_keyset_pages_go_forward_and_back_without_gap_or_repeat(desk: World) -> None:
    cases = [desk.register().number for _ in range(85)]
    agent = browser(desk.agent)
    pages, address = [], "/cases/"
    while address:
        response = agent.get(address)
        pages.append([row.case.number for row in response.context["rows"]])
        address = response.context["next_url"]
    assert [len(page) for page in pages] == [20, 20, 20, 20, 5]
    assert [number for page in pages for number in page] == cases[::-1]
    back = agent.get(response.context["previous_url"])
    assert [row.case.number for row in back.context["rows"]] == pages[-2]


@pytest.mark.parametrize("sort", ["newest", "oldest", "deadline", "gravest", "customer"])
def test_keyset_pages_in_every_order(desk: World, sort: str) -> None:
    for _ in range(45):
        desk.register(severity="critical")
    agent = browser(desk.agent)
    first = agent.get(f"/cases/?sort={sort}&state=open")
    second = agent.get(first.context["next_url"])
    assert "sort=" in first.context["next_url"]
    third = agent.get(second.context["next_url"])
    seen = [row.case.pk for page in (first, second, third) for row in page.context["rows"]]
    assert (len(seen), len(set(seen))) == (45, 45)


def test_a_cursor_of_another_list_shows_the_first_page_and_says_so(desk: World) -> None:
    case = desk.register()
    response = browser(desk.agent).get("/cases/?after=gibberish")
    assert [row.case.number for row in response.context["rows"]] == [case.number]
    assert "the first page is shown" in text_of(response)
    assert browser(desk.agent).get("/cases/?after=a&before=b").status_code == 200


@pytest.mark.parametrize("count", [3, 60])
@pytest.mark.parametrize("query", ["", "?sort=deadline&state=open", "?q=断站&severity=major"])
def test_the_list_costs_at_most_twelve_queries(
    desk: World, count: int, query: str, django_assert_max_num_queries: Any
) -> None:
    for _ in range(count):
        desk.register(severity="major")
    agent = browser(desk.agent)
    agent.get("/cases/")  # the first page of a session writes it
    with django_assert_max_num_queries(12):
        response = agent.get(f"/cases/{query}")
    assert len(response.context["rows"]) == min(count, 20)


def test_the_page_of_forty_rows_stays_under_a_hundred_kilobytes(desk: World) -> None:
    for _ in range(41):
        desk.register(severity="critical")
    assert len(browser(desk.agent).get("/cases/").content) < 100_000


@pytest.mark.parametrize(
    "name",
    [
        "q",
        "state",
        "severity",
        "customer",
        "customer_text",
        "product",
        "handler",
        "handler_text",
        "since",
        "until",
        "mine",
        "late",
        "sort",
        "after",
        "before",
        "utf",
    ],
)
@pytest.mark.parametrize(
    "value",
    [
        "%00",
        "x" * 10_000,
        "%F0%9F%9A%A8",
        "%E2%80%AE",
        "99999999999999999999",
        "-1",
        "0001-01-01",
        "9999-12-31",
        "%25_\\",
        "%ED%A0%80",
    ],
)
def test_odd_parameters_never_break_the_list(desk: World, name: str, value: str) -> None:
    response = browser(desk.agent).get(f"/cases/?{name}={value}", follow=True)
    assert response.status_code == 200


def test_what_is_wrong_in_the_address_is_said_beside_its_field(desk: World) -> None:
    case = desk.register()
    response = browser(desk.agent).get("/cases/?since=gestern&q=%00")
    assert set(response.context["form"].errors) == {"since", "q"}
    assert [row.case.number for row in response.context["rows"]] == [case.number]


def test_P6_confidential_cases_are_listed_for_their_holders_only(desk: World) -> None:
    case = desk.register()
    Case.objects.filter(pk=case.pk).update(confidential=True)
    assert found(desk.agent) == [case.number]
    assert found(desk.manager) == []
    assert found(desk.manager, f"?q={case.number}") == []


def test_what_a_form_sends_along_for_nothing_leaves_the_address(desk: World) -> None:
    sent = f"/cases/?q=&state=open&customer={desk.customer.pk}&customer_text=深圳&since=&sort=oldest"
    answer = browser(desk.agent).get(sent)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/cases/?state=open&customer={desk.customer.pk}&sort=oldest"


def test_empty_lists_say_why_they_are_empty(desk: World) -> None:
    assert "There is no case yet" in text_of(browser(desk.agent).get("/cases/"))
    assert "No case is like this" in text_of(browser(desk.agent).get("/cases/?late=on"))


def test_staff_are_suggested_by_part_of_their_name(desk: World) -> None:
    agent = browser(desk.agent)
    assert [one["label"] for one in agent.get("/cases/suggest/staff/?q=engin").json()] == ["员工engineer"]
    assert agent.get("/cases/suggest/staff/?q=%00").json() == []
    assert agent.get("/cases/suggest/staff/").json() == []
