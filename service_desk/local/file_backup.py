"""The files of cases beside each backup of the database: packed after it, so that no row lacks its file."""

from __future__ import annotations

import tarfile
from pathlib import Path

from service_desk.local.processes import StartError


def pack_of(dump: Path) -> Path:
    """Where the files that belong to a backup lie."""
    return dump.with_suffix(".files.tar")


def pack(dump: Path, folder: Path) -> Path:
    """Write everything in `folder` beside the backup; it appears under its name only when it is whole.

    Files are only ever added, so whatever the backup's rows name is there by now.
    """
    target = pack_of(dump)
    draft = target.with_suffix(".part")
    draft.touch(mode=0o600)
    try:
        with tarfile.open(draft, "w") as packed:
            for path in sorted(folder.rglob("*")):
                if path.is_file() and path.suffix != ".part":
                    packed.add(path, arcname=path.relative_to(folder).as_posix())
        draft.replace(target)
    except OSError as error:
        raise StartError(f"The files could not be packed: {error}") from error
    finally:
        draft.unlink(missing_ok=True)
    return target


def unpack(dump: Path, folder: Path) -> int | None:
    """Bring back the files that are not there; returns how many, None when the backup has none beside it.

    What is there stays: a name is given once, so the same name is the same content.
    """
    source = pack_of(dump)
    if not source.is_file():
        return None
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    brought = 0
    try:
        with tarfile.open(source) as packed:
            for member in packed:
                if member.isfile() and not (folder / member.name).exists():
                    packed.extract(member, folder, filter="data")
                    brought += 1
    except (tarfile.TarError, OSError) as error:
        raise StartError(f"The files of the backup could not be unpacked from {source}: {error}") from error
    return brought
