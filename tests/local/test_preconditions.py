"""What stands in the way of a start is said in plain words, with the remedy."""

import shutil
import socket
from pathlib import Path

import pytest
from django.conf import settings

from service_desk.local import preconditions
from service_desk.local.processes import StartError


def test_a_file_in_place_of_the_data_folder(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(StartError, match=r"cannot be used: File exists\.\nSet SERVICE_DESK_DATA"):
        preconditions.usable_folder(tmp_path / "data")


def test_an_unwritable_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("service_desk.local.preconditions.tempfile.TemporaryFile", refused)  # root may write anywhere
    with pytest.raises(StartError, match="cannot be used: Permission denied"):
        preconditions.usable_folder(tmp_path)


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("service_desk.local.preconditions.tempfile.TemporaryFile", full)
    with pytest.raises(StartError, match=r"is full\. Free some space"):
        preconditions.usable_folder(tmp_path)


def test_an_almost_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = shutil.disk_usage(tmp_path)._replace(free=5 * 2**20)
    monkeypatch.setattr("service_desk.local.preconditions.shutil.disk_usage", lambda _path: facts)
    with pytest.raises(StartError, match="almost full: 5 MB are free"):
        preconditions.usable_folder(tmp_path)


def test_a_second_owner_is_told_where_the_first_one_is(tmp_path: Path) -> None:
    with preconditions.sole_owner(tmp_path, "http://desk.example") as unclean:
        assert unclean is False
        assert preconditions.is_owned(tmp_path)
        with (
            pytest.raises(StartError, match="already running at http://desk"),
            preconditions.sole_owner(tmp_path, "x"),
        ):
            pass
    assert not preconditions.is_owned(tmp_path)


def test_an_owner_that_was_killed_is_noticed(tmp_path: Path) -> None:
    (tmp_path / preconditions.LOCK_FILE).write_text('{"pid": 1, "address": "http://desk.example"}')
    with preconditions.sole_owner(tmp_path, "x") as unclean:
        assert unclean is True
    with preconditions.sole_owner(tmp_path, "x") as unclean:
        assert unclean is False


def test_a_port_in_use_names_another_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(StartError, match=f"Port {port} on 127.0.0.1 is in use[^W]*WEB_PORT={port + 1} make run"):
            preconditions.bound_port("127.0.0.1", port, patience=0)


def test_an_address_of_another_machine() -> None:
    with pytest.raises(StartError, match="cannot listen on 192"):
        preconditions.bound_port("192.0.2.1", 8000, patience=0)


def test_a_port_that_is_no_port() -> None:
    with pytest.raises(StartError, match="WEB_PORT is 99999"):
        preconditions.bound_port("127.0.0.1", 99999, patience=0)


def test_an_unreachable_database_is_named_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="does not answer") as caught:
        preconditions.reachable_database(f"postgresql://desk:s3cret@/desk?host={tmp_path}")
    assert "s3cret" not in str(caught.value)
    assert "DATABASE_URL" in str(caught.value)


def test_a_missing_database_is_created(django_db_setup: None, django_db_blocker: object) -> None:
    url = settings.DATABASE_URL.replace("/service_desk", "/made_when_missing", 1)
    preconditions.reachable_database(url)
    preconditions.reachable_database(url)
    assert preconditions._created(url) is False


def test_a_dead_redis_is_a_warning_only(tmp_path: Path) -> None:
    trouble = preconditions.redis_trouble(f"unix://{tmp_path}/none.sock")
    assert trouble is not None
    assert "does not answer" in trouble
    assert preconditions.redis_trouble(settings.REDIS_URL) is None


def test_a_redis_address_that_is_none() -> None:
    with pytest.raises(StartError, match="REDIS_URL cannot be read"):
        preconditions.redis_trouble("http://127.0.0.1")
