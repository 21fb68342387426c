"""Saved views: kept under a name, shared by those who lead, opened with, changed, deleted and brought back."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from service_desk.audit.models import AuditEntry
from service_desk.cases import listing
from service_desk.cases.actions import saved_views as actions
from service_desk.cases.columns import COLUMNS
from service_desk.cases.models import DefaultView, SavedView
from service_desk.cases.views import listing as view_module
from service_desk.people.access import can
from service_desk.rest.errors import Invalid, NotAllowed, NotFound
from tests.cases.pages import browser, text_of
from tests.factories import World, staff, world

QUERY = "cols=number%2Cstate%2Chandler&severity=critical&sort=accepted"


@pytest.fixture
def desk(db: None) -> World:
    return world()


def names(person: Any) -> list[str]:
    return [link.view.name for link in browser(person).get("/cases/?view=all").context["views"]]


def test_a_list_is_kept_under_a_name_and_stands_in_the_address_again(desk: World) -> None:
    agent = browser(desk.agent)
    assert f"/cases/views/new/?{QUERY}" in agent.get(f"/cases/?{QUERY}&after=x").content.decode().replace("&amp;", "&")
    form = agent.get(f"/cases/views/new/?{QUERY}").context["form"]
    answer = agent.post("/cases/views/new/", {"name": " 紧急  未恢复 ", "query": form.initial["query"]})
    view = SavedView.objects.get()
    assert (view.name, view.query, view.sharing, view.owner) == ("紧急 未恢复", QUERY, "own", desk.agent)
    assert answer.headers["Location"] == f"/cases/?view={view.pk}&{QUERY}"
    page = agent.get(answer.headers["Location"])
    assert [head.key for head in page.context["heads"]] == ["number", "state", "handler"]
    assert (page.context["view"].name, page.context["view_changed"]) == (view.name, False)
    assert AuditEntry.objects.filter(verb="view.save", thing=f"savedview:{view.pk}").exists()


def test_changes_to_a_view_are_said_and_kept_by_its_owner_only(desk: World) -> None:
    view = actions.save_view(actor=desk.chief, name="待料", query="waiting=part", sharing="all")
    owner, other = browser(desk.chief), browser(desk.agent)
    address = f"/cases/?view={view.pk}&waiting=customer"
    assert "Save changes to this view" in text_of(owner.get(address))
    assert "Save changes to this view" not in text_of(other.get(address))
    assert owner.post(f"/cases/views/{view.pk}/query/", {"query": "waiting=customer&after=x&view=9"}).status_code == 302
    view.refresh_from_db()
    assert view.query == "waiting=customer"
    assert other.post(f"/cases/views/{view.pk}/query/", {"query": ""}).status_code == 403
    assert not can(desk.agent, "view.change", view)


def test_views_are_shared_with_a_unit_or_everybody_by_those_who_lead(desk: World) -> None:
    with pytest.raises(NotAllowed):
        actions.save_view(actor=desk.agent, name="x", query="", sharing="all")
    actions.save_view(actor=desk.agent, name="自己的", query="")
    actions.save_view(actor=desk.chief, name="本科", query="", sharing="unit")
    actions.save_view(actor=desk.chief, name="全体", query="", sharing="all")
    assert names(desk.agent) == sorted(["自己的", "本科", "全体"])
    assert names(desk.manager) == ["全体"]
    assert "Shown to" not in text_of(browser(desk.agent).get("/cases/views/new/"))
    assert "Shown to" in text_of(browser(desk.chief).get("/cases/views/new/"))
    homeless = staff("homeless", "supervisor")
    with pytest.raises(Invalid):
        actions.save_view(actor=homeless, name="x", query="", sharing="unit")


def test_P6_a_shared_view_shows_each_reader_what_they_may_see(desk: World) -> None:
    case = desk.register()
    type(case).objects.filter(pk=case.pk).update(confidential=True)
    view = actions.save_view(actor=desk.chief, name="全部", query="state=open", sharing="all")
    for person, seen in ((desk.agent, 1), (desk.manager, 0)):
        assert len(browser(person).get(f"/cases/?view={view.pk}&state=open").context["rows"]) == seen


def test_the_list_opens_with_the_view_that_was_chosen_until_it_is_gone(desk: World) -> None:
    view = actions.save_view(actor=desk.chief, name="我的", query="mine=on", sharing="all")
    agent = browser(desk.agent)
    agent.post("/cases/views/first/", {"view": view.pk})
    assert agent.get("/cases/").headers["Location"] == f"/cases/?view={view.pk}&mine=on"
    assert agent.get("/cases/?view=all").status_code == 200
    actions.delete_view(actor=desk.chief, view=view)
    assert agent.get("/cases/").status_code == 200
    agent.post("/cases/views/first/", {})
    assert not DefaultView.objects.exists()
    with pytest.raises(NotFound):
        actions.open_with(actor=desk.agent, view=view)


def test_a_deleted_view_is_brought_back(desk: World) -> None:
    view = actions.save_view(actor=desk.agent, name="待办", query="mine=on")
    agent = browser(desk.agent)
    page = agent.post(f"/cases/views/{view.pk}/delete/", follow=True)
    assert "Bring back" in text_of(page)
    assert names(desk.agent) == []
    assert browser(desk.colleague).post(f"/cases/views/{view.pk}/back/").status_code == 404
    agent.post(f"/cases/views/{view.pk}/back/")
    assert names(desk.agent) == ["待办"]
    actions.delete_view(actor=desk.agent, view=view)
    actions.save_view(actor=desk.agent, name="待办", query="")
    assert "choose another name" in text_of(agent.post(f"/cases/views/{view.pk}/back/", follow=True))


def test_filters_of_a_view_that_are_no_longer_valid_are_said_and_left_out(desk: World) -> None:
    case = desk.register()
    view = actions.save_view(actor=desk.agent, name="旧", query="customer=999999&product=77&cols=number,gone&since=x")
    page = browser(desk.agent).get(f"/cases/?view={view.pk}&{view.query}")
    assert [row.case.number for row in page.context["rows"]] == [case.number]
    assert set(page.context["form"].errors) == {"customer", "product", "since"}
    assert "filters that are not valid any more" in text_of(page)
    assert "a column that there is not" in text_of(page)


@pytest.mark.parametrize(
    ("name", "field"), [("", "name"), ("  ", "name"), ("x" * 41, "name"), ("\x00", "name"), ("taken", "name")]
)
def test_a_name_that_is_none_is_refused_beside_its_field(desk: World, name: str, field: str) -> None:
    actions.save_view(actor=desk.agent, name="taken", query="")
    answer = browser(desk.agent).post("/cases/views/new/", {"name": name, "query": "mine=on"})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {field}
    assert answer.context["form"]["query"].value() == "mine=on"


def test_odd_addresses_and_others_views_are_plain_answers(desk: World) -> None:
    view = actions.save_view(actor=desk.chief, name="x", query="")
    agent = browser(desk.agent)
    for path in (f"/cases/views/{view.pk}/", "/cases/views/999999999999999999/"):
        assert agent.get(path).status_code == 404
    for given in ("x", "9" * 30, "-1", "\x00", str(view.pk)):
        assert agent.post("/cases/views/first/", {"view": given}).status_code == 404
    for query in ("view=x", "view=" + "9" * 40, "cols=" + "number," * 500, "cols=%00", "answer=x", "answer=:",
                  "request_type=9&answer=a:b", "unit=99999999999999999999", "period=x", "line=%00"):  # fmt: skip
        assert agent.get(f"/cases/?{query}").status_code == 200
    assert agent.get("/cases/views/first/").status_code == 405
    assert agent.post(f"/cases/views/{view.pk}/delete/").status_code == 404


def test_what_must_never_be_false_of_a_view_is_held_by_the_database(desk: World) -> None:
    for wrong in ({"name": ""}, {"sharing": "unit", "unit": None}, {"sharing": "all", "unit": desk.unit}):
        with pytest.raises(IntegrityError), transaction.atomic():
            SavedView.objects.create(**{"owner": desk.agent, "name": "x", **wrong})


def test_columns_are_moved_added_and_taken_away_in_the_address(desk: World) -> None:
    desk.register(caller_phone="13800138000")
    agent = browser(desk.agent)
    page = agent.get("/cases/?cols=number,phone,number,customer")
    heads = page.context["heads"]
    assert [head.key for head in heads] == ["number", "phone", "customer"]
    assert heads[1].before_url == "/cases/?cols=phone%2Cnumber%2Ccustomer"
    assert heads[1].away_url == "/cases/?cols=number%2Ccustomer"
    assert "138****8000" in text_of(page)
    assert "13800138000" not in page.content.decode()
    everything = ",".join(COLUMNS)
    assert agent.get(f"/cases/?cols={everything}").status_code == 200


def test_pressing_a_head_sorts_and_says_so(desk: World) -> None:
    first = desk.register()
    second = desk.register(accepted_at=first.accepted_at.replace(year=2020))
    agent = browser(desk.agent)
    page = agent.get("/cases/?cols=number,accepted")
    assert 'aria-sort="descending"' in page.content.decode()
    down = agent.get(page.context["heads"][1].url)
    assert [row.case.number for row in down.context["rows"]] == [first.number, second.number]
    up = agent.get(down.context["heads"][1].url)
    assert [row.case.number for row in up.context["rows"]] == [second.number, first.number]
    assert up.context["heads"][1].direction == "ascending"


def test_totals_are_exact_up_to_a_thousand_and_bounded_beyond(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:

    for _ in range(4):
        desk.register()
    assert "4 in all" in text_of(browser(desk.agent).get("/cases/"))
    monkeypatch.setattr(listing, "COUNTED", 3)
    monkeypatch.setattr(view_module, "COUNTED", 3)
    assert "more than 3 cases" in text_of(browser(desk.agent).get("/cases/"))
