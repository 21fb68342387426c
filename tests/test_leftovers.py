"""What a killed run of the tests leaves behind is taken away by the next one, and nothing else."""

from __future__ import annotations

import fcntl
from pathlib import Path

from tests.leftovers import HELD, clear


def test_folders_of_runs_that_are_no_more_go_and_others_stay(tmp_path: Path) -> None:
    dead, alive, strange = (tmp_path / name for name in ("desk-test-1", "desk-test-2", "desk-test-3"))
    for folder in (dead, alive, strange):
        (folder / "postgres").mkdir(parents=True)
    (dead / HELD).touch()
    with (alive / HELD).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert clear(tmp_path) == [dead]
        assert sorted(tmp_path.iterdir()) == [alive, strange]
    assert clear(tmp_path) == [alive]
