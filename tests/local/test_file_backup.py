"""The files of cases are saved beside the database and come back with it; nothing that is there is overwritten."""

import io
import stat
import tarfile
from pathlib import Path

import pytest

from service_desk.local import file_backup
from service_desk.local.processes import StartError


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    for name, text in (
        ("2026/11/a1", "现场"),
        ("2026/11/a1.thumb", "small"),
        ("2026/12/b2", "日志"),
        ("2026/12/c3.part", "x"),
    ):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_what_was_packed_comes_back_where_it_is_missing(files: Path, tmp_path: Path) -> None:
    dump = tmp_path / "service-desk-20261121-030000.dump"
    packed = file_backup.pack(dump, files)
    assert packed.name == "service-desk-20261121-030000.files.tar"
    assert stat.S_IMODE(packed.stat().st_mode) == 0o600
    (files / "2026/11/a1").unlink()
    (files / "2026/12/b2").write_text("newer")
    assert file_backup.unpack(dump, files) == 1
    assert (files / "2026/11/a1").read_text() == "现场"
    assert (files / "2026/12/b2").read_text() == "newer"
    assert file_backup.unpack(dump, tmp_path / "other") == 3


def test_a_desk_without_files_and_a_backup_without_them(tmp_path: Path) -> None:
    dump = tmp_path / "a.dump"
    assert file_backup.unpack(dump, tmp_path / "files") is None
    file_backup.pack(dump, tmp_path / "none")
    assert file_backup.unpack(dump, tmp_path / "files") == 0


@pytest.mark.parametrize("name", ["../evil", "/evil"])
def test_a_pack_never_writes_outside_its_folder(tmp_path: Path, name: str) -> None:
    dump = tmp_path / "a.dump"
    with tarfile.open(file_backup.pack_of(dump), "w") as packed:
        member = tarfile.TarInfo(name)
        member.size = 4
        packed.addfile(member, io.BytesIO(b"evil"))
    if name.startswith(".."):
        with pytest.raises(StartError, match="could not be unpacked"):
            file_backup.unpack(dump, tmp_path / "files")
    else:
        file_backup.unpack(dump, tmp_path / "files")
    assert not (tmp_path / "evil").exists()


def test_a_damaged_pack_is_said(tmp_path: Path) -> None:
    dump = tmp_path / "a.dump"
    file_backup.pack_of(dump).write_bytes(b"no tar")
    with pytest.raises(StartError, match="could not be unpacked"):
        file_backup.unpack(dump, tmp_path / "files")
