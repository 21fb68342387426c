"""K5: call scripts by REST: read, put together, said with names filled in; who may, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib import admin
from django.db import IntegrityError, transaction
from rest_framework.test import APIClient

from service_desk.knowledge.actions.drafting import draft
from service_desk.knowledge.models import PhraseVersion, ScriptLine
from service_desk.knowledge.rules import PhraseKind
from service_desk.people.models import ServiceLine
from service_desk.people.rules import Role
from tests.cases.callers import fields, key, session
from tests.factories import staff
from tests.knowledge.book import editor_of_the_book

SCRIPTS = "/api/v1/scripts/"


@pytest.fixture
def editor(db: None) -> APIClient:
    return session(editor_of_the_book(Role.SUPERVISOR))


@pytest.fixture
def agent(editor: APIClient) -> APIClient:
    return session(staff("agent", Role.FRONT_DESK))


def test_K5_the_script_is_read_and_filtered(agent: APIClient) -> None:
    rows = agent.get(SCRIPTS, {"situation": "hold"}).json()["results"]
    assert [(row["code"], row["text"], row["service_line"]) for row in rows] == [
        ("A53", "感谢您的等待，还在为您查询。", None)
    ]
    assert agent.get(f"{SCRIPTS}{rows[0]['id']}/").json() == rows[0]


def test_K5_a_line_of_its_own_stands_in_place_of_the_general_one_and_names_are_filled_in(
    editor: APIClient, agent: APIClient
) -> None:
    line = ServiceLine.objects.create(code="lifts", name="电梯")
    made = editor.post(SCRIPTS, {"situation": "hold", "code": "A19", "service_line": line.pk})
    assert made.status_code == 201, made.content
    assert editor.get(made["Location"]).json()["code"] == "A19"

    def said(**given: Any) -> dict[str, list[str]]:
        scenes = agent.post(f"{SCRIPTS}say/", given).json()
        return {scene["situation"]: [each["code"] for each in scene["lines"]] for scene in scenes}

    assert (said()["hold"], said(service_line="lifts")["hold"]) == (["A53"], ["A19"])
    scenes = agent.post(f"{SCRIPTS}say/", {"customer": "欧阳先生", "number": "2026-1"}).json()
    assert "公司名称" not in str(scenes)
    assert editor.delete(f"{SCRIPTS}{made.json()['id']}/").status_code == 204
    assert said(service_line="lifts")["hold"] == ["A53"]


def test_K5_who_may_not_change_the_script(agent: APIClient) -> None:
    count = ScriptLine.objects.count()
    line = ScriptLine.objects.first()
    assert line is not None
    assert agent.post(SCRIPTS, {"situation": "hold", "code": "A19"}).status_code == 403
    assert agent.delete(f"{SCRIPTS}{line.pk}/").status_code == 403
    for wrong, scope in (("get", "language:check"), ("post", "phrases:read")):
        client = key(staff(f"{wrong}-key", Role.SUPERVISOR), scope)
        assert getattr(client, wrong)(SCRIPTS, {"situation": "hold", "code": "A19"}).status_code == 403
    assert ScriptLine.objects.count() == count


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"situation": "lunch"}, "situation"),
        ({"code": "A99"}, "code"),
        ({"code": "B39"}, "code"),  # a banned phrase
        ({"code": "A\x0019"}, "code"),
        ({"code": "\ud800"}, "code"),
        ({"code": ["A19"]}, "code"),
        ({"service_line": "none"}, "service_line"),
        ({"service_line": 10**30}, "service_line"),
        ({"position": 0}, "position"),
        ({"position": 10**30}, "position"),
        ({"day_part": "night"}, "day_part"),
        ({"words": "您好"}, "words"),
    ],
)
def test_K5_what_is_wrong_is_refused_by_its_field(editor: APIClient, body: dict[str, Any], field: str) -> None:
    sent = json.dumps({"situation": "hold", "code": "A19", **body})  # escaped, as a program may send half a pair
    answer = editor.post(SCRIPTS, sent, content_type="application/json")
    assert answer.status_code in (400, 422), answer.content
    assert list(fields(answer)) == [field]


def test_K5_a_phrase_stands_once_in_a_situation_and_a_draft_never(editor: APIClient) -> None:
    assert editor.post(SCRIPTS, {"situation": "hold", "code": "A53"}).status_code == 409
    content = {"situation": "wait"}
    draft(actor=staff("drafter", Role.FRONT_DESK), code="X9", kind="approved", text="请稍候。", content=content)
    assert list(fields(editor.post(SCRIPTS, {"situation": "hold", "code": "X9"}))) == ["code"]
    for bad in ({"customer": "x" * 81}, {"number": 5 * ["x"]}, {"service_line": "\x00"}, ["x"]):
        assert editor.post(f"{SCRIPTS}say/", bad).status_code in (400, 422), bad
    assert editor.get(SCRIPTS, {"service_line": "\x00"}).status_code in (200, 400, 422)
    assert editor.get(f"{SCRIPTS}999999999/").status_code == 404


def test_K5_what_must_not_be_said_is_in_no_script_whoever_wrote_it_there(agent: APIClient) -> None:
    banned = PhraseVersion.objects.in_force().filter(phrase__kind=PhraseKind.BANNED)[0]
    ScriptLine.objects.create(situation="wait", phrase=banned.phrase)
    assert banned.text not in str(agent.get(SCRIPTS, {"situation": "wait"}).json())
    assert banned.text not in str(agent.post(f"{SCRIPTS}say/", {}).json())
    with pytest.raises(IntegrityError), transaction.atomic():
        ScriptLine.objects.create(situation="nowhere", phrase=banned.phrase)


def test_K4_K6_the_admin_has_no_door_to_what_another_has_to_approve() -> None:
    assert [model for model in admin.site._registry if model._meta.app_label == "knowledge"] == []
