"""REST: the check, the phrasebook and its releases; who may, what is refused and by which field (K3, K4)."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from service_desk.knowledge.models import BookRelease, PhraseVersion
from service_desk.knowledge.shapes import CheckAnswerSerializer
from service_desk.people.models import Staff
from service_desk.people.rules import Role
from tests.cases.callers import fields, key, session
from tests.factories import staff
from tests.knowledge.book import editor_of_the_book

CHECK, PHRASES, RELEASES, FINDINGS = (
    f"/api/v1/{name}/" for name in ("language/check", "phrases", "releases", "findings")
)
NEW: dict[str, Any] = {
    "code": "X1",
    "kind": "banned",
    "text": "小票机",
    "content": {
        "category": "impolite",
        "suggestions": ["请您稍等。"],
        "must_hit": ["小票机坏了"],
        "must_not_hit": ["您的小票"],
    },
}


@pytest.fixture
def editor(db: None) -> Staff:
    return editor_of_the_book(Role.SUPERVISOR)


@pytest.fixture
def agent(editor: Staff) -> APIClient:
    return session(staff("agent", Role.FRONT_DESK))


def check(client: APIClient, **body: Any) -> Any:
    return client.post(CHECK, {"newest": True, **body})


def test_K3_a_text_is_checked(agent: APIClient) -> None:
    answer = check(agent, text="𠮷您好，妳買得起嗎？", direction="to_customer").json()
    (result,) = answer["results"]
    (found,) = result["findings"]
    assert (found["start"], found["end"], found["phrase"], found["entry"]) == (4, 9, "妳買得起嗎", "B19")
    assert (found["severity"], result["blocks"], answer["release"]) == ("block", True, 2)
    assert found["suggestions"] == ["我能为您做什么吗？"]


def test_K3_several_texts_are_checked_in_order(agent: APIClient) -> None:
    texts = [
        {"text": "不知道", "direction": "to_customer"},
        {"text": "", "direction": "internal_note"},
        {"text": "有完没完", "direction": "transcript", "speaker": "customer"},
    ]
    answer = check(agent, texts=texts).json()
    assert [len(r["findings"]) for r in answer["results"]] == [1, 0, 0]


def test_K3_one_text_is_answered_alike_whichever_way_it_is_read(agent: APIClient) -> None:
    """A question in which nothing is odd passes the serializers by; its answer is still what they describe."""
    texts = ["妳買得起嗎？老家伙", "您好", "", "1 2 3"]
    for text in texts:
        one = check(agent, text=text, direction="to_customer", speaker="agent").json()
        assert one == check(agent, texts=[{"text": text, "direction": "to_customer"}]).json()
        assert CheckAnswerSerializer(one).data == one
    number = check(agent, text=12, direction="internal_note")  # converted by the serializer, as ever
    assert (number.status_code, number.json()["results"][0]["findings"]) == (200, [])


def test_K3_a_check_costs_one_question_of_the_database(
    editor: Staff, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    caller, body = key(editor, "language:check"), {"text": "不知道", "direction": "to_customer"}
    check(caller, **body)
    with django_assert_num_queries(1):  # the key, so that a revoked one is refused at once
        assert caller.post(CHECK, body).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "text"),
        ({"text": "x"}, "direction"),
        ({"text": "x", "direction": "up"}, "direction"),
        ({"text": "x", "direction": "to_customer", "speaker": "dog"}, "speaker"),
        ({"text": 7.5, "direction": ["to_customer"]}, "direction"),
        ({"text": {"a": 1}, "direction": "to_customer"}, "text"),
        ({"text": None, "direction": "to_customer"}, "text"),
        ({"text": "x" * 20_001, "direction": "to_customer"}, "text"),
        ({"text": "a\x00b", "direction": "to_customer"}, "text"),
        ({"texts": []}, "texts"),
        ({"texts": [{"text": "x", "direction": "to_customer"}] * 101}, "texts"),
        ({"texts": [{"text": "x" * 19_000, "direction": "to_customer"}] * 11}, "texts"),
        ({"texts": [{"text": "x", "direction": "to_customer"}], "text": "x"}, "texts"),
        ({"texts": "x"}, "texts"),
        ({"texts": [3]}, "texts"),
        ({"txt": "x"}, "txt"),
    ],
)
def test_K3_what_cannot_be_checked_is_refused_by_field(agent: APIClient, body: Any, field: str) -> None:
    answer = agent.post(CHECK, body)
    assert answer.status_code == 400, answer.content
    assert any(name.split("/")[0] == field for name in fields(answer))


def test_K3_half_a_pair_a_nul_and_megabytes_are_refused(agent: APIClient) -> None:
    answer = agent.post(CHECK, '{"text": "\\ud800", "direction": "to_customer"}', content_type="application/json")
    assert (answer.status_code, fields(answer)) == (400, {"text": "unclean_text"})
    large = agent.post(CHECK, {"text": "喂" * 1_000_000, "direction": "to_customer"})
    assert (large.status_code, large.json()["code"]) == (413, "too_large")
    unclean = agent.post(PHRASES, {**NEW, "content": {**NEW["content"], "forms": ["a\x00b"]}})
    assert (unclean.status_code, fields(unclean)) == (400, {"content/forms/0": "unclean_text"})


def test_K3_the_check_has_a_scope_of_its_own(editor: Staff) -> None:
    body = {"text": "不知道", "direction": "to_customer"}
    assert key(editor, "language:check").post(CHECK, body).status_code == 200
    assert key(editor, "phrases:read", "phrases:write").post(CHECK, body).status_code == 403
    assert key(editor, "language:check").get(PHRASES).status_code == 403
    assert APIClient().post(CHECK, body).status_code in (401, 403)


def test_K4_a_phrase_lives_from_draft_to_retired(agent: APIClient, editor: Staff) -> None:
    made = agent.post(PHRASES, NEW)
    assert (made.status_code, made.json()["state"]) == (201, "draft"), made.content
    place = f"{PHRASES}{made.json()['id']}/"
    assert agent.post(f"{place}approve/", {}).status_code == 403
    answer = session(editor).post(f"{place}approve/", {"note": "新机型"})
    assert (answer.status_code, answer.json()["number"]) == (200, 3), answer.content
    assert check(agent, text="小票机", direction="internal_note").json()["results"][0]["findings"][0]["entry"] == "X1"
    retired = session(editor).post(f"{place}retire/", {})
    assert (retired.status_code, retired.json()["state"]) == (200, "retired")
    assert check(agent, text="小票机", direction="internal_note").json()["results"][0]["findings"] == []


def test_K4_nobody_approves_their_own_draft_through_REST(editor: Staff) -> None:
    client = session(editor)
    made = client.post(PHRASES, NEW).json()
    assert client.post(f"{PHRASES}{made['id']}/approve/", {}).status_code == 403
    assert client.post(f"{PHRASES}approve/", {"phrases": [made["id"]]}).status_code == 403


def test_K4_failing_examples_are_named(agent: APIClient, editor: Staff) -> None:
    body = {**NEW, "content": {**NEW["content"], "must_hit": ["没有"]}}
    made = agent.post(PHRASES, body).json()
    answer = session(editor).post(f"{PHRASES}approve/", {"phrases": [made["id"]]})
    assert (answer.status_code, fields(answer)) == (400, {"must_hit": "example_failed"})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": "有"}, "code"),
        ({"code": "x" * 21}, "code"),
        ({"kind": "odd"}, "kind"),
        ({"text": "。"}, "text"),
        ({"content": []}, "content"),
        ({"content": {"category": {}}}, "category"),
        ({"content": {"category": "impolite", "forms": [{}]}}, "forms"),
        ({"content": {"category": "impolite", "forms": [""]}}, "forms"),
        ({"content": {"category": "impolite", "forms": ["。"]}}, "forms"),
        ({"content": {"category": "impolite", "forms": ["{a|b}" * 30]}}, "forms"),
        ({"content": {"category": "impolite", "forms": ["x" * 1_000_000]}}, "forms"),
        ({"state": "approved"}, "state"),
        ({"author": 1}, "author"),
        ({"source": "000"}, "source"),
    ],
)
def test_K4_a_bad_draft_is_refused_by_field(agent: APIClient, change: Any, field: str) -> None:
    answer = agent.post(PHRASES, {**NEW, **change})
    assert answer.status_code == 400, answer.content
    assert field in fields(answer)


def test_K4_what_looks_like_a_pattern_is_read_letter_by_letter(agent: APIClient, editor: Staff) -> None:
    content = {**NEW["content"], "forms": ["(a+)+$", ".*"], "must_hit": ["小票机"]}
    refused = agent.post(PHRASES, {**NEW, "content": content})
    assert (refused.status_code, set(fields(refused))) == (400, {"forms"})  # `.*` holds no letter
    made = agent.post(PHRASES, {**NEW, "content": {**content, "forms": ["(a+)+$"]}}).json()
    assert session(editor).post(f"{PHRASES}{made['id']}/approve/", {}).status_code == 200
    assert check(agent, text="a" * 19_000 + "!", direction="to_customer").status_code == 200


def test_K4_lists_show_what_is_in_force_and_drafts_on_request(agent: APIClient) -> None:
    agent.post(PHRASES, NEW)
    assert len(agent.get(PHRASES, {"limit": 100}).json()["results"]) == 93
    assert [p["code"] for p in agent.get(PHRASES, {"state": "draft"}).json()["results"]] == ["X1"]
    assert len(agent.get(PHRASES, {"kind": "banned", "category": "impolite"}).json()["results"]) == 4
    assert agent.get(PHRASES, {"state": "odd"}).status_code == 400
    assert agent.get(PHRASES, {"colour": "red"}).status_code == 400
    assert agent.get(f"{PHRASES}999999999999999999/").status_code == 404


def test_K4_releases_are_read_compared_and_rolled_back(agent: APIClient, editor: Staff) -> None:
    boss = session(editor)
    listed = agent.get(RELEASES).json()["results"]
    assert [r["number"] for r in listed] == [2, 1]
    assert "content" not in listed[0]
    assert len(agent.get(f"{RELEASES}2/").json()["content"]) == 93
    changed = agent.get(f"{RELEASES}2/diff/").json()
    assert len(changed) == 93 - BookRelease.objects.get(number=1).entries
    assert agent.get(f"{RELEASES}2/diff/", {"against": 2}).json() == []
    assert agent.get(f"{RELEASES}2/diff/", {"against": 77}).status_code == 400
    assert agent.post(f"{RELEASES}1/roll-back/", {}).status_code == 403
    assert boss.post(RELEASES, {}).status_code == 409
    answer = boss.post(f"{RELEASES}1/roll-back/", {"note": "误报太多"})
    assert (answer.status_code, answer.json()["number"], answer.json()["rolled_back_to"]) == (201, 3, 1)
    assert boss.get(f"{RELEASES}1/diff/").status_code == 200


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_K4_no_door_changes_a_release_or_a_version(agent: APIClient, method: str) -> None:
    version = PhraseVersion.objects.first()
    assert version is not None
    assert getattr(agent, method)(f"{RELEASES}1/", {}).status_code == 405
    assert getattr(agent, method)(f"{PHRASES}{version.pk}/", {}).status_code == 405


def test_Q3_findings_are_for_those_who_lead_or_inspect(agent: APIClient, editor: Staff) -> None:
    assert agent.get(FINDINGS).status_code == 403
    assert session(editor).get(FINDINGS).json()["results"] == []
    assert session(editor).get(f"{FINDINGS}figures/").json() == []
    assert agent.post(f"{FINDINGS}1/dismiss/", {"reason": "x"}).status_code == 404


def test_K1_a_use_is_counted(agent: APIClient) -> None:
    version = PhraseVersion.objects.get(phrase__code="A16")
    assert agent.post(f"{PHRASES}{version.pk}/use/").status_code == 204


def test_the_lists_ask_a_bounded_number_of_questions(agent: APIClient, django_assert_max_num_queries: Any) -> None:
    for place in (PHRASES, RELEASES):
        with django_assert_max_num_queries(8):
            assert agent.get(place).status_code == 200


def test_K4_the_phrasebook_goes_out_as_a_sheet_and_comes_in_as_drafts(agent: APIClient) -> None:
    text = agent.get(f"{PHRASES}export/").json()["csv"]
    assert text.count("B19") == 1
    answer = agent.post(f"{PHRASES}import/", {"csv": text})
    assert answer.status_code == 201, answer.content
    assert {p["state"] for p in answer.json()} == {"draft"}
    assert BookRelease.objects.count() == 2


@pytest.mark.parametrize("body", [{}, {"csv": ""}, {"csv": 5}, {"csv": "a,b\n1,2"}, {"csv": "\x00"}, {"sheet": "x"}])
def test_K4_a_bad_sheet_is_refused(agent: APIClient, body: Any) -> None:
    answer = agent.post(f"{PHRASES}import/", body)
    assert answer.status_code == 400
    assert fields(answer)
