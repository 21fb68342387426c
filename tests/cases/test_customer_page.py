"""Everything about one customer: what is open on top, what happened in time order, of cases one may see alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from service_desk.cases import actions
from service_desk.cases.customer_history import PAGE_SIZE
from service_desk.cases.models import Case
from service_desk.customers.models import Customer
from service_desk.deadlines.clock import now
from tests.cases.pages import HTMX, browser, text_of
from tests.factories import World, shift_time, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


def history(desk: World, query: str = "", person: str = "colleague") -> Any:
    return browser(desk.people[person]).get(f"/customers/{desk.customer.pk}/history/{query}", headers=HTMX)


def open_part(desk: World, person: str = "colleague") -> Any:
    return browser(desk.people[person]).get(f"/customers/{desk.customer.pk}/cases/")


def told_story(desk: World) -> Case:
    case = desk.register(severity="minor")
    actions.start(case=case, actor=desk.agent)
    actions.tell(case=case, actor=desk.agent, text="工程师已出发", channel="phone")
    actions.promise(case=case, actor=desk.agent, text="十点前到现场", due_at=now() + timedelta(hours=2))
    actions.note(case=case, actor=desk.agent, text="备件在库 @员工engineer")
    return case


def test_everything_stands_in_time_order_newest_first_over_all_cases(desk: World) -> None:
    older = desk.register(severity="minor", fault="光口误码")
    shift_time(older, hours=5)
    case = told_story(desk)
    titles = [(line.event.case.number, line.title) for line in history(desk).context["lines"]]
    assert [title for _number, title in titles[:2]] == ["Internal note", titles[1][1]]
    assert titles[1][1].startswith("Promised to the customer until")
    assert titles[-1] == (older.number, "Registered")
    assert [number for number, _title in titles].count(case.number) == 4
    words = text_of(history(desk))
    for part in ("工程师已出发", "to the customer", "备件在库", "internal", "十点前到现场"):
        assert part in words
    assert '<span class="mention">@员工engineer</span>' in history(desk).content.decode()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("words", ["told"]), ("promises", ["promised"]), ("notes", ["note"]), ("cases", ["registered"])],
)
def test_one_kind_alone(desk: World, kind: str, expected: list[str]) -> None:
    told_story(desk)
    assert [line.event.type for line in history(desk, f"?kind={kind}").context["lines"]] == expected


def test_pages_follow_each_other_without_gap_or_repeat(desk: World) -> None:
    case = desk.register(severity="minor")
    for number in range(PAGE_SIZE + 5):
        actions.note(case=case, actor=desk.agent, text=f"第 {number} 条")
    first = history(desk)
    second = browser(desk.colleague).get(first.context["next_url"], headers=HTMX)
    shown = [line.event.pk for page in (first, second) for line in page.context["lines"]]
    assert len(shown) == len(set(shown)) == PAGE_SIZE + 6
    assert shown == sorted(shown, reverse=True)
    back = browser(desk.colleague).get(second.context["previous_url"], headers=HTMX)
    assert [line.event.pk for line in back.context["lines"]] == shown[:PAGE_SIZE]


def test_open_matters_stand_by_the_nearest_deadline_with_promises(desk: World) -> None:
    calm = desk.register(severity="minor", fault="光口误码")
    urgent = desk.register(severity="critical", fault="整站断站")
    actions.start(case=calm, actor=desk.agent)  # its first response is over
    actions.promise(case=calm, actor=desk.agent, text="明天回电", due_at=now() + timedelta(hours=3))
    part = open_part(desk)
    matters = part.context["matters"]
    assert matters.rows[0].case == urgent
    assert all(row.clock for row in matters.rows)
    assert "明天回电" in text_of(part)
    other = Customer.objects.create(name="别的客户")
    assert "Nothing is open" in text_of(browser(desk.agent).get(f"/customers/{other.pk}/cases/"))


def test_P6_a_confidential_case_leaves_no_trace_for_others(desk: World) -> None:
    case = told_story(desk)
    Case.objects.filter(pk=case.pk).update(confidential=True)
    for part in (history(desk), open_part(desk)):
        assert case.number not in part.content.decode()
        assert "十点前到现场" not in part.content.decode()
    assert case.number in history(desk, person="agent").content.decode()
    assert case.number in open_part(desk, person="agent").content.decode()


def test_the_parts_cost_a_bounded_number_of_queries(desk: World, django_assert_max_num_queries: Any) -> None:
    for _each in range(3):
        told_story(desk)
    client = browser(desk.colleague)
    client.get(f"/customers/{desk.customer.pk}/")
    for address in ("", "cases/", "history/"):
        with django_assert_max_num_queries(12):
            assert client.get(f"/customers/{desk.customer.pk}/{address}", headers=HTMX).status_code == 200


def test_without_a_script_the_history_is_a_page_of_its_own(desk: World) -> None:
    told_story(desk)
    client = browser(desk.colleague)
    assert (
        f'href="/customers/{desk.customer.pk}/history/"'
        in client.get(f"/customers/{desk.customer.pk}/").content.decode()
    )
    page = client.get(f"/customers/{desk.customer.pk}/history/?kind=words")
    assert "<html" in page.content.decode()
    assert "工程师已出发" in text_of(page)


@pytest.mark.parametrize(
    "query", ["?kind=x", "?kind=%00", "?after=x", "?before=%00", "?after=a.b&before=c", "?kind=" + "9" * 999]
)
def test_an_address_that_makes_no_sense_shows_the_beginning(desk: World, query: str) -> None:
    told_story(desk)
    answer = browser(desk.colleague).get(f"/customers/{desk.customer.pk}/history/{query}", follow=True)
    assert answer.status_code == 200
    assert "工程师已出发" in text_of(answer)


def test_of_a_customer_that_is_not_there_nothing_is_shown(desk: World) -> None:
    assert browser(desk.agent).get("/customers/999999999999999999/history/").status_code == 404
    assert browser(desk.agent).get("/customers/0/cases/").status_code == 404
