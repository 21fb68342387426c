"""Holds the translation files against the strings in code and templates, so that no page falls back to English."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

SOURCES = ("manage.py", "service_desk", "templates", "static", "locale")
MUST_TRANSLATE = "zh_Hans"
LANGUAGES = ("zh_Hans", "en")


def complaints(base: Path) -> list[str]:
    """List every string that a translation file lacks, leaves empty or holds as a guess."""
    with tempfile.TemporaryDirectory(prefix="desk-strings-") as folder:
        copy = Path(folder)
        for name in SOURCES:
            source = base / name
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
            elif source.exists():
                shutil.copy2(source, copy / name)
        (copy / "locale").mkdir(exist_ok=True)
        _extract(copy)
        found = []
        for language in LANGUAGES:
            place = Path("locale") / language / "LC_MESSAGES" / "django.po"
            found += compare(language, read(copy / place), read(base / place))
    return found


def _extract(copy: Path) -> None:
    command = [sys.executable, "manage.py", "makemessages", "--no-location", "--no-obsolete", "--no-wrap"]
    for language in LANGUAGES:
        command += ["--locale", language]
    env = {**os.environ, "SERVICE_DESK_DATA": str(copy / "var")}
    done = subprocess.run(command, cwd=copy, env=env, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise RuntimeError(f"makemessages failed:\n{done.stdout}{done.stderr}")


def read(path: Path) -> Catalog:
    """Read a translation file; one that is missing is empty."""
    if not path.exists():
        return Catalog()
    with path.open("rb") as text:
        return read_po(text, locale=path.parent.parent.name)


def compare(language: str, wanted: Catalog, committed: Catalog) -> list[str]:
    """List what `committed` lacks of what the product wants."""
    found = []
    for message in wanted:
        if not message.id:
            continue
        text = message.id if isinstance(message.id, str) else message.id[0]
        ours = committed.get(message.id, message.context)
        if ours is None:
            found.append(f"{language}: missing: {text!r}")
        elif ours.fuzzy:
            found.append(f"{language}: fuzzy: {text!r}")
        elif language == MUST_TRANSLATE and not _translated(ours):
            found.append(f"{language}: not translated: {text!r}")
    return found


def _translated(message: Message) -> bool:
    parts = [message.string] if isinstance(message.string, str) else list(message.string or ())
    return bool(parts) and all(parts)
