"""Translations are compiled where the desk runs, so that the repository holds no binary file."""

import os
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation.reloader import translation_file_changed


def sources() -> list[Path]:
    """All translation files of the desk."""
    return sorted(path for folder in settings.LOCALE_PATHS for path in Path(folder).glob("*/LC_MESSAGES/*.po"))


def compile_all() -> list[Path]:
    """Compile each file that is newer than its product; give the products that were written."""
    written = []
    for source in sources():
        product = source.with_suffix(".mo")
        if product.exists() and product.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as text:
            catalogue = read_po(text, locale=source.parent.parent.name)
        draft = source.with_suffix(f".{os.getpid()}.mo")  # two processes may compile at the same time
        with draft.open("wb") as binary:
            write_mo(binary, catalogue)
        draft.replace(product)  # at once, so that a running process never reads half a file
        written.append(product)
        translation_file_changed(None, product)  # this process has read the older words, or none: read them again
    return written
