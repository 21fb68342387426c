"""Watching a case: told once of each change, not of one's own, and no longer than one may see it; mentions with @."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from service_desk.audit.models import AuditEntry
from service_desk.cases import actions
from service_desk.cases.mentions import find, names_of, pieces
from service_desk.cases.models import Case, CaseEvent, CaseWatch, Mention
from service_desk.notices.kinds import render
from service_desk.notices.models import ChannelAddress, Delivery, Notice
from service_desk.rest.errors import Invalid, NotFound
from tests.cases.callers import CASES, key, session
from tests.cases.pages import browser, post, text_of
from tests.factories import World, staff, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


def told(person: Any, kind: str = "watched") -> list[Notice]:
    return list(Notice.objects.filter(recipient=person, kind=kind).order_by("id"))


def make_confidential(case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(confidential=True)


def test_a_watcher_is_told_once_of_each_change_and_not_of_their_own(desk: World) -> None:
    case = desk.register(severity="minor")
    actions.watch(case=case, actor=desk.colleague)
    actions.watch(case=case, actor=desk.colleague)
    actions.note(case=case, actor=desk.agent, text="已联系客户")
    actions.start(case=case, actor=desk.agent)
    actions.note(case=case, actor=desk.colleague, text="我自己写的")
    shown = [render(notice.kind, notice.facts, "en") for notice in told(desk.colleague)]
    assert [each.subject for each in shown] == [
        f"{case.number}: Internal note (员工agent)",
        f"{case.number}: Work started (员工agent)",
    ]
    assert "已联系客户" in shown[0].body
    assert told(desk.agent) == []


def test_whoever_is_told_of_a_change_otherwise_is_not_told_as_watcher_too(desk: World) -> None:
    case = desk.register(severity="minor")
    actions.watch(case=case, actor=desk.colleague)
    facts: dict[str, Any] = {"done": "重启", "remaining": "换板", "promised": "无"}
    actions.hand_over(case=case, actor=desk.agent, receiver=desk.colleague, **facts)
    assert told(desk.colleague) == []
    assert len(told(desk.colleague, "hand_over_proposed")) == 1


def test_a_watchers_choice_of_channels_holds(desk: World) -> None:
    case = desk.register(severity="minor")
    ChannelAddress.objects.create(staff=desk.colleague, kind="email", target="", enabled=False)
    for person in (desk.colleague, desk.engineer):
        actions.watch(case=case, actor=person)
    actions.note(case=case, actor=desk.agent, text="进展")
    mails = Delivery.objects.filter(notice__kind="watched", channel="email")
    assert list(mails.values_list("notice__recipient", flat=True)) == [desk.engineer.pk]


def test_P6_a_watch_ends_with_the_right_to_see_the_case(desk: World) -> None:
    case = desk.register(severity="minor")
    actions.watch(case=case, actor=desk.colleague)
    make_confidential(case)
    page = browser(desk.agent).get(case.get_absolute_url())
    assert page.context["watchers"] == []
    actions.note(case=case, actor=desk.agent, text="保密内容")
    assert told(desk.colleague) == []
    assert not CaseWatch.objects.filter(case=case).exists()
    assert AuditEntry.objects.filter(verb="case.unwatch", thing=f"case:{case.pk}").exists()


def test_P6_nobody_watches_what_they_may_not_see_through_any_door(desk: World) -> None:
    case = desk.register(severity="minor")
    make_confidential(case)
    with pytest.raises(NotFound):
        actions.watch(case=case, actor=desk.colleague)
    assert browser(desk.colleague).post(f"/cases/{case.number}/watch/").status_code == 404
    for verb in ("watch", "unwatch"):
        assert session(desk.colleague).post(f"{CASES}{case.number}/{verb}/").status_code == 404
    assert session(desk.colleague).get(f"{CASES}{case.number}/watchers/").status_code == 404
    assert not CaseWatch.objects.exists()


def test_one_press_watches_and_one_more_ends_it(desk: World) -> None:
    case = desk.register(severity="minor")
    colleague = browser(desk.colleague)
    colleague.post(f"/cases/{case.number}/watch/", {"on": "1"})
    page = colleague.get(case.get_absolute_url())
    assert "Stop watching" in text_of(page)
    assert "1 person watches" in text_of(page)
    assert b'data-press="w"' in page.content
    colleague.post(f"/cases/{case.number}/watch/", {"on": "0"})
    assert not CaseWatch.objects.exists()
    assert Case.objects.get(pk=case.pk).version == case.version  # nobody's open form becomes stale by it
    assert colleague.get(f"/cases/{case.number}/watch/").status_code == 405


def test_watching_through_rest(desk: World) -> None:
    case = desk.register(severity="minor")
    client = key(desk.colleague)
    answer = client.post(f"{CASES}{case.number}/watch/")
    assert [each["staff"]["id"] for each in answer.json()] == [desk.colleague.pk]
    assert client.post(f"{CASES}{case.number}/watch/", {"on": 1}, format="json").status_code == 400
    assert len(session(desk.agent).get(f"{CASES}{case.number}/watchers/").json()) == 1
    assert client.post(f"{CASES}{case.number}/unwatch/").json() == []
    assert key(desk.colleague, "cases:read").post(f"{CASES}{case.number}/watch/").status_code == 403


def test_the_database_keeps_one_watch_for_each_person(desk: World) -> None:
    case = desk.register(severity="minor")
    actions.watch(case=case, actor=desk.colleague)
    with pytest.raises(IntegrityError), transaction.atomic():
        CaseWatch.objects.create(case=case, staff=desk.colleague)


def test_a_mentioned_colleague_is_told_and_watches_and_stands_as_a_chip(desk: World) -> None:
    case = desk.register(severity="minor")
    post(
        browser(desk.agent), case, "note", text="请 @员工engineer 看一下，邮箱 x@员工engineer 不算；@没有这个人 也不算"
    )
    mention = Mention.objects.get()
    assert (mention.staff, mention.words) == (desk.engineer, "@员工engineer")
    assert CaseWatch.objects.get().reason == "mentioned"
    assert len(told(desk.engineer, "mentioned")) == 1
    assert told(desk.engineer) == []
    page = browser(desk.agent).get(case.get_absolute_url())
    assert '<span class="mention">@员工engineer</span>' in page.content.decode()


def test_a_mention_through_rest_is_the_same(desk: World) -> None:
    case = desk.register(severity="minor")
    answer = session(desk.agent).post(
        f"{CASES}{case.number}/note/", {"text": "@engineer 请看"}, headers={"If-Match": "*"}, format="json"
    )
    assert answer.status_code == 200
    assert len(told(desk.engineer, "mentioned")) == 1


def test_P6_a_mention_of_somebody_who_may_not_see_the_case_is_refused_with_the_reason(desk: World) -> None:
    case = desk.register(severity="minor")
    make_confidential(case)
    answer = post(browser(desk.agent), case, "note", text="@员工colleague 请看")
    assert answer.status_code == 422
    assert "员工colleague may not see this case and cannot be told of it." in text_of(answer)
    assert not CaseEvent.objects.filter(case=case, type="note").exists()
    assert not Notice.objects.filter(kind="mentioned").exists()


def test_a_name_of_several_people_asks_which_one(desk: World) -> None:
    case = desk.register(severity="minor")
    for username in ("zhang1", "zhang2"):
        staff(username, full_name="张伟", unit=desk.unit)
    with pytest.raises(Invalid) as refused:
        actions.note(case=case, actor=desk.agent, text="@张伟 请看")
    assert refused.value.errors[0].field == "text"
    actions.note(case=case, actor=desk.agent, text="@zhang2 请看")
    assert Mention.objects.get().staff.username == "zhang2"
    found = browser(desk.agent).get(f"/cases/{case.number}/people/?q=zw").json()["results"]
    assert {each["data"]["text"] for each in found} == {"@zhang1 ", "@zhang2 "}


def test_what_the_customer_reads_mentions_nobody(desk: World) -> None:
    case = desk.register(severity="minor")
    actions.tell(case=case, actor=desk.agent, text="@员工engineer 已出发", channel="phone")
    assert not Mention.objects.exists()
    assert told(desk.engineer, "mentioned") == []


def test_P6_only_people_who_may_see_the_case_are_suggested(desk: World) -> None:
    case = desk.register(severity="minor")
    people = f"/cases/{case.number}/people/"
    agent = browser(desk.agent)
    assert [each["label"] for each in agent.get(people, {"q": "colleague"}).json()["results"]] == ["员工colleague"]
    make_confidential(case)
    assert agent.get(people, {"q": "colleague"}).json()["results"] == []
    assert browser(desk.colleague).get(people, {"q": "agent"}).status_code == 404


@pytest.mark.parametrize("text", ["\x00", "a" * 5000, "%", "@", "\ud800", "(", "\\"])
def test_bad_input_finds_nobody_and_breaks_nothing(desk: World, text: str) -> None:
    case = desk.register(severity="minor")
    raw = text.encode("utf-8", "surrogatepass")
    answer = browser(desk.agent).get(f"/cases/{case.number}/people/", {"q": raw})
    assert answer.status_code in (200, 400)
    assert answer.status_code == 400 or answer.json()["results"] == []


def test_a_mention_is_written_once(desk: World) -> None:
    case = desk.register(severity="minor")
    actions.note(case=case, actor=desk.agent, text="@engineer 请看")
    with pytest.raises(DatabaseError), transaction.atomic():
        Mention.objects.update(words="@其他人")


@given(st.text(max_size=60), st.lists(st.sampled_from(["张三", "张三丰", "li", "li.si", "王 五"]), unique=True))
def test_the_pieces_of_a_text_are_the_text(text: str, names: list[str]) -> None:
    known = names_of((number, name, "") for number, name in enumerate(names, 1))
    text = text + " " + "".join(f"@{name} " for name in names)
    found = {each.words: each.people[0] for each in find(text, known)}
    assert "".join(piece.text for piece in pieces(text, found)) == text
    assert len(found) == len(names)


def test_the_longest_name_is_meant_and_a_latin_name_is_not_cut() -> None:
    known = names_of([(1, "张三", "zs"), (2, "张三丰", "zsf")])
    assert [each.people for each in find("@张三丰看 @张三看 @zsfx @ZS.", known)] == [(2,), (1,), (1,)]
