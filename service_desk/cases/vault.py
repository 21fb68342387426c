"""Where the content of files lies: outside every web root, under names that say nothing, whole or not at all."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

#: What is younger may belong to an upload that has not been committed yet.
SETTLED = timedelta(hours=24)
_THUMB = ".thumb"


def put(content: bytes, thumbnail: bytes, moment: datetime) -> str:
    """Write the content, and its small picture if any; returns the name under which it is stored.

    Each file appears under its name when all of it is on the disk; a row that names it is committed after that.
    """
    stored = f"{moment:%Y/%m}/{uuid.uuid4().hex}"
    path = path_of(stored)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write(path, content)
    if thumbnail:
        _write(thumbnail_of(stored), thumbnail)
    return stored


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(f"{path.name}.part")
    try:
        draft.touch(mode=0o600, exist_ok=False)
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def path_of(stored: str) -> Path:
    """Where it lies."""
    return Path(settings.FILES_DIR) / stored


def thumbnail_of(stored: str) -> Path:
    """Where its small picture lies, if it has one."""
    return Path(settings.FILES_DIR) / f"{stored}{_THUMB}"


def discard(stored: str) -> None:
    """Take away what no row has come to name."""
    path_of(stored).unlink(missing_ok=True)
    thumbnail_of(stored).unlink(missing_ok=True)


def settled(now: datetime) -> Iterator[str]:
    """The stored names of files that are old enough to have their row."""
    folder = Path(settings.FILES_DIR)
    for path in folder.glob("[0-9]*/[0-9]*/*"):
        if path.stat().st_mtime < (now - SETTLED).timestamp():
            yield path.relative_to(folder).as_posix().removesuffix(_THUMB)
