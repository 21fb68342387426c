"""Where exports and sent reports lie: outside every web root, one folder each, readable by the desk's account alone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

#: A folder that is younger may belong to something that has not been committed yet.
_SETTLED = timedelta(hours=1)


def folder_of(key: str, *, make: bool = False) -> Path:
    """The folder of one export or sent report; a name that leads out of the vault is a fault of the program."""
    path = Path(settings.EXPORTS_DIR) / key
    if path.parent != Path(settings.EXPORTS_DIR) or key in ("", ".", ".."):
        raise ValueError(key)
    if make:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def path_of(stored: str) -> Path:
    """Where a file lies that a row names as folder/file."""
    key, _slash, name = stored.partition("/")
    return folder_of(key) / Path(name).name


def discard(key: str) -> None:
    """Take everything of it away; nothing there is as good."""
    shutil.rmtree(folder_of(key), ignore_errors=True)


def settled(now: datetime) -> Iterator[str]:
    """The folders that nobody has written to for a while."""
    folder = Path(settings.EXPORTS_DIR)
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.stat().st_mtime < (now - _SETTLED).timestamp():
            yield path.name
