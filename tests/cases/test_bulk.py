"""One move for many cases: each in its own transaction, what was refused listed with its reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache

from service_desk.audit.models import AuditEntry
from service_desk.cases import actions
from service_desk.cases.actions.bulk import MOST, STEP, VERBS, bulk
from service_desk.cases.models import Case, CaseEvent, HandOver
from service_desk.cases.rules import MOVES
from service_desk.cases.shift_facts import facts_of, mine
from service_desk.cases.views.bulk import OFFERED
from service_desk.deadlines.clock import now
from service_desk.rest.errors import Invalid
from tests.cases.callers import CASES, fields, key, move, session
from tests.cases.lives import resolved
from tests.cases.pages import HTMX, browser, text_of
from tests.factories import World, staff, world

FACTS = {"done": "已排查", "remaining": "换备件", "promised": "没有承诺"}


@pytest.fixture
def desk(db: None) -> World:
    return world()


def run(desk: World, verb: str, cases: list[Case], actor: Any = None, **more: Any) -> list[tuple[bool, str]]:
    answers = more.pop("answers", {})
    items = bulk(verb=verb, numbers=[c.number for c in cases], actor=actor or desk.agent, answers=answers, **more)
    return [(item.done, item.code) for item in items]


def test_one_refusal_stops_no_other_and_each_has_its_reason(desk: World) -> None:
    cases = [desk.register(severity="minor") for _ in range(3)]
    actions.start(case=cases[0], actor=desk.agent)
    actions.start(case=cases[2], actor=desk.agent)
    assert run(desk, "resolve", cases, answers={"outcome": "同一原因，已修复"}) == [
        (True, ""), (False, "not_possible"), (True, ""),
    ]  # fmt: skip
    assert list(Case.objects.order_by("id").values_list("state", flat=True)) == ["resolved", "registered", "resolved"]
    entry = AuditEntry.objects.get(verb="case.bulk")
    assert entry.detail == {"verb": "resolve", "done": 2, "refused": 1}


def test_what_a_person_may_not_do_is_refused_and_recorded_case_by_case(desk: World) -> None:
    cases = [desk.register(), desk.register()]
    assert run(desk, "cancel", cases, desk.inspector, answers={"text": "重复"}) == [(False, "not_allowed")] * 2
    assert AuditEntry.objects.filter(verb="case.cancel", outcome="refused").count() == 2


def test_a_case_that_one_may_not_know_of_is_not_found_like_one_that_is_not_there(desk: World) -> None:
    case = desk.register()
    Case.objects.filter(pk=case.pk).update(confidential=True)
    items = bulk(verb="note", numbers=[case.number, "CALL-1"], actor=desk.chief, answers={"text": "看看"})
    assert {(item.code, item.detail, item.subject) for item in items} == {("not_found", "There is no such case.", "")}


def test_a_case_changed_since_it_was_shown_is_refused_but_a_note_is_added(desk: World) -> None:
    case = desk.register()
    seen = {case.number: case.version}
    actions.note(case=case, actor=desk.colleague, text="抢先一步")
    assert run(desk, "cancel", [case], answers={"text": "重复"}, versions=seen) == [(False, "stale")]
    assert run(desk, "note", [case], answers={"text": "记一笔"}, versions=seen) == [(True, "")]


def test_the_number_of_cases_is_bounded_and_a_case_named_twice_is_done_once(desk: World) -> None:
    case = desk.register()
    assert run(desk, "note", [case, case], answers={"text": "一次"}) == [(True, "")]
    assert CaseEvent.objects.filter(case=case, type="note").count() == 1
    for numbers, verb in (([], "note"), ([f"CALL-{n}" for n in range(MOST + 1)], "note"), ([case.number], "grade")):
        with pytest.raises(Invalid):
            bulk(verb=verb, numbers=numbers, actor=desk.agent, answers={})


def test_every_move_of_the_bar_is_a_move_of_the_table() -> None:
    assert set(OFFERED) < set(VERBS) <= set(MOVES)
    assert all(VERBS[verb] is getattr(actions, verb) for verb in VERBS)


def test_a_bulk_run_costs_few_queries_per_case(desk: World, django_assert_max_num_queries: Any) -> None:
    cases = [desk.register() for _ in range(10)]
    with django_assert_max_num_queries(160):
        run(desk, "note", cases, answers={"text": "记一笔"})


# The shift change ---------------------------------------------------------------------------------------------------
def test_C5_at_shift_change_the_facts_of_each_case_stand_there_already(desk: World) -> None:
    case, other = desk.register(severity="minor"), desk.register()
    actions.start(case=case, actor=desk.agent)
    for words in ("第一步", "第二步", "第三步", "第四步"):
        actions.note(case=case, actor=desk.agent, text=words)
    actions.promise(case=case, actor=desk.agent, text="今晚回电", due_at=now() + timedelta(hours=3))
    first, second = facts_of(mine(desk.agent, 10))
    assert (first.case.pk, second.case.pk) == (case.pk, other.pk)
    assert "第一步" not in first.done
    assert all(words in first.done for words in ("第二步", "第三步", "第四步"))
    assert "今晚回电" in first.promised
    assert (second.done, second.promised) == ("Nothing has been recorded yet.", "Nothing was promised.")
    assert "begin" in second.remaining


def test_C5_all_my_cases_are_handed_over_with_their_own_facts_and_accepted_in_one_press(desk: World) -> None:
    cases = [desk.register(severity="minor") for _ in range(3)]
    client = browser(desk.agent)
    page = client.get("/desk/hand-over/")
    assert all(case.number in page.content.decode() for case in cases)
    data: dict[str, Any] = {"sure": "1", "receiver": desk.colleague.pk, "token": page.context["token"]}
    for case in cases:
        data |= {f"take_{case.pk}": "on"} | {f"{name}_{case.pk}": f"{text} {case.pk}" for name, text in FACTS.items()}
    del data[f"take_{cases[2].pk}"]
    answer = client.post("/desk/hand-over/", data)
    assert answer.status_code == 302
    assert client.post("/desk/hand-over/", data).headers["Location"] == answer.headers["Location"]
    assert text_of(client.get(answer.headers["Location"])).count("CALL-") == 2
    offers = HandOver.objects.order_by("case_id")
    assert [(o.case_id, o.done) for o in offers] == [(c.pk, f"已排查 {c.pk}") for c in cases[:2]]
    receiver = browser(desk.colleague)
    assert "Accept all 2" in text_of(receiver.get("/desk/"))
    done = receiver.post("/desk/accept-all/", {"number": [case.number for case in cases]})
    assert text_of(receiver.get(done.headers["Location"])).count("CALL-") == 2
    assert set(Case.objects.filter(handler=desk.colleague)) == set(cases[:2])


def test_C5_a_shift_change_says_beside_the_field_what_is_missing_and_keeps_what_was_typed(desk: World) -> None:
    case = desk.register()
    client = browser(desk.agent)
    data = {"sure": "1", "receiver_text": "无此人", f"take_{case.pk}": "on", f"done_{case.pk}": "打好的话"}
    page = client.post("/desk/hand-over/", data)
    assert (page.status_code, "打好的话" in page.content.decode()) == (422, True)
    assert {f"remaining_{case.pk}", f"promised_{case.pk}", "receiver"} == set(page.context["form"].errors)
    assert client.post("/desk/hand-over/", {"sure": "1"}).status_code == 422
    assert "You hold no case" in text_of(browser(staff("fresh")).get("/desk/hand-over/"))


# The screen -----------------------------------------------------------------------------------------------------------
def test_the_list_has_ticks_and_a_bar_and_the_page_says_what_is_possible(desk: World) -> None:
    cases = [desk.register(severity="minor"), desk.register(severity="minor")]
    actions.start(case=cases[0], actor=desk.agent)
    client = browser(desk.agent)
    listed = client.get("/cases/").content.decode()
    assert (listed.count("data-tick>"), 'action="/cases/bulk/"' in listed) == (2, True)
    assert "data-tick>" not in browser(desk.inspector).get("/cases/").content.decode()
    assert client.get("/desk/").content.decode().count("data-tick>") == 2
    page = client.get("/cases/bulk/", {"verb": "resolve", "number": [case.number for case in cases]})
    assert "Not possible while the case is: Registered." in text_of(page)
    data = {"verb": "resolve", "sure": "1", "number": [case.number for case in cases], "token": page.context["token"]}
    empty = client.post("/cases/bulk/", data)
    assert (empty.status_code, "outcome" in empty.context["form"].errors) == (422, True)
    done = client.post("/cases/bulk/", data | {"outcome": "同一原因"})
    words = text_of(client.get(done.headers["Location"]))
    assert words.index("Refused") < words.index("Done")
    assert client.post("/cases/bulk/", data | {"outcome": "同一原因"}).headers["Location"] == done.headers["Location"]
    assert CaseEvent.objects.filter(type="resolved").count() == 1


def test_many_cases_are_done_in_steps_that_the_page_shows_and_each_once(desk: World) -> None:
    cases = [desk.register() for _ in range(2 * STEP + 5)]
    Case.objects.filter(pk=cases[30].pk).update(state="cancelled", ended_at=now(), cancel_reason="重复")
    client = browser(desk.agent)
    data = {"verb": "note", "sure": "1", "steps": "1", "text": "停电通知", "number": [case.number for case in cases]}
    where = client.post("/cases/bulk/", data).headers["Location"]
    assert CaseEvent.objects.filter(type="note").count() == STEP
    assert f"{STEP} of {len(cases)}" in text_of(client.get(where))
    assert client.get(where).content.decode().count("<progress") == 1
    token = where.rstrip("/").rsplit("/", 1)[-1]
    assert cache.add(f"bulk:{desk.agent.pk}:{token}:{STEP}", True, 60)  # another tab is at this step
    assert f"{STEP} of {len(cases)}" in text_of(client.post(f"{where}more/", headers=HTMX))
    cache.delete(f"bulk:{desk.agent.pk}:{token}:{STEP}")
    before = cache.get(f"bulk:{desk.agent.pk}:{token}")
    client.post(f"{where}more/", headers=HTMX)
    cache.set(f"bulk:{desk.agent.pk}:{token}", before)  # as if that process had died before it could keep what it did
    cache.delete(f"bulk:{desk.agent.pk}:{token}:{STEP}")
    assert f"{2 * STEP} of {len(cases)}" in text_of(client.post(f"{where}more/", headers=HTMX))
    assert client.post(f"{where}more/").headers["Location"] == where  # without a script: a press
    done = text_of(client.get(where))
    assert "<progress" not in client.get(where).content.decode()
    assert cases[30].number in done[done.index("Refused") : done.index("Done")]
    client.post(f"{where}more/")
    assert CaseEvent.objects.filter(type="note").count() == len(cases) - 1
    assert browser(desk.chief).post(f"{where}more/").status_code == 404


def test_results_belong_to_who_made_the_run(desk: World) -> None:
    case = desk.register()
    data = {"verb": "note", "sure": "1", "number": case.number, "text": "记一笔"}
    done = browser(desk.agent).post("/cases/bulk/", data)
    assert browser(desk.chief).get(done.headers["Location"]).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        {"verb": "note"},
        {"verb": "note", "number": "a\x00b"},
        {"verb": "note", "number": "长" * 500},
        {"verb": "note", "number": ["CALL-20990101-0001"] * 900},
        {"verb": "hand_over"},
        {"verb": "hand_over", "number": "\x00"},
    ],
)
def test_a_page_without_a_case_says_so(desk: World, query: dict[str, Any]) -> None:
    assert "No case is chosen" in text_of(browser(desk.agent).get("/cases/bulk/", query))


@pytest.mark.parametrize(
    "query", [{}, {"verb": "grade"}, {"verb": "x\x00"}, {"verb": "note", "parent": "x"}, {"verb": "accept"}]
)
def test_what_is_no_bulk_move_is_not_found(desk: World, query: dict[str, Any]) -> None:
    assert browser(desk.agent).get("/cases/bulk/", query).status_code == 404


@pytest.mark.parametrize(
    "bad", [{"token": "x"}, {"token": "\x00"}, {"seen": "a:b"}, {"seen": ":::"}, {"seen": "x:99999999999"}]
)
def test_strange_hidden_fields_are_no_failure(desk: World, bad: dict[str, str]) -> None:
    case = desk.register()
    data = {"verb": "note", "sure": "1", "number": case.number, "text": "记一笔"} | bad
    assert browser(desk.agent).post("/cases/bulk/", data).status_code == 302
    assert CaseEvent.objects.filter(type="note").count() == 1


def test_resolving_a_parent_offers_to_resolve_its_children_with_the_same_outcome(desk: World) -> None:
    parent, one, two = (desk.register(severity="minor") for _ in range(3))
    for child in (one, two):
        actions.link(case=child, actor=desk.agent, other=parent.number, relation="parent")
    actions.start(case=one, actor=desk.agent)
    resolved(desk, parent)
    client = browser(desk.agent)
    assert "Resolve 2 open children with the same outcome" in text_of(client.get(f"/cases/{parent.number}/"))
    page = client.get("/cases/bulk/", {"verb": "resolve", "parent": parent.number})
    assert "更换主控板" in page.content.decode()
    data = {"verb": "resolve", "sure": "1", "number": [one.number, two.number], "outcome": "更换主控板"}
    words = text_of(client.get(client.post("/cases/bulk/", data).headers["Location"]))
    assert words.index("Refused") < words.index(two.number) < words.index(one.number)
    assert Case.objects.get(pk=one.pk).outcome == "更换主控板"


# REST -----------------------------------------------------------------------------------------------------------------
def test_bulk_by_rest_answers_for_each_case(desk: World) -> None:
    cases = [desk.register(severity="minor"), desk.register(severity="minor")]
    actions.start(case=cases[0], actor=desk.agent)
    body = {"verb": "resolve", "numbers": [*(c.number for c in cases), "CALL-1"], "answers": {"outcome": "已修"}}
    answer = session(desk.agent).post(f"{CASES}bulk/", body)
    assert (answer.status_code, answer.json()["done"], answer.json()["refused"]) == (200, 1, 2)
    assert [(i["number"], i["done"], i["code"]) for i in answer.json()["items"]] == [
        (cases[0].number, True, ""), (cases[1].number, False, "not_possible"), ("CALL-1", False, "not_found"),
    ]  # fmt: skip


def test_bulk_hand_over_by_rest_takes_the_facts_of_each_case(desk: World) -> None:
    cases = [desk.register(), desk.register()]
    each = {case.number: {name: f"{text} {case.pk}" for name, text in FACTS.items()} for case in cases}
    body = {
        "verb": "hand_over",
        "numbers": [case.number for case in cases],
        "answers": {"receiver": desk.colleague.pk},
        "each": each,
    }
    client = session(desk.agent)
    first = client.post(f"{CASES}bulk/", body, headers={"Idempotency-Key": "k1"})
    assert (first.status_code, first.json()["done"]) == (200, 2)
    assert client.post(f"{CASES}bulk/", body, headers={"Idempotency-Key": "k1"}).json() == first.json()
    assert sorted(HandOver.objects.values_list("done", flat=True)) == sorted(f"已排查 {c.pk}" for c in cases)


def test_C5_a_single_hand_over_by_rest_names_the_receiver_by_number(desk: World) -> None:
    case = desk.register()
    assert move(session(desk.agent), case.number, "hand_over", receiver=desk.colleague.pk, **FACTS).status_code == 200
    for wrong in (10**30, 0, -1, "x", True, 987654321):
        answer = move(session(desk.agent), case.number, "hand_over", receiver=wrong, **FACTS)
        assert (answer.status_code, list(fields(answer))) == (400, ["receiver"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "verb"),
        ({"verb": "grade", "numbers": ["x"]}, "verb"),
        ({"verb": "note", "numbers": []}, "numbers"),
        ({"verb": "note", "numbers": ["x"] * 201, "answers": {"text": "好"}}, "numbers"),
        ({"verb": "note", "numbers": "x"}, "numbers"),
        ({"verb": "note", "numbers": [{}], "answers": {"text": "好"}}, "numbers/0"),
        ({"verb": "note", "numbers": ["x"], "answers": {}}, "text"),
        ({"verb": "note", "numbers": ["x"], "answers": [1]}, "answers"),
        ({"verb": "note", "numbers": ["x"], "answers": {"text": "a", "colour": "b"}}, "colour"),
        ({"verb": "note", "numbers": ["x"], "each": {"y": {"text": "a"}}}, "each"),
        ({"verb": "note", "numbers": ["x"], "answers": {"text": "a"}, "versions": {"x": "a"}}, "versions/x"),
        ({"verb": "note", "numbers": ["x"], "answers": {"text": "a"}, "versions": {"x": 10**30}}, "versions/x"),
        ({"verb": "note", "numbers": ["x"], "strange": 1}, "strange"),
    ],
)
def test_bad_bulk_requests_are_refused_by_field(desk: World, body: dict[str, Any], field: str) -> None:
    answer = session(desk.agent).post(f"{CASES}bulk/", body)
    assert (answer.status_code, next(iter(sorted(fields(answer), reverse=True)))) == (400, field)


def test_a_key_that_may_only_read_moves_nothing(desk: World) -> None:
    body = {"verb": "note", "numbers": [desk.register().number], "answers": {"text": "好"}}
    assert key(desk.agent, "cases:read").post(f"{CASES}bulk/", body).status_code == 403
