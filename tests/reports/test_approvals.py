"""A large export is fetched only once somebody else has approved it; each file says who took it and when."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from service_desk.audit.models import AuditEntry
from service_desk.cases.exporting import Format, Wanted
from service_desk.cases.exporting import export as export_cases
from service_desk.cases.listing import Sort
from service_desk.deadlines.clock import now
from service_desk.notices.models import Notice
from service_desk.people.actions import set_guard_rule
from service_desk.people.models import Approval
from service_desk.reports import vault
from service_desk.reports.actions import hand_out
from service_desk.reports.actions.approving import approve, ask_approval
from service_desk.reports.exporting import named, write_now
from service_desk.reports.models import Export
from service_desk.reports.rules import KEPT
from service_desk.rest.errors import Conflict, Invalid, NotAllowed, NotFound
from tests.factories import World, world


@pytest.fixture
def desk(db: None) -> World:
    found = world()
    set_guard_rule(actor=found.admin, approve_rows=1000, officer=found.inspector)
    return found


@pytest.fixture
def export(desk: World, settings: Any, tmp_path: Path) -> Export:
    settings.EXPORTS_DIR = tmp_path
    made = Export.objects.create(
        by=desk.chief,
        what="cases",
        format="csv",
        language="en",
        state="ready",
        rows_done=1001,
        size=3,
        stored="x",
        ended_at=now(),
        expires_at=now() + KEPT,
    )
    path = vault.folder_of(str(made.key), make=True) / "1.csv"
    path.write_bytes(b"a,b")
    Export.objects.filter(pk=made.pk).update(stored=f"{made.key}/1.csv")
    return Export.objects.get(pk=made.pk)


def browser(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_a_large_export_waits_for_somebody_else(desk: World, export: Export) -> None:
    mine, admin = browser(desk.chief), browser(desk.admin)
    where = f"/exports/{export.key}/"
    assert mine.get(f"{where}download/").status_code == 409
    assert "Ask for approval" in mine.get("/exports/", headers={"Accept-Language": "en"}).content.decode()
    assert mine.post(f"{where}approval/").status_code == 302
    assert mine.post(f"{where}approval/").status_code == 302
    told = Notice.objects.filter(kind="export_to_approve")
    assert {n.recipient_id for n in told} == {desk.inspector.pk, desk.admin.pk}
    asked = Approval.objects.get()
    assert mine.post(f"/exports/approvals/{asked.pk}/").status_code == 403
    assert "1001" in admin.get("/exports/approvals/").content.decode()
    assert admin.post(f"/exports/approvals/{asked.pk}/").status_code == 302
    assert Notice.objects.get(kind="export_approved").recipient_id == desk.chief.pk
    assert mine.get(f"{where}download/").status_code == 200
    assert AuditEntry.objects.filter(verb="export.approve", thing=f"export:{export.pk}").count() == 1


def test_nobody_approves_what_they_asked_for_themselves(desk: World, export: Export) -> None:
    Export.objects.filter(pk=export.pk).update(by=desk.admin)
    asked = ask_approval(actor=desk.admin, key=export.key)
    with pytest.raises(NotAllowed):
        approve(actor=desk.admin, approval=asked)
    with pytest.raises(NotAllowed):
        approve(actor=desk.agent, approval=asked)
    with pytest.raises(DatabaseError), transaction.atomic():
        Approval.objects.filter(pk=asked.pk).update(by=desk.admin, at=now())
    approve(actor=desk.inspector, approval=asked)
    with pytest.raises(Conflict):
        approve(actor=desk.inspector, approval=asked)


def test_only_ones_own_is_asked_for_and_a_small_one_needs_nobody(desk: World, export: Export) -> None:
    with pytest.raises(NotFound):
        ask_approval(actor=desk.agent, key=export.key)
    Export.objects.filter(pk=export.pk).update(rows_done=1000)
    assert hand_out(actor=desk.chief, key=export.key)[1].is_file()
    set_guard_rule(actor=desk.admin, approve_rows=0)
    Export.objects.filter(pk=export.pk).update(rows_done=900_000)
    assert hand_out(actor=desk.chief, key=export.key)[1].is_file()


@pytest.mark.parametrize("door", ["/exports/new/cases/", "/cases/export/"])
def test_what_must_be_approved_is_never_sent_at_once_however_short(desk: World, door: str) -> None:
    set_guard_rule(actor=desk.admin, approve_rows=2, officer=desk.inspector)
    mine = browser(desk.chief)
    for _case in range(2):
        desk.register()
    sent = mine.post(door, {"format": "csv"})
    assert (sent.status_code, b"".join(sent).count(b"CALL-")) == (200, 2)
    desk.register()
    assert "more than 2 " in mine.get(door, headers={"Accept-Language": "en"}).content.decode()
    answer = mine.post(door, {"format": "csv"})
    assert (answer.status_code, answer["Location"]) == (302, "/exports/")
    assert Export.objects.get().by == desk.chief
    with pytest.raises(Invalid):
        write_now(actor=desk.chief, exportable=named("cases"), query="", file_format="csv")
    with pytest.raises(Invalid):
        export_cases(actor=desk.chief, wanted=Wanted({}, Sort.NEWEST, [], Format.CSV))


def test_a_file_says_who_took_it_and_when(desk: World) -> None:
    desk.register()
    answer = browser(desk.chief).post("/exports/new/cases/", {"format": "xlsx"})
    with zipfile.ZipFile(io.BytesIO(b"".join(answer))) as book:
        foot = book.read("xl/worksheets/sheet1.xml").decode()
        properties = book.read("docProps/core.xml").decode()
    assert f"{desk.chief} (chief) · {now().year}" in foot
    assert f"{desk.chief} (chief) · {now().year}" in properties
    assert answer["Content-Disposition"].endswith('-chief.xlsx"')
