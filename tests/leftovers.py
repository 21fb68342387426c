"""The folder of a run of the tests, and those of runs that were killed: nobody else would take them away."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from pathlib import Path
from typing import IO

PREFIX = "desk-test-"
#: Held by a run as long as it lives; the kernel lets go of it however the run ends.
HELD = "held"


def folder_of_a_run() -> tuple[Path, IO[str]]:
    """A folder for the servers of this run, and the open file that says that it is in use."""
    clear(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    held = (folder / HELD).open("w")
    fcntl.flock(held, fcntl.LOCK_EX)
    return folder, held


def clear(place: Path) -> list[Path]:
    """Remove the folders of runs that are no more; which they were."""
    gone = []
    for held in place.glob(f"{PREFIX}*/{HELD}"):
        try:
            with held.open() as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(held.parent, ignore_errors=True)
        except OSError:  # it is in use, another's, or somebody else is removing it
            continue
        gone.append(held.parent)
    return gone
