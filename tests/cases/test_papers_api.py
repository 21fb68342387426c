"""Reports and files by REST: the same rules as on the screen, by key and session, answered as problems."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from service_desk.audit.models import AuditEntry
from service_desk.cases import actions
from service_desk.cases.models import Case, CaseFile, CustomerReport
from tests.cases.callers import CASES, fields, key, session
from tests.cases.papers import SERVICE, submitted
from tests.cases.test_files import LOG, picture
from tests.factories import World, world


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    settings.FILES_DIR = tmp_path / "files"


@pytest.fixture
def desk(db: None) -> World:
    return world()


@pytest.fixture
def case(desk: World) -> Case:
    return desk.register(severity="minor")


def reports(case: Case) -> str:
    return f"{CASES}{case.number}/reports/"


def files(case: Case) -> str:
    return f"{CASES}{case.number}/files/"


def upload(client: Any, case: Case, content: bytes = LOG, name: str = "a.log", **given: Any) -> Any:
    headers = given.pop("headers", {})
    body = {"file": SimpleUploadedFile(name, content), **given}
    return client.post(files(case), body, format="multipart", headers=headers)


# Reports -------------------------------------------------------------------------------------------------------------
def test_C8_a_report_is_drafted_changed_and_submitted_by_a_program(desk: World, case: Case) -> None:
    client = key(desk.agent)
    made = client.post(reports(case), {"kind": "service_report", "data": {"found": "光衰"}})
    assert (made.status_code, made.json()["state"], made.headers["ETag"]) == (201, "draft", '"1"')
    url = made.headers["Location"]
    assert client.patch(url, {"data": SERVICE}).status_code == 428
    changed = client.patch(url, {"data": SERVICE}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["data"]) == (200, SERVICE)
    assert client.patch(url, {"data": {}}, headers={"If-Match": '"1"'}).status_code == 412
    sent = client.post(f"{url}submit/", {"channel": "email", "recipient": "李工"}, headers={"If-Match": '"2"'})
    assert (sent.status_code, sent.json()["state"], sent.json()["submitted_by"]["id"]) == (
        200,
        "submitted",
        desk.agent.pk,
    )
    for again in (
        client.patch(url, {"data": {}}, headers={"If-Match": "*"}),
        client.post(f"{url}submit/", {"channel": "email", "recipient": "x"}, headers={"If-Match": "*"}),
    ):
        assert again.status_code == 409
    assert client.get(f"{url}pdf/").content.startswith(b"%PDF-")
    (listed,) = client.get(reports(case)).json()["results"]
    assert (listed["revision"], listed["superseded"]) == (1, False)


def test_an_incomplete_report_names_what_is_missing(desk: World, case: Case) -> None:
    client = session(desk.agent)
    url = client.post(reports(case), {"kind": "service_report", "data": {}}).headers["Location"]
    answer = client.post(f"{url}submit/", {"channel": "email", "recipient": "李工"}, headers={"If-Match": "*"})
    assert answer.status_code == 400
    assert {"symptom", "found", "signer", "arrived_at"} <= fields(answer).keys()
    assert CustomerReport.objects.get().state == "draft"


def test_a_second_draft_is_refused(desk: World, case: Case) -> None:
    client = session(desk.agent)
    assert client.post(reports(case), {"kind": "service_report", "data": {}}).status_code == 201
    assert client.post(reports(case), {"kind": "service_report", "data": {}}).status_code == 409


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"kind": "novel", "data": {}},
        {"kind": "service_report"},
        {"kind": "service_report", "data": []},
        {"kind": "service_report", "data": {"colour": "red"}},
        {"kind": "service_report", "data": {"found": 7}},
        {"kind": "service_report", "data": {"found": "\x00"}},
        {"kind": "service_report", "data": {"parts": [1]}},
        {"kind": "service_report", "data": {"parts": {"0": {}}}},
        {"kind": "service_report", "data": {"arrived_at": "2026-13-01T00:00:00Z"}},
        {"kind": "service_report", "data": {"arrived_at": {"a": 1}}},
        {"kind": "service_report", "data": {}, "state": "submitted"},
    ],
)
def test_a_bad_draft_is_a_problem_and_writes_nothing(desk: World, case: Case, body: Any) -> None:
    assert session(desk.agent).post(reports(case), body).status_code == 400
    assert not CustomerReport.objects.exists()


def test_P6_reports_and_files_of_an_unseen_case_are_not_there(desk: World, case: Case) -> None:
    report, file = submitted(case, desk.agent), upload(session(desk.agent), case).json()
    Case.objects.filter(pk=case.pk).update(confidential=True)
    other = session(desk.chief)
    for url in (
        reports(case),
        f"{reports(case)}{report.pk}/",
        f"{reports(case)}{report.pk}/pdf/",
        files(case),
        f"{files(case)}{file['id']}/",
        f"{files(case)}{file['id']}/content/",
    ):
        assert other.get(url).status_code == 404, url
    assert other.post(reports(case), {"kind": "service_report", "data": {}}).status_code == 404
    assert upload(other, case, b"other").status_code == 404
    answer = session(desk.agent).get(f"{files(case)}{file['id']}/content/")
    assert answer.content == LOG
    assert AuditEntry.objects.filter(verb="file.download", actor=desk.agent, door="rest").count() == 1


def test_a_key_needs_the_scope(desk: World, case: Case) -> None:
    reader = key(desk.agent, "cases:read")
    assert reader.get(reports(case)).status_code == 200
    assert reader.get(files(case)).status_code == 200
    assert reader.post(reports(case), {"kind": "service_report", "data": {}}).status_code == 403
    assert upload(reader, case).status_code == 403
    assert key(desk.agent, "deadlines:read").get(files(case)).status_code == 403


def test_who_may_not_write_is_refused_and_audited(desk: World, case: Case) -> None:
    assert session(desk.auditor).post(reports(case), {"kind": "service_report", "data": {}}).status_code == 403
    assert upload(session(desk.auditor), case).status_code == 403
    assert AuditEntry.objects.filter(outcome="refused", actor=desk.auditor).count() == 2


# Files ---------------------------------------------------------------------------------------------------------------
def test_a_file_is_sent_listed_fetched_and_withdrawn(desk: World, case: Case) -> None:
    client, report = key(desk.agent), submitted(case, desk.agent)
    sent = upload(client, case, picture(), "签字.jpg", purpose="sign_off", report=report.pk)
    assert sent.status_code == 201, sent.content
    body = sent.json()
    assert (body["name"], body["purpose"], body["report"]) == ("签字.jpg", "sign_off", report.pk)
    url = sent.headers["Location"]
    answer = client.get(f"{url}content/")
    assert answer.content.startswith(b"\xff\xd8\xff")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert [file["id"] for file in client.get(files(case)).json()["results"]] == [body["id"]]
    assert fields(client.post(f"{url}withdraw/", {})) == {"reason": "required"}
    gone = client.post(f"{url}withdraw/", {"reason": "传错"})
    assert (gone.status_code, gone.json()["withdrawn_reason"]) == (200, "传错")
    assert client.get(f"{url}content/").status_code == 404
    assert client.post(f"{url}withdraw/", {"reason": "again"}).status_code == 409


def test_sending_again_with_the_same_key_answers_the_same_even_when_it_is_large(
    desk: World, case: Case, settings: Any
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    client, headers = key(desk.agent), {"Idempotency-Key": "scan-1"}
    first = upload(client, case, b"line\n" * 1000, headers=headers)
    again = upload(client, case, b"line\n" * 1000, headers=headers)
    assert (first.status_code, again.status_code, again.headers.get("Idempotency-Replayed")) == (201, 201, "true")
    assert upload(client, case, b"other\n" * 1000, headers=headers).status_code == 422
    assert CaseFile.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"purpose": "fun"}, "purpose"),
        ({"report": "999999"}, "report"),
        ({"note": "999999"}, "note"),
        ({"report": "x"}, "report"),
        ({"colour": "red"}, "colour"),
        ({"purpose": "a\x00"}, "purpose/0"),
    ],
)
def test_a_bad_upload_names_its_field(desk: World, case: Case, given: dict[str, Any], field: str) -> None:
    answer = upload(session(desk.agent), case, **given)
    assert answer.status_code == 400
    assert field in fields(answer)


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [(b"", "a.txt", "empty"), (b"MZ\x00", "a.exe", "not_allowed"), (b"x" * 11, "a.txt", "too_large")],
)
def test_a_file_that_is_not_taken_is_a_problem(
    desk: World, case: Case, settings: Any, content: bytes, name: str, code: str
) -> None:
    settings.FILE_MAX_BYTES = 10
    assert fields(upload(session(desk.agent), case, content, name)) == {"file": code}


def test_what_is_no_upload_is_a_problem(desk: World, case: Case) -> None:
    client = session(desk.agent)
    assert client.post(files(case), {"file": "text"}, format="multipart").status_code == 400
    assert client.post(files(case), {"file": "text"}).status_code == 415
    assert client.post(files(case), b"x", content_type="multipart/form-data; boundary=x").status_code == 400
    assert client.post(files(case), b"x", content_type="multipart/form-data").status_code == 400


def test_a_report_of_another_case_is_not_there(desk: World, case: Case) -> None:
    other = desk.register(severity="minor")
    report = submitted(other, desk.agent)
    assert session(desk.agent).get(f"{reports(case)}{report.pk}/").status_code == 404
    assert fields(upload(session(desk.agent), case, report=report.pk)) == {"report": "does_not_exist"}
    note = actions.note(case=other, actor=desk.agent, text="x").events.get(type="note")
    assert fields(upload(session(desk.agent), case, note=note.pk)) == {"note": "does_not_exist"}


def test_lists_cost_the_same_number_of_queries(desk: World, case: Case, django_assert_max_num_queries: Any) -> None:
    client = session(desk.agent)
    for number in range(3):
        upload(client, case, f"line {number}".encode(), f"{number}.txt")
        submitted(case, desk.agent)
    with django_assert_max_num_queries(6):
        assert len(client.get(files(case)).json()["results"]) == 3
    with django_assert_max_num_queries(6):
        assert len(client.get(reports(case)).json()["results"]) == 3
