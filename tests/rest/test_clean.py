"""NUL and lone surrogates come in through no door: body, path or query; the answer names the field."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from service_desk.audit.models import AuditEntry
from service_desk.rest.clean import demand_clean, is_clean
from service_desk.rest.errors import Invalid

URL = "/api/v1/notes/"


def send(api: APIClient, body: str) -> Any:
    return api.generic("POST", URL, body, "application/json")


@pytest.mark.parametrize("character", ["\\u0000", "\\ud800", "\\uDFFF", "\\ude00\\ud83d"])
def test_a_character_that_cannot_be_stored_is_refused_by_its_field(api: APIClient, character: str) -> None:
    answer = send(api, f'{{"text": "a{character}b", "parts": [{{"name": "ok"}}, {{"name": "{character}"}}]}}')
    assert answer.status_code == 400
    assert {error["field"] for error in answer.json()["errors"]} == {"text", "parts/1/name"}
    assert {error["code"] for error in answer.json()["errors"]} == {"unclean_text"}
    assert not AuditEntry.objects.filter(verb="note.write").exists()


def test_unclean_keys_and_bare_values_are_refused_too(api: APIClient) -> None:
    assert send(api, '{"a\\u0000": 1}').status_code == 400
    assert send(api, '"\\u0000"').status_code == 400
    assert send(api, '["\\ud800"]').json()["errors"][0]["field"].endswith("0")


@pytest.mark.parametrize("text", ["😀", "\\ud83d\\ude00", "‮abc‬", "漏登", "\\\\u0000", "Zoë\\u0301", "\\n\\t"])
def test_every_other_character_is_kept_as_it_came(api: APIClient, text: str) -> None:
    answer = send(api, f'{{"text": "a{text}b"}}')
    assert answer.status_code == 201
    assert api.get(answer.headers["Location"]).json()["thing"] == answer.json()["text"]


def test_path_and_query_are_checked_by_name(api: APIClient) -> None:
    for url, field in ((f"{URL}%00/", "pk"), (f"{URL}?after=%00", "after"), ("/api/v1/stop/echo/?q=a%00b", "q")):
        answer = api.get(url)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
    assert api.get("/api/v1/stop/echo/?q=%E6%BC%8F%ff").status_code == 200


def test_deep_nesting_costs_no_recursion() -> None:
    value: Any = "\0"
    for _ in range(20_000):
        value = [value]
    with pytest.raises(Invalid):
        demand_clean({"deep": value})


def test_is_clean() -> None:
    assert is_clean("漏登 😀")
    assert not is_clean("a\0")
    assert not is_clean("\ud800")
