"""Files wait for the virus scanner: nothing is handed out unseen, and a silent scanner is said aloud."""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from service_desk.audit.models import AuditEntry
from service_desk.cases import scanning
from service_desk.cases.actions.filing import attach, hand_out
from service_desk.cases.actions.scanning import scan_waiting
from service_desk.cases.models import Case, CaseFile
from service_desk.notices.models import Notice
from service_desk.rest.errors import Conflict, NotFound
from tests.factories import World, world

VIRUS = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}"  # the beginning of EICAR's test text: enough for the scanner below
LARGE = b"a,b\n" * 60_000


class Clamd(socketserver.StreamRequestHandler):
    """Speaks clamd's INSTREAM as its manual page writes it."""

    def handle(self) -> None:
        assert self.rfile.read(10) == b"zINSTREAM\0"
        content = b""
        while size := struct.unpack("!L", self.rfile.read(4))[0]:
            assert size <= 64 * 1024
            content += self.rfile.read(size)
        self.server.seen.append(len(content))  # type: ignore[attr-defined]
        said = "OK"
        if VIRUS in content:
            said = "Eicar-Test-Signature FOUND"
        elif b"too odd" in content:
            said = "INSTREAM size limit exceeded. ERROR"
        self.wfile.write(f"stream: {said}\0".encode())


@pytest.fixture
def scanner(tmp_path: Path, settings: Any) -> Iterator[Any]:
    where = tmp_path / "clamd"
    with socketserver.UnixStreamServer(str(where), Clamd) as server:
        server.seen = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        settings.CLAMAV = f"unix://{where}"
        settings.FILES_DIR = tmp_path / "files"
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def desk(db: None) -> World:
    return world()


@pytest.fixture
def case(desk: World) -> Case:
    return desk.register()


def add(desk: World, case: Case, content: bytes, name: str = "记录.txt") -> CaseFile:
    return attach(case=case, actor=desk.agent, content=content, name=name)


def test_a_file_waits_for_the_scanner_and_is_handed_out_once_it_is_clean(scanner: Any, desk: World, case: Case) -> None:
    file = add(desk, case, LARGE, "清单.csv")
    browser = Client()
    browser.force_login(desk.agent)
    where = f"/cases/{case.number}/files/{file.pk}/"
    with pytest.raises(Conflict):
        hand_out(file=file, actor=desk.agent)
    assert browser.get(where).status_code == 409
    assert "Being checked for viruses" in browser.get(f"/cases/{case.number}/").content.decode()
    assert scan_waiting() == 1
    assert scanner.seen == [len(LARGE)]
    assert browser.get(where).status_code == 200
    assert AuditEntry.objects.filter(verb="file.clean", thing=f"case:{case.pk}").count() == 1
    assert scan_waiting() == 0


def test_what_holds_a_virus_is_never_handed_out_and_is_told(scanner: Any, desk: World, case: Case) -> None:
    file = add(desk, case, b"report " + VIRUS)
    scan_waiting()
    file.refresh_from_db()
    assert (file.scan, file.virus) == ("infected", "Eicar-Test-Signature")
    with pytest.raises(NotFound, match="Eicar"):
        hand_out(file=file, actor=desk.agent)
    told = Notice.objects.filter(kind="file_infected")
    assert [(n.recipient_id, n.facts["virus"]) for n in told] == [(desk.agent.pk, "Eicar-Test-Signature")]
    browser = Client()
    browser.force_login(desk.agent)
    assert "Eicar-Test-Signature" in browser.get(f"/cases/{case.number}/").content.decode()


def test_one_odd_file_keeps_no_other_waiting(scanner: Any, desk: World, case: Case) -> None:
    odd, good = add(desk, case, b"too odd"), add(desk, case, b"plain")
    assert scan_waiting() == 1
    assert [CaseFile.objects.get(pk=file.pk).scan for file in (odd, good)] == ["waiting", "clean"]


def test_while_the_scanner_is_away_files_stay_unchecked_and_administrators_hear_of_it_once(
    desk: World, case: Case, settings: Any, tmp_path: Path
) -> None:
    settings.CLAMAV, settings.FILES_DIR = f"unix://{tmp_path}/nobody", tmp_path
    file = add(desk, case, b"plain")
    assert scan_waiting() == scan_waiting() == 0
    file.refresh_from_db()
    assert file.scan == "waiting"
    assert 1 <= Notice.objects.filter(kind="scanner_away", recipient=desk.admin).count() <= 2  # an hour may turn


def test_without_a_scanner_nothing_waits(desk: World, case: Case, settings: Any, tmp_path: Path) -> None:
    settings.CLAMAV, settings.FILES_DIR = "", tmp_path
    assert hand_out(file=add(desk, case, b"plain"), actor=desk.agent).is_file()


@pytest.mark.parametrize("said", ["", "stream: ", "OKAY", "stream: lstat() failed. ERROR", "FOUND"])
def test_only_a_plain_answer_is_a_verdict(said: str) -> None:
    with pytest.raises(scanning.NoVerdict):
        scanning._read(said)


@pytest.mark.parametrize("change", [{"scan": "clean"}, {"scan": "infected", "virus": "x"}, {"scan": ""}])
def test_a_verdict_is_written_once(scanner: Any, desk: World, case: Case, change: dict[str, str]) -> None:
    file = add(desk, case, b"report " + VIRUS)
    scan_waiting()
    with pytest.raises(DatabaseError), transaction.atomic():
        CaseFile.objects.filter(pk=file.pk).update(**({"virus": ""} | change))
