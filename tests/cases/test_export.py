"""Taking the list along: only what one may see, harmless in a spreadsheet, masked, audited, bounded."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

import pytest

from service_desk.audit.models import AuditEntry
from service_desk.cases import exporting
from service_desk.cases.exporting import Format, Wanted
from service_desk.cases.listing import Sort
from service_desk.cases.models import Case
from service_desk.rest.errors import Invalid
from service_desk.rest.spreadsheets import harmless
from tests.cases.pages import browser, text_of
from tests.factories import World, staff, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


def csv_of(person: Any, query: str = "", **answers: Any) -> list[list[str]]:
    answer = browser(person).post(f"/cases/export/{query}", {"format": "csv", **answers})
    assert answer.status_code == 200, text_of(answer)
    data = b"".join(answer)
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def test_the_file_has_the_rows_columns_and_order_of_the_list(desk: World) -> None:
    first, second = desk.register(severity="major"), desk.register(severity="critical")
    desk.register(severity="minor")
    rows = csv_of(desk.agent, "?state=open&sort=oldest&cols=number,severity,registered,due&severity=critical")
    assert rows[0] == ["Number", "Severity", "Registered (Asia/Shanghai)", "Next due (Asia/Shanghai)"]
    assert [row[0] for row in rows[1:]] == [second.number]
    assert rows[1][3] > rows[1][2]
    both = csv_of(desk.agent, "?sort=oldest")
    assert [row[0] for row in both[1:3]] == [first.number, second.number]


def test_a_workbook_holds_text_and_no_formula(desk: World) -> None:
    desk.register(fault="=HYPERLINK(1)")
    answer = browser(desk.agent).post("/cases/export/?cols=number,fault", {"format": "xlsx"})
    book = zipfile.ZipFile(io.BytesIO(b"".join(answer)))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "=HYPERLINK(1)" in sheet
    assert "<f>" not in sheet
    assert answer.headers["Content-Disposition"].endswith('.xlsx"')


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r1", "＝1", "＋1", "－1", "＠1", "  =1", "\n=1"])
def test_what_begins_like_a_formula_is_made_harmless(text: str) -> None:
    assert harmless(text) == f"'{text}"


def test_no_cell_of_the_lists_csv_is_a_formula(desk: World) -> None:
    desk.register(fault="=HYPERLINK(1)", caller_name="＠SUM(1)")
    rows = csv_of(desk.agent, "?cols=fault")
    assert rows[1:] == [["'=HYPERLINK(1)"]]


def test_other_text_stays_as_it_is() -> None:
    assert [harmless(text) for text in ("整站断站", "", "3-1", "a=b")] == ["整站断站", "", "3-1", "a=b"]


def test_P6_only_what_one_may_see_and_numbers_masked(desk: World) -> None:
    hidden = desk.register(caller_phone="13800138000")
    shown = desk.register(caller_phone="13900139000")
    Case.objects.filter(pk=hidden.pk).update(confidential=True)
    rows = csv_of(desk.manager, "?cols=number,phone")
    assert rows[1:] == [[shown.number, "139****9000"]]


def test_P6_numbers_in_full_need_the_right_and_a_reason_that_is_recorded(desk: World) -> None:
    desk.register(caller_phone="13900139000")
    query = "?cols=number,phone&q=13900139000"
    refused = browser(desk.manager).post(f"/cases/export/{query}", {"format": "csv", "in_full": "on"})
    assert (refused.status_code, set(refused.context["form"].errors)) == (422, {"reason"})
    rows = csv_of(desk.manager, query, in_full="on", reason="断网普查")
    assert rows[1][1] == "13900139000"
    entry = AuditEntry.objects.get(verb="case.export_numbers")
    assert (entry.actor_id, entry.detail["reason"], entry.detail["rows"]) == (desk.manager.pk, "断网普查", 1)
    assert "13900139000" not in str(entry.detail)
    assert csv_of(desk.agent, query, in_full="on", reason="想看")[1][1] == "139****9000"
    assert "in_full" not in browser(desk.agent).get(f"/cases/export/{query}").context["form"].fields


def test_every_export_is_audited_with_its_filters_and_rows(desk: World) -> None:
    desk.register()
    csv_of(desk.agent, f"?state=open&customer={desk.customer.pk}")
    entry = AuditEntry.objects.get(verb="case.export")
    assert entry.detail["filters"] == {"state": "open", "customer": str(desk.customer.pk)}
    assert (entry.detail["rows"], entry.detail["format"], entry.actor_id) == (1, "csv", desk.agent.pk)


def test_what_is_too_long_to_wait_for_is_written_beside(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        desk.register()
    monkeypatch.setattr(exporting, "DIRECT", 2)
    assert "it is written beside" in text_of(browser(desk.agent).get("/cases/export/"))
    answer = browser(desk.agent).post("/cases/export/?state=open", {"format": "csv"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/exports/")
    assert not AuditEntry.objects.filter(verb="case.export").exists()
    waiting = Wanted({}, Sort.NEWEST, [], Format.CSV)
    with pytest.raises(Invalid, match="More than 2 rows"):
        exporting.export(actor=desk.agent, wanted=waiting)


def test_who_has_no_list_takes_none_along(desk: World) -> None:
    outsider = staff("outsider")
    outsider.roles = []
    outsider.save()
    assert browser(outsider).post("/cases/export/", {"format": "csv"}).status_code == 403


@pytest.mark.parametrize("query", ["?q=%00", "?cols=%00", "?sort=x", "?since=gestern", "?cols=" + "x," * 900])
@pytest.mark.parametrize("body", [{}, {"format": "exe"}, {"format": "csv", "reason": "\x00"}])
def test_odd_requests_are_plain_answers(desk: World, query: str, body: dict[str, str]) -> None:
    assert browser(desk.agent).get(f"/cases/export/{query}").status_code == 200
    answer = browser(desk.agent).post(f"/cases/export/{query}", body)
    b"".join(answer)  # a file that was sent is closed
    assert answer.status_code in {200, 422}


def test_an_export_reads_by_chunks_and_costs_the_same_queries(desk: World, django_assert_max_num_queries: Any) -> None:
    for _ in range(12):
        desk.register()
    agent = browser(desk.agent)
    agent.get("/cases/")
    with django_assert_max_num_queries(12):
        answer = agent.post("/cases/export/?cols=number,unit,request_type,line,due", {"format": "csv"})
    assert b"".join(answer).count(b"\r\n") == 13
