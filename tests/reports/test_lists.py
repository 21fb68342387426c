"""Every list of the desk can be taken along: from its page, by whoever may open it, with nothing more in it."""

from __future__ import annotations

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import override

from service_desk.cases.columns import COLUMNS
from service_desk.cases.models import Case, Promise
from service_desk.deadlines.clock import now
from service_desk.people.access import can
from service_desk.reports.exporting import EXPORTABLE
from service_desk.rest.errors import NotAllowed
from tests.cases.pages import browser
from tests.factories import World, world
from tests.reports.lists import file_of, say_the_same

pytestmark = pytest.mark.django_db

#: What their pages need in the address.
GIVEN = {"customer-history": "customer={customer}", "report-facts": "figure=registration"}


@pytest.fixture
def desk(db: None) -> World:
    return world()


def given(desk: World, what: str) -> str:
    return GIVEN.get(what, "").format(customer=desk.customer.pk)


def test_whoever_may_open_a_list_takes_it_along_and_nobody_else(desk: World) -> None:
    """The demo company's test does so for those who may do more."""
    for what, exportable in EXPORTABLE.items():
        if can(desk.agent, exportable.verb):
            assert len(file_of(desk.agent, what, given(desk, what))) >= 1, what
        else:
            with pytest.raises(NotAllowed):
                file_of(desk.agent, what, given(desk, what))


def test_every_list_has_the_way_to_its_file_on_its_page(desk: World) -> None:
    """Of those that have a page: with what stands in the address, so that the filters go along."""
    visitors = {person: browser(person) for person in (desk.manager, desk.admin)}
    for what, exportable in EXPORTABLE.items():
        page = exportable.page(QueryDict(given(desk, what)))
        if not page or what in ("cases", "webhook-deliveries"):  # the one has a page of its own, the other no endpoint
            continue
        if what.startswith("board-") and what != "board-late":  # all of them are drawn by one template
            continue
        person = next(person for person in visitors if can(person, exportable.verb))
        there = f"{page}{'&' if '?' in page else '?'}q=abc"
        text = visitors[person].get(there).content.decode()
        assert f'href="{reverse("export-new", args=[what])}?' in text, (what, page)
        assert "q=abc" in text.partition(reverse("export-new", args=[what]))[2][:200], what


def test_a_long_file_is_written_from_values_and_says_what_the_cases_say(desk: World) -> None:
    """Every column that a list of cases may have, in both languages, with and without something in it."""
    desk.register(severity="critical", caller_phone="13900139000", caller_name="王工")
    desk.register(severity=None)
    for language in ("zh-hans", "en"):
        with override(language):
            for sort in ("newest", "oldest", "deadline", "gravest", "customer"):
                say_the_same(desk.manager, "cases", f"sort={sort}&cols={','.join(COLUMNS)}")


def test_a_file_has_the_filters_of_the_page_and_no_more_of_a_thing_than_it(desk: World) -> None:
    case = desk.register(caller_phone="13900139000")
    hidden = desk.register()
    for each in (case, hidden):
        Promise.objects.create(case=each, text="今天回电", by=desk.agent, due_at=now(), made_at=each.accepted_at)
    Case.objects.filter(pk=hidden.pk).update(confidential=True)
    rows = file_of(desk.inspector, "promises")
    assert [row[0] for row in rows[1:]] == [case.number]
    history = file_of(desk.inspector, "customer-history", f"customer={desk.customer.pk}&kind=cases")
    assert {row[0] for row in history[1:]} == {case.number}
    assert [row[0] for row in file_of(desk.agent, "customers", "q=没有这家")] == ["Customer unit"]


ODD = (
    ("report-facts", ""),
    ("report-facts", "figure=nothing"),
    ("report-facts", "figure=registration&step=x"),
    ("report-facts", "figure=registration&since=2000-01-01&until=2100-01-01"),
    ("report-facts", "figure=registration&since=2026-02-02&until=2026-01-01"),
    ("heat", "since=x&minutes=-1&of=nothing"),
    ("roster", "week=9999-12-31"),
    ("roster", "week=0001-01-01"),
    ("minutes", "since=2000-01-01&until=2100-01-01&sort=-x&by=x"),
    ("trail", "since=9999-12-31&until=0001-01-01&door=x&q=%00"),
    ("customers", "q=%00"),
    ("customer-history", "customer=99999999999999999999&kind=x"),
    ("articles", "q=%25&line=x&state=x"),
    ("ledger", "month=2026-13"),
    ("board-late", "sort=-%00"),
)


@pytest.mark.parametrize("kind", ["GET", "POST"])
def test_no_odd_address_is_a_fault(desk: World, kind: str) -> None:
    """What is wrong in it is left out, or said; nobody sees an error of the program."""
    visitors = {person: browser(person) for person in (desk.manager, desk.admin)}
    for what, query in ODD:
        person = next(one for one in visitors if can(one, EXPORTABLE[what].verb))
        there = f"/exports/new/{what}/?{query}"
        answer = visitors[person].get(there) if kind == "GET" else visitors[person].post(there, {"format": "csv"})
        assert answer.status_code < 500, (what, query, answer.status_code)
