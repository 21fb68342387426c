"""The schema says what the ground really does: which problems, which headers, which keys."""

import io
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, given, settings
from rest_framework.test import APIClient
from schemathesis.specs.openapi.checks import positive_data_acceptance

from service_desk.rest.models import ApiKey
from service_desk.rest.problems import KINDS


@pytest.fixture
def schema(api: APIClient) -> Any:
    return api.get("/api/v1/schema/?", HTTP_ACCEPT="application/vnd.oai.openapi+json").json()


def test_the_schema_validates_without_a_warning() -> None:
    out = io.StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, urlconf="tests.rest.urls", stdout=out)
    assert "openapi: 3" in out.getvalue()


def test_every_operation_documents_its_problems_as_they_are_sent(schema: Any) -> None:
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            answers = operation["responses"]
            wanted = {"400", "401", "403", "406", "503"}
            wanted |= {"404"} if "{" in path else set()
            wanted |= set() if method == "get" else {"409", "412", "413", "415"}
            wanted |= {"422"} if method == "post" else set()
            assert wanted <= answers.keys(), (method, path)
            for status in wanted - {"409"} if "refuse" in path else wanted:
                assert answers[status]["content"].keys() == {"application/problem+json"}


def test_post_documents_the_idempotency_key_and_update_the_if_match(schema: Any) -> None:
    def headers(path: str, method: str) -> dict[str, bool]:
        given = schema["paths"][path][method].get("parameters", [])
        return {one["name"]: one["required"] for one in given if one["in"] == "header"}

    assert headers("/api/v1/notes/", "post") == {"Idempotency-Key": False}
    assert headers("/api/v1/notes/", "get") == {}
    assert headers("/api/v1/keys/{id}/", "patch") == {"If-Match": True}
    assert headers("/api/v1/keys/{id}/", "get") == {}
    assert "428" in schema["paths"]["/api/v1/keys/{id}/"]["put"]["responses"]
    assert "428" not in schema["paths"]["/api/v1/keys/{id}/"]["get"]["responses"]
    assert "ETag" in schema["paths"]["/api/v1/keys/{id}/"]["get"]["responses"]["200"]["headers"]


def test_lists_document_limit_and_cursors(schema: Any) -> None:
    given = schema["paths"]["/api/v1/notes/"]["get"]["parameters"]
    assert [one["name"] for one in given] == ["after", "before", "limit"]
    page = schema["components"]["schemas"]["PaginatedEntryList"]
    assert page["required"] == ["results", "next", "previous"]


def test_both_ways_in_and_the_scope_are_documented(schema: Any) -> None:
    assert schema["components"]["securitySchemes"].keys() == {"apiKey", "session"}
    operation = schema["paths"]["/api/v1/notes/"]["post"]
    assert operation["security"] == [{"apiKey": []}, {"session": []}]
    assert operation["x-required-scope"] == "notes:write"
    assert "x-required-scope" not in schema["paths"]["/api/v1/notes/unscoped/"]["post"]


def test_each_status_has_one_type() -> None:
    kinds = [kind for kind, _title in KINDS.values()]
    assert len(set(kinds)) == len(kinds)


@pytest.mark.schema
@pytest.mark.django_db(transaction=True)
def test_generated_requests_meet_no_defect_and_no_undocumented_answer(key: tuple[ApiKey, str]) -> None:
    application = get_wsgi_application()
    bearer = {"Authorization": f"Bearer {key[1]}"}
    described = schemathesis.openapi.from_wsgi("/api/v1/schema/", application, headers=bearer)

    called = 0
    for result in described.get_all_operations():
        operation = result.ok()  # type: ignore[union-attr]
        generated = operation.as_strategy()

        @given(case=generated)
        @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        def one(case: Any) -> None:
            # A cursor must be one that was given out, which no schema can say.
            case.call_and_validate(headers=bearer, excluded_checks=[positive_data_acceptance])

        one()
        called += 1
    assert called >= 8
