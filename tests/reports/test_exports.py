"""Long lists as files: by whom, what stands in them, and what becomes of a worker's death, of rights and of time."""

from __future__ import annotations

import csv
import io
import os
import uuid
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from service_desk.audit.models import AuditEntry
from service_desk.cases import exporting as case_exporting
from service_desk.cases.models import Case
from service_desk.notices.models import Notice
from service_desk.people.models import Staff
from service_desk.people.rules import Role
from service_desk.reports import actions, exporting, jobs, vault
from service_desk.reports.models import Export
from service_desk.reports.rules import MAX_ATTEMPTS, MOST_OPEN, ExportState
from service_desk.rest.errors import Conflict, Invalid, NotAllowed, NotFound
from tests.cases.pages import browser, text_of
from tests.factories import World, world


@pytest.fixture
def desk(db: None, settings: Any, tmp_path: Path) -> World:
    settings.EXPORTS_DIR = tmp_path / "exports"
    return world()


@pytest.fixture
def slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows a statement and one statement a slice, so that a few cases make a long list."""
    monkeypatch.setattr(exporting, "CHUNK", 2)
    monkeypatch.setattr(jobs, "SLICE_SECONDS", 0.0)


def ask(person: Staff, query: str = "sort=oldest&cols=number,fault", **more: Any) -> Export:
    return actions.ask(actor=person, what=more.pop("what", "cases"), query=query, file_format="csv", **more)


def work(export: Export, most: int = 50) -> Export:
    """As a worker does until nothing is left."""
    fence: int | None = Export.objects.get(pk=export.pk).fence
    for _ in range(most):
        if fence is None:
            break
        fence = jobs.go_on(export.pk, fence)
    return Export.objects.get(pk=export.pk)


def rows_of(person: Staff, export: Export) -> list[list[str]]:
    answer = browser(person).get(f"/exports/{export.key}/download/")
    assert answer.status_code == 200, text_of(answer)
    return list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"), newline="")))


def test_a_long_list_is_written_in_slices_and_holds_every_row_once(desk: World, slices: None) -> None:
    cases = [desk.register(fault=f'断站{n}\n第二行,"引号"') for n in range(5)]
    export = ask(desk.agent)
    seen = []
    fence: int | None = 0
    while fence is not None:
        fence = jobs.go_on(export.pk, fence)
        seen.append(Export.objects.get(pk=export.pk).rows_done)
    assert seen == [2, 4, 5, 5]
    ready = Export.objects.get(pk=export.pk)
    assert (ready.state, ready.rows_expected, ready.rows_done) == ("ready", 5, 5)
    rows = rows_of(desk.agent, ready)
    assert rows == [["Number", "Fault in brief"], *([case.number, case.fault] for case in cases)]
    assert sorted(path.name for path in vault.folder_of(str(ready.key)).iterdir()) == [ready.stored.rpartition("/")[2]]
    assert vault.path_of(ready.stored).stat().st_mode & 0o077 == 0


def test_a_list_without_rows_is_a_file_with_its_head(desk: World) -> None:
    assert rows_of(desk.agent, work(ask(desk.agent))) == [["Number", "Fault in brief"]]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "＝1", "＋1", "－1", "＠1"])
def test_P6_no_cell_is_a_formula(desk: World, text: str) -> None:
    desk.register(fault=text)
    assert rows_of(desk.agent, work(ask(desk.agent)))[1][1] == f"'{text}"
    export = actions.ask(actor=desk.agent, what="cases", query="cols=fault", file_format="xlsx")
    path = vault.path_of(work(export).stored)
    sheet = zipfile.ZipFile(path).read("xl/worksheets/sheet1.xml").decode()
    assert text in sheet
    assert "<f>" not in sheet


def test_P6_what_may_be_seen_is_asked_when_it_is_written(desk: World, slices: None) -> None:
    cases = [desk.register(caller_phone="13900139000") for _ in range(3)]
    export = ask(desk.manager, "sort=oldest&cols=number,phone")
    jobs.go_on(export.pk, 0)
    Case.objects.filter(pk=cases[2].pk).update(confidential=True)
    ready = work(export)
    assert rows_of(desk.manager, ready)[1:] == [[case.number, "139****9000"] for case in cases[:2]]


def test_P6_numbers_in_full_need_the_right_and_a_reason_to_the_end(desk: World, slices: None) -> None:
    for _ in range(3):
        desk.register(caller_phone="13900139000")
    with pytest.raises(Invalid):
        ask(desk.manager, "cols=phone", in_full=True, reason=" ")
    with pytest.raises(NotAllowed):
        ask(desk.agent, "cols=phone", in_full=True, reason="想看")
    ready = work(ask(desk.manager, "cols=phone&q=13900139000", in_full=True, reason="断网普查"))
    assert rows_of(desk.manager, ready)[1] == ["13900139000"]
    assert "13900139000" not in ready.query
    trail = AuditEntry.objects.filter(thing=f"export:{ready.pk}").order_by("pk")
    assert [entry.verb for entry in trail] == ["export.ask", "export.written", "export.download"]
    assert "13900139000" not in str([entry.detail for entry in trail])
    assert (trail[1].detail["rows"], trail[1].detail["in_full"], trail[1].detail["reason"]) == (3, True, "断网普查")
    demoted = ask(desk.manager, "cols=phone", in_full=True, reason="断网普查")
    jobs.go_on(demoted.pk, 0)
    Staff.objects.filter(pk=desk.manager.pk).update(roles=[Role.FRONT_DESK])
    assert work(demoted).state == "refused"
    assert browser(Staff.objects.get(pk=desk.manager.pk)).get(f"/exports/{ready.key}/download/").status_code == 403


@pytest.mark.parametrize("lost", [{"is_active": False}, {"roles": []}])
def test_who_has_left_or_lost_the_right_gets_no_file(desk: World, slices: None, lost: dict[str, Any]) -> None:
    for _ in range(3):
        desk.register()
    export = ask(desk.agent)
    assert jobs.go_on(export.pk, 0) == 1
    Staff.objects.filter(pk=desk.agent.pk).update(**lost)
    refused = work(export)
    assert (refused.state, refused.problem, refused.stored) == ("refused", "not_allowed", "")
    assert AuditEntry.objects.filter(verb="export.refused", thing=f"export:{export.pk}").exists()


def test_who_has_lost_the_right_meanwhile_fetches_no_file_that_is_ready(desk: World) -> None:
    ready = work(ask(desk.agent))
    Staff.objects.filter(pk=desk.agent.pk).update(roles=[])
    assert browser(Staff.objects.get(pk=desk.agent.pk)).get(f"/exports/{ready.key}/download/").status_code == 403
    assert not AuditEntry.objects.filter(verb="export.download", outcome="done").exists()


def test_a_dead_worker_is_followed_by_another_from_where_it_stopped(desk: World, slices: None) -> None:
    cases = [desk.register() for _ in range(5)]
    export = ask(desk.agent)
    assert jobs.go_on(export.pk, 0) == 1
    dead = Export.objects.filter(pk=export.pk)
    dead.update(state="writing", fence=2, attempts=1, lease_until=Now() + timedelta(seconds=60))  # claimed, then killed
    (vault.folder_of(str(export.key)) / "2.part").write_text("half a li")
    assert jobs.go_on(export.pk, 2) is None  # the lease holds
    dead.update(lease_until=Now() - timedelta(seconds=1))
    assert jobs.go_on(export.pk, 1) is None  # an old message
    ready = work(export)
    assert [row[0] for row in rows_of(desk.agent, ready)[1:]] == [case.number for case in cases]


def test_two_workers_with_one_message_write_one_slice(
    desk: World, slices: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        desk.register()
    export = ask(desk.agent)
    second: list[int | None] = []
    real = exporting.written

    def meanwhile(*given: Any, **more: Any) -> Iterator[Any]:
        second.append(jobs.go_on(export.pk, 0))
        second.append(jobs.go_on(export.pk, 1))
        yield from real(*given, **more)

    monkeypatch.setattr(jobs, "written", meanwhile)
    assert jobs.go_on(export.pk, 0) == 1
    assert second == [None, None]


def test_a_frozen_worker_that_comes_back_changes_nothing(
    desk: World, slices: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [desk.register() for _ in range(3)]
    export = ask(desk.agent)
    real = exporting.written

    def overtaken(*given: Any, **more: Any) -> Iterator[Any]:
        monkeypatch.setattr(jobs, "written", real)
        Export.objects.filter(pk=export.pk).update(lease_until=Now() - timedelta(seconds=1))
        assert work(export).state == "ready"
        yield from real(*given, **more)

    monkeypatch.setattr(jobs, "written", overtaken)
    assert jobs.go_on(export.pk, 0) is None
    ready = Export.objects.get(pk=export.pk)
    assert [row[0] for row in rows_of(desk.agent, ready)[1:]] == [case.number for case in cases]


def test_no_row_stands_at_being_written_for_ever(desk: World) -> None:
    export = ask(desk.agent)
    late = Now() - timedelta(seconds=1)
    Export.objects.filter(pk=export.pk).update(state="writing", fence=9, attempts=MAX_ATTEMPTS, lease_until=late)
    jobs.tend()
    failed = Export.objects.get(pk=export.pk)
    assert (failed.state, failed.problem) == ("failed", "worker_lost")
    notice = Notice.objects.get(kind="export_failed")
    assert (notice.recipient_id, notice.private) == (desk.agent.pk, True)


def test_without_a_broker_the_row_waits_and_is_picked_up(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    poked: list[tuple[int, int]] = []
    monkeypatch.setattr(jobs, "begin", lambda pk, fence: poked.append((pk, fence)))
    export = ask(desk.agent)
    jobs.tend()
    assert poked == []  # the message may still be on its way
    Export.objects.filter(pk=export.pk).update(poked_at=Now() - timedelta(seconds=30))
    jobs.tend()
    jobs.tend()
    assert poked == [(export.pk, 0)]


def test_a_full_disk_is_tried_again_and_then_said(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    export = ask(desk.agent)

    def full(_path: Path) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(jobs, "_created", full)
    assert jobs.go_on(export.pk, 0) is None
    row = Export.objects.get(pk=export.pk)
    assert (row.state, row.problem) == ("writing", "no_space")
    Export.objects.filter(pk=export.pk).update(attempts=MAX_ATTEMPTS, lease_until=None)
    jobs.tend()
    assert Export.objects.get(pk=export.pk).problem == "no_space"
    assert Export.objects.get(pk=export.pk).state == "failed"


def test_more_rows_than_a_sheet_holds_are_refused_in_words(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        desk.register()
    monkeypatch.setattr(jobs, "MOST_ROWS", 2)
    refused = work(ask(desk.agent))
    assert (refused.state, refused.problem) == ("refused", "too_many")
    assert "Narrow the list down" in text_of(browser(desk.agent).get("/exports/"))


def test_a_file_is_for_who_asked_alone_and_each_fetching_is_recorded(desk: World) -> None:
    ready = work(ask(desk.agent))
    for other in (desk.chief, desk.admin, desk.auditor):
        assert browser(other).get(f"/exports/{ready.key}/download/").status_code == 404
        assert str(ready.key) not in browser(other).get("/exports/").content.decode()
        with pytest.raises(NotFound):
            actions.delete(actor=other, key=ready.key)
    rows_of(desk.agent, ready)
    rows_of(desk.agent, ready)
    assert Export.objects.get(pk=ready.pk).downloads == 2
    assert AuditEntry.objects.filter(verb="export.download", actor_id=desk.agent.pk).count() == 2
    assert Notice.objects.get(kind="export_ready").recipient_id == desk.agent.pk


def test_after_a_day_it_is_gone_and_says_so(desk: World, django_capture_on_commit_callbacks: Any) -> None:
    ready = work(ask(desk.agent))
    Export.objects.filter(pk=ready.pk).update(expires_at=Now() - timedelta(seconds=1))
    gone = browser(desk.agent).get(f"/exports/{ready.key}/download/")
    assert (gone.status_code, "not there any more" in text_of(gone)) == (410, True)
    with django_capture_on_commit_callbacks(execute=True):
        jobs.sweep()
    assert Export.objects.get(pk=ready.pk).state == "expired"
    assert not vault.folder_of(str(ready.key)).exists()
    assert browser(desk.agent).get(f"/exports/{ready.key}/download/").status_code == 410
    Export.objects.filter(pk=ready.pk).update(ended_at=Now() - timedelta(days=31))
    jobs.sweep()
    assert not Export.objects.exists()


def test_a_folder_that_no_row_names_is_swept(desk: World) -> None:
    ready = work(ask(desk.agent))
    strays = [vault.folder_of(str(uuid.uuid4()), make=True), vault.folder_of("odd", make=True)]
    for path in (*strays, vault.folder_of(str(ready.key))):
        os.utime(path, (0, 0))
    jobs.sweep()
    assert not any(path.exists() for path in strays)
    assert vault.path_of(ready.stored).is_file()


def test_it_is_called_off_and_thrown_away_by_its_owner(desk: World, slices: None) -> None:
    for _ in range(3):
        desk.register()
    agent, export = browser(desk.agent), ask(desk.agent)
    assert jobs.go_on(export.pk, 0) == 1
    assert agent.post(f"/exports/{export.key}/delete/").status_code == 409
    assert agent.post(f"/exports/{export.key}/cancel/").status_code == 302
    assert jobs.go_on(export.pk, 1) is None
    assert agent.post(f"/exports/{export.key}/cancel/").status_code == 409
    assert agent.get(f"/exports/{export.key}/download/").status_code == 409
    ready = work(ask(desk.agent))
    assert agent.post(f"/exports/{ready.key}/delete/").status_code == 302
    assert agent.get(f"/exports/{ready.key}/download/").status_code == 410
    assert {"export.cancel", "export.delete"} <= set(AuditEntry.objects.values_list("verb", flat=True))


def test_nobody_floods_the_desk_with_exports(desk: World) -> None:
    for _ in range(MOST_OPEN):
        ask(desk.agent)
    with pytest.raises(Conflict):
        ask(desk.agent)
    ask(desk.colleague)


def test_the_page_shows_how_far_it_is_and_asks_again_only_then(
    desk: World, slices: None, django_assert_max_num_queries: Any
) -> None:
    for _ in range(3):
        desk.register()
    agent = browser(desk.agent)
    assert "No exports yet" in text_of(agent.get("/exports/"))
    export = ask(desk.agent)
    jobs.go_on(export.pk, 0)
    with django_assert_max_num_queries(10):
        part = agent.get("/exports/", headers={"HX-Request": "true"})
    assert "hx-trigger" in part.content.decode()
    assert "2 / 3" in text_of(part)
    work(export)
    part = agent.get("/exports/", headers={"HX-Request": "true"})
    assert "hx-trigger" not in part.content.decode()
    assert "Download" in text_of(part)


@pytest.mark.parametrize("what", ["calls", "complaints", "violations", "promises", "cases"])
def test_every_list_has_its_page_and_its_file(desk: World, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    promised = desk.register()
    head = browser(desk.manager)
    assert head.get(f"/exports/new/{what}/").status_code == 200
    answer = head.post(f"/exports/new/{what}/?state=x&q=%00", {"format": "csv"})
    assert answer.status_code == 200
    assert len(b"".join(answer).splitlines()) == (2 if what == "cases" else 1), promised
    assert AuditEntry.objects.filter(verb=f"{what.removesuffix('s')}.export").exists()
    monkeypatch.setattr(case_exporting, "DIRECT", -1)
    assert head.post(f"/exports/new/{what}/", {"format": "xlsx"}).headers["Location"] == "/exports/"
    assert work(Export.objects.get()).state == ExportState.READY


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/exports/new/nothing/", {"format": "csv"}),
        ("/exports/new/cases/?q=" + "x" * 5000, {"format": "csv", "in_full": "on", "reason": "x"}),
        ("/exports/new/cases/?since=9999-99-99&customer=999999999999999999999", {"format": "exe"}),
        ("/exports/new/calls/?number=%ED%A0%80", {"format": "csv", "in_full": "on", "reason": "\x00"}),
        ("/exports/3f2504e0-4f89-41d3-9a0c-0305e82c3301/cancel/", {}),
        ("/exports/not-a-key/cancel/", {}),
    ],
)
def test_odd_requests_are_plain_answers(desk: World, path: str, body: dict[str, str]) -> None:
    answer = browser(desk.manager).post(path, body)
    b"".join(answer)
    assert answer.status_code in {200, 302, 404, 405, 422}
    assert browser(desk.manager).get("/exports/?after=nonsense&before=\x00").status_code in {200, 302}


def test_the_database_holds_what_must_never_be_false(desk: World) -> None:
    export = ask(desk.agent)
    for wrong in ({"state": "ready", "ended_at": Now()}, {"in_full": True}, {"state": "writing", "ended_at": Now()},
                  {"state": "failed", "ended_at": Now()}, {"rows_done": 1_000_001}, {"state": "odd"}):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            Export.objects.filter(pk=export.pk).update(**wrong)


def test_an_old_proof_is_asked_for_once_more(desk: World) -> None:
    ready, agent = work(ask(desk.agent)), browser(desk.agent)
    session = agent.session
    session["proved_at"] = 0
    session["second_step"] = "free"
    session.save()
    for path in ("/exports/new/cases/", f"/exports/{ready.key}/download/"):
        assert "/prove" in agent.get(path).headers.get("Location", "") or agent.get(path).status_code == 302


def test_a_case_list_too_long_to_wait_for_becomes_a_row(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.register()
    monkeypatch.setattr(case_exporting, "DIRECT", 0)
    answer = browser(desk.agent).post("/cases/export/?cols=number&state=open", {"format": "xlsx"})
    assert answer.headers["Location"] == "/exports/"
    export = Export.objects.get()
    assert (export.what, export.query, export.format) == ("cases", "cols=number&state=open", "xlsx")
    assert work(export).rows_done == 1
