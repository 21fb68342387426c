"""Every refusal is an RFC 9457 problem that names field and remedy, and none tells of the inside."""

import json
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.test import APIClient

from service_desk.audit.models import AuditEntry
from service_desk.people.models import Staff
from service_desk.rest.errors import Conflict, FieldError, Invalid, NotAllowed, NotFound, Refusal, Stale
from service_desk.rest.problems import KINDS, exception_handler

URL = "/api/v1/notes/"
STOP = "/api/v1/stop"
PROBLEM = "application/problem+json"


def problem(answer: Any) -> dict[str, Any]:
    assert answer.headers["Content-Type"] == PROBLEM
    body: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "code"} <= body.keys()
    assert body["type"].startswith("/api/v1/problems/")
    assert body["status"] == answer.status_code
    return body


def test_a_refusal_of_a_verb_says_what_why_and_what_to_do(api: APIClient) -> None:
    body = problem(api.get(f"{STOP}/conflict/"))
    assert (body["status"], body["type"], body["code"]) == (409, "/api/v1/problems/conflict", "no_outcome")
    assert (body["detail"], body["remedy"], body["case"]) == ("It has no outcome.", "Record one.", 7)
    assert body["instance"].startswith("urn:request:")


def test_the_instance_is_the_number_in_the_response_header(api: APIClient) -> None:
    answer = api.get(f"{STOP}/conflict/")
    assert problem(answer)["instance"] == f"urn:request:{answer.headers['X-Request-Id']}"


def test_a_lack_of_rights_is_403_and_goes_to_the_trail(api: APIClient, owner: Staff) -> None:
    body = problem(api.get(f"{STOP}/not-allowed/"))
    assert (body["status"], body["detail"]) == (403, "Not your case.")
    entry = AuditEntry.objects.get(outcome="refused")
    assert (entry.verb, entry.thing, entry.actor_id, entry.door) == ("note.close", "note:7", owner.pk, "rest")


def test_invalid_input_is_told_field_by_field(api: APIClient) -> None:
    body = problem(api.get(f"{STOP}/invalid/"))
    assert body["status"] == 400
    assert [error["field"] for error in body["errors"]] == ["subject", "parts/0/name"]


def test_a_serializers_errors_carry_the_path_to_the_field(api: APIClient) -> None:
    given = {"text": "x" * 101, "parts": [{"name": "ok"}, {"name": "far too long a name"}, {}]}
    body = problem(api.post(URL, given, format="json"))
    found = {(error["field"], error["code"]) for error in body["errors"]}
    assert found == {("text", "max_length"), ("parts/1/name", "max_length"), ("parts/2/name", "required")}


def test_what_is_not_there_is_404(api: APIClient) -> None:
    for url in (f"{STOP}/not-found/", f"{URL}999999/", f"{URL}{10**30}/", f"{URL}x/", "/api/v1/nothing/", "/api/v9/"):
        assert problem(api.get(url))["status"] == 404


def test_a_defect_tells_its_number_and_nothing_of_the_inside(api: APIClient, caplog: pytest.LogCaptureFixture) -> None:
    answer = api.get(f"{STOP}/defect/")
    assert problem(answer)["status"] == 500
    assert "secret" not in answer.content.decode()
    assert "a secret of the inside" in caplog.text


def test_a_database_that_does_not_answer_is_503_with_a_time_to_try_again(
    api: APIClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = api.get(f"{STOP}/database/")
    assert problem(answer)["status"] == 503
    assert answer.headers["Retry-After"] == "2"
    assert "did not answer" in caplog.text


@pytest.mark.parametrize(
    ("status", "sent"),
    [
        (400, {"data": "{", "content_type": "application/json"}),
        (400, {"data": b"\xff\xfe", "content_type": "application/json"}),
        (400, {"data": "[" * 100_000, "content_type": "application/json"}),
        (400, {"data": '{"text": NaN}', "content_type": "application/json"}),
        (400, {"data": "9" * 5000, "content_type": "application/json"}),
        (400, {"data": "[]", "content_type": "application/json"}),
        (400, {"data": "", "content_type": "application/json"}),
        (406, {"data": "{}", "content_type": "application/json", "HTTP_ACCEPT": "text/csv"}),
        (413, {"data": '"' + "x" * 1024 * 1024 + '"', "content_type": "application/json"}),
        (415, {"data": "text=hello", "content_type": "application/x-www-form-urlencoded"}),
    ],
)
def test_a_body_that_cannot_be_read_is_told_so(api: APIClient, status: int, sent: dict[str, Any]) -> None:
    assert problem(api.generic("POST", URL, **sent))["status"] == status
    assert not AuditEntry.objects.filter(verb="note.write").exists()


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Http404("inside"), 404, "not_found"),
        (PermissionDenied("inside"), 403, "permission_denied"),
        (RequestDataTooBig("inside"), 413, "too_large"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (exceptions.NotAcceptable(), 406, "not_acceptable"),
        (exceptions.UnsupportedMediaType("text/csv"), 415, "unsupported_media_type"),
        (Stale(), 412, "stale"),
        (NotFound(), 404, "not_found"),
        (Refusal("no"), 409, "refused"),
    ],
)
def test_each_kind_has_its_status_and_word(error: Exception, status: int, code: str) -> None:
    response = exception_handler(error, {})
    assert response is not None
    assert (problem(wrap(response))["status"], problem(wrap(response))["code"]) == (status, code)
    assert "inside" not in response.content.decode()
    assert status in KINDS


def test_a_throttled_caller_is_told_when_to_come_back() -> None:
    response = exception_handler(exceptions.Throttled(wait=12.4), {})
    assert response is not None
    assert (response.status_code, response.headers["Retry-After"]) == (429, "13")


def test_djangos_own_validation_errors_keep_their_fields() -> None:
    error = DjangoValidationError({"name": DjangoValidationError("Too short.", code="short"), "__all__": "Odd."})
    response = exception_handler(error, {})
    assert response is not None
    assert wrap(response).json()["errors"] == [
        {"field": "name", "code": "short", "message": "Too short."},
        {"field": "", "code": "invalid", "message": "Odd."},
    ]


def test_a_defect_is_left_to_the_servers_own_answer() -> None:
    assert exception_handler(RuntimeError(), {}) is None


def test_refusals_tell_pages_the_same_story() -> None:
    refused = Invalid("Too long.", field="subject", code="max_length", remedy="Shorten it.")
    assert refused.errors == [FieldError("subject", "Too long.", "max_length", "Shorten it.")]
    assert Conflict("No outcome.").errors == []
    assert Conflict("No outcome.", field="outcome").errors[0].field == "outcome"
    assert (str(Conflict("No outcome.")), Conflict("x", status=423).status) == ("No outcome.", 423)
    denied = NotAllowed("Not yours.", verb="case.close", thing="case:1")
    assert (denied.reason, denied.verb, denied.thing) == ("Not yours.", "case.close", "case:1")
    with pytest.raises(ValueError, match="at least one"):
        Invalid.of([])


def test_an_answer_in_the_callers_language(api: APIClient, settings: Any) -> None:
    assert problem(api.get(f"{STOP}/not-found/"))["title"] == "There is no such thing"


def wrap(response: Any) -> Any:
    response.json = lambda: json.loads(response.content)
    return response
