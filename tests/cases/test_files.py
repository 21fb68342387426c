"""Files of a case: what is taken is decided by content; shown only to who may see the case; never deleted."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from PIL import Image

from service_desk.audit.models import AuditEntry
from service_desk.cases import actions, vault
from service_desk.cases.actions.filing import hand_out, sweep
from service_desk.cases.models import Case, CaseFile
from service_desk.cases.paperwork import of_case
from service_desk.cases.timeline import stream
from service_desk.rest.errors import Conflict, Invalid, NotAllowed, NotFound
from tests.cases.pages import browser, text_of
from tests.cases.papers import submitted
from tests.factories import World, world

LOG = "2026-11-21 10:02:11 上联口 CRC 错包 1024\n".encode()


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    settings.FILES_DIR = tmp_path / "files"


@pytest.fixture
def desk(db: None) -> World:
    return world()


@pytest.fixture
def case(desk: World) -> Case:
    return desk.register(severity="minor")


def picture(kind: str = "JPEG", size: tuple[int, int] = (640, 480), **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "teal").save(buffer, kind, **options)
    return buffer.getvalue()


def office(main: str, *others: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        for name in ("[Content_Types].xml", main, *others):
            package.writestr(name, "<x/>")
    return buffer.getvalue()


def add(case: Case, actor: Any, content: bytes = LOG, name: str = "告警.log", **given: Any) -> CaseFile:
    return actions.attach(case=case, actor=actor, content=content, name=name, **given)


def send(client: Any, case: Case, *files: tuple[str, bytes], **headers: Any) -> Any:
    uploads = [SimpleUploadedFile(name, content) for name, content in files]
    return client.post(f"{case.get_absolute_url()}files/", {"file": uploads, "purpose": "attachment"}, **headers)


# What comes in --------------------------------------------------------------------------------------------------------
def test_a_file_is_kept_outside_the_web_with_its_row_its_line_and_its_audit(desk: World, case: Case) -> None:
    file = add(case, desk.agent)
    path = vault.path_of(file.stored)
    assert path.read_bytes() == LOG
    assert path.stat().st_mode & 0o077 == 0
    assert "告警" not in file.stored
    assert (file.name, file.content_type, file.size) == ("告警.log", "text/plain", len(LOG))
    assert AuditEntry.objects.filter(verb="case.attach", thing=f"case:{case.pk}").count() == 1
    assert "File added: 告警.log" in [moment.title for moment in stream(case).moments]
    case.refresh_from_db()
    assert case.version == Case.objects.get(pk=case.pk).version


def test_a_picture_is_drawn_anew_without_where_and_with_what_it_was_taken(desk: World, case: Case) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SECRET CAMERA"
    sent = picture(exif=exif, comment=b"SECRET PLACE") + b"<script>hidden</script>"
    kept = vault.path_of(add(case, desk.agent, sent, "现场.jpg").stored).read_bytes()
    assert b"SECRET" in sent
    assert b"SECRET" not in kept
    assert b"script" not in kept
    with Image.open(io.BytesIO(kept)) as opened:
        assert (opened.format, opened.size, dict(opened.getexif())) == ("JPEG", (640, 480), {})


def test_the_same_content_twice_is_one_file(desk: World, case: Case) -> None:
    first = add(case, desk.agent, picture("PNG"), "a.png")
    assert add(case, desk.engineer, picture("PNG"), "b.png").pk == first.pk
    assert case.files.count() == 1
    actions.take_back(file=first, actor=desk.agent, reason="传错")
    assert add(case, desk.agent, picture("PNG"), "b.png").pk != first.pk


def test_limits_of_size_number_and_total(desk: World, case: Case, settings: Any) -> None:
    settings.FILE_MAX_BYTES = 100
    with pytest.raises(Invalid) as refused:
        add(case, desk.agent, b"x" * 101)
    assert refused.value.errors[0].code == "too_large"
    settings.FILE_MAX_BYTES, settings.FILES_CASE_BYTES = 10_000, 120
    add(case, desk.agent, b"x" * 100)
    with pytest.raises(Invalid, match="together"):
        add(case, desk.agent, b"y" * 21)
    settings.FILES_CASE_BYTES, settings.FILES_PER_CASE = 10_000, 1
    with pytest.raises(Invalid, match="at most 1 files"):
        add(case, desk.agent, b"y" * 21)


def test_a_file_hangs_on_a_report_or_note_of_its_own_case_alone(desk: World, case: Case) -> None:
    other = desk.register(severity="minor")
    report, foreign = submitted(case, desk.agent), submitted(other, desk.agent)
    signed = add(case, desk.agent, picture(), "签字.jpg", purpose="sign_off", report=report)
    assert (signed.report, signed.purpose) == (report, "sign_off")
    with pytest.raises(Invalid) as refused:
        add(case, desk.agent, report=foreign)
    assert refused.value.errors[0].field == "report"
    actions.note(case=case, actor=desk.agent, text="见附件")
    note = case.events.get(type="note")
    assert add(case, desk.agent, note=note).note == note
    with pytest.raises(Invalid):
        add(other, desk.agent, note=note)


# The screen -----------------------------------------------------------------------------------------------------------
def test_of_several_files_each_refused_one_is_named_with_the_remedy_and_the_others_are_kept(
    desk: World, case: Case
) -> None:
    answer = send(browser(desk.agent), case, ("a.log", LOG), ("b.exe", b"MZ\x00\x01"), ("c.png", picture("PNG")))
    words = text_of(answer)
    assert answer.status_code == 422
    assert "b.exe: Files of this kind are not taken. Send a picture" in words
    assert sorted(case.files.values_list("name", flat=True)) == ["a.log", "c.png"]


def test_without_a_script_the_browser_goes_back_to_the_case_which_shows_the_files(desk: World, case: Case) -> None:
    client = browser(desk.agent)
    answer = send(client, case, ("现场 照片.png", picture("PNG")))
    assert answer.status_code == 302
    html = client.get(case.get_absolute_url()).content.decode()
    file = case.files.get()
    assert "现场 照片.png" in html
    assert f'src="/cases/{case.number}/files/{file.pk}/small/"' in html


def test_a_script_hears_what_became_of_each(desk: World, case: Case) -> None:
    client = browser(desk.agent)
    good = send(client, case, ("a.log", LOG), headers={"accept": "application/json"})
    bad = send(client, case, ("b.bin", b"\x00\x01"), headers={"accept": "application/json"})
    assert (good.status_code, good.json()) == (200, {"kept": ["a.log"], "refused": []})
    assert bad.status_code == 422
    assert "b.bin" in bad.json()["refused"][0]["message"]


def test_bad_requests_are_answered_in_words(desk: World, case: Case, settings: Any) -> None:
    client, url = browser(desk.agent), f"{case.get_absolute_url()}files/"
    for body in ({}, {"file": "no file"}, {"purpose": "x\x00"}, {"report": "999999"}, {"note": "abc"}):
        assert client.post(url, body).status_code == 422
    assert client.post(url, b"broken", content_type="multipart/form-data; boundary=x").status_code == 422
    settings.FILES_CASE_BYTES = -(1024 * 1024)
    assert send(client, case, ("a.log", LOG)).status_code == 400


def test_what_is_handed_out_cannot_run_in_the_browser(desk: World, case: Case) -> None:
    file = add(case, desk.agent, b"<html><script>alert(1)</script></html>", "现场 报告.html")
    answer = browser(desk.agent).get(f"{case.get_absolute_url()}files/{file.pk}/")
    assert answer.content == b"<html><script>alert(1)</script></html>"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=utf-8''%E7%8E%B0%E5%9C%BA%20")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_P6_files_of_a_confidential_case_are_for_its_holders_and_each_download_is_audited(
    desk: World, case: Case
) -> None:
    file = add(case, desk.agent, picture("PNG"), "a.png")
    Case.objects.filter(pk=case.pk).update(confidential=True)
    url = f"{case.get_absolute_url()}files/{file.pk}/"
    for rest in ("", "small/", "withdraw/"):
        assert browser(desk.chief).get(f"{url}{rest}").status_code == 404
    assert browser(desk.chief).get(f"{case.get_absolute_url()}files/").status_code == 404
    assert not CaseFile.objects.visible_to(desk.chief).exists()
    answer = browser(desk.agent).get(url)
    assert answer.status_code == 200
    assert answer.content.startswith(b"\x89PNG")
    assert browser(desk.agent).get(f"{url}small/").status_code == 404
    assert AuditEntry.objects.filter(verb="file.download", actor=desk.agent).count() == 1


def test_P6_the_verb_itself_hands_nothing_to_who_may_not_see_the_case(desk: World, case: Case) -> None:
    file = add(case, desk.agent)
    Case.objects.filter(pk=case.pk).update(confidential=True)
    file = CaseFile.objects.select_related("case").get(pk=file.pk)
    with pytest.raises(NotAllowed):
        hand_out(file=file, actor=desk.chief)
    assert hand_out(file=file, actor=desk.agent).is_file()


def test_a_file_of_another_case_is_not_found_under_this_one(desk: World, case: Case) -> None:
    file = add(case, desk.agent)
    other = desk.register(severity="minor")
    assert browser(desk.agent).get(f"{other.get_absolute_url()}files/{file.pk}/").status_code == 404


def test_who_may_not_write_adds_nothing(desk: World, case: Case) -> None:
    with pytest.raises(NotAllowed):
        add(case, desk.auditor)
    assert send(browser(desk.auditor), case, ("a.log", LOG)).status_code == 422
    assert not case.files.exists()
    assert "Add files" not in text_of(browser(desk.auditor).get(case.get_absolute_url()))


# Withdrawn, never deleted ---------------------------------------------------------------------------------------------
def test_a_file_is_withdrawn_with_a_reason_by_who_brought_it_or_who_leads(desk: World, case: Case) -> None:
    file = add(case, desk.agent)
    with pytest.raises(NotAllowed):
        actions.take_back(file=file, actor=desk.colleague, reason="x")
    with pytest.raises(Invalid):
        actions.take_back(file=file, actor=desk.agent, reason=" ")
    url = f"{case.get_absolute_url()}files/{file.pk}/"
    assert browser(desk.chief).post(f"{url}withdraw/", {"reason": "含客户密码"}).status_code == 302
    assert browser(desk.agent).get(url).status_code == 404
    words = text_of(browser(desk.agent).get(case.get_absolute_url()))
    assert "含客户密码" in words
    assert f"withdrawn by {desk.chief}" in words
    with pytest.raises(Conflict):
        actions.take_back(file=file, actor=desk.agent, reason="again")
    assert vault.path_of(file.stored).exists()


def test_a_row_is_written_once_and_never_deleted(desk: World, case: Case) -> None:
    file = add(case, desk.agent)
    writes: list[Callable[[], Any]] = [
        lambda: CaseFile.objects.filter(pk=file.pk).update(name="x"),
        lambda: CaseFile.objects.filter(pk=file.pk).update(stored="x"),
        lambda: CaseFile.objects.filter(pk=file.pk)._raw_delete("default"),
        lambda: CaseFile.objects.filter(pk=file.pk).update(withdrawn_reason="x"),
    ]
    for write in writes:
        with pytest.raises(IntegrityError), transaction.atomic():
            write()
    gone = actions.take_back(file=file, actor=desk.agent, reason="传错")
    with pytest.raises(IntegrityError), transaction.atomic():
        CaseFile.objects.filter(pk=gone.pk).update(withdrawn_at=None, withdrawn_by=None, withdrawn_reason="")


def test_what_lies_there_without_a_row_is_swept_when_it_is_old(desk: World, case: Case) -> None:
    file = add(case, desk.agent, picture("PNG"), "a.png")
    young, old = (vault.put(b"lost", b"small", file.uploaded_at) for _ in range(2))
    for stored in (old, file.stored):
        for path in (vault.path_of(stored), vault.thumbnail_of(stored)):
            os.utime(path, (0, 0))
    assert sweep() == 1
    assert not vault.path_of(old).exists()
    assert not vault.thumbnail_of(old).exists()
    assert vault.path_of(young).exists()
    assert vault.path_of(file.stored).exists()
    assert vault.thumbnail_of(file.stored).exists()


def test_a_content_that_is_gone_is_said_and_not_an_error(desk: World, case: Case) -> None:
    file = add(case, desk.agent)
    vault.path_of(file.stored).unlink()
    with pytest.raises(NotFound, match="not on this machine"):
        hand_out(file=file, actor=desk.agent)
    assert browser(desk.agent).get(f"{case.get_absolute_url()}files/{file.pk}/").status_code == 404


def test_the_page_of_a_case_costs_two_queries_for_all_its_papers(
    desk: World, case: Case, django_assert_max_num_queries: Any
) -> None:
    for number in range(4):
        add(case, desk.agent, f"line {number}".encode(), f"{number}.txt")
    submitted(case, desk.agent)
    seen = Case.objects.select_related("request_type").get(pk=case.pk)
    with django_assert_max_num_queries(2):
        shown = of_case(seen, desk.agent)
    assert (shown.kept, len(shown.reports[0].submitted)) == (4, 1)
