"""Translations: compiled where needed, and held against the strings of the product."""

import os
from pathlib import Path

import pytest
from pytest_django import Settings

from service_desk.local import catalogues, translations

HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'


def write(folder: Path, language: str, body: str) -> Path:
    path = folder / "locale" / language / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + body)
    return path


def test_only_changed_files_are_compiled(tmp_path: Path, settings: Settings) -> None:
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    source = write(tmp_path, "zh_Hans", 'msgid "Case"\nmsgstr "工单"\n')
    product = source.with_suffix(".mo")
    assert translations.compile_all() == [product]
    assert "工单".encode() in product.read_bytes()
    assert translations.compile_all() == []
    later = product.stat().st_mtime + 5
    os.utime(source, (later, later))
    assert translations.compile_all() == [product]


def test_guesses_are_not_compiled(tmp_path: Path, settings: Settings) -> None:
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    source = write(tmp_path, "zh_Hans", '#, fuzzy\nmsgid "Case"\nmsgstr "猜测"\n')
    translations.compile_all()
    assert "猜测".encode() not in source.with_suffix(".mo").read_bytes()


@pytest.mark.parametrize(
    ("ours", "complaint"),
    [
        ("", "missing: 'Case'"),
        ('#, fuzzy\nmsgid "Case"\nmsgstr "工单"\n', "fuzzy: 'Case'"),
        ('msgid "Case"\nmsgstr ""\n', "not translated: 'Case'"),
        ('msgid "Case"\nmsgstr "工单"\n', None),
    ],
)
def test_each_lack_is_named(tmp_path: Path, ours: str, complaint: str | None) -> None:
    wanted = catalogues.read(write(tmp_path / "wanted", "zh_Hans", 'msgid "Case"\nmsgstr ""\n'))
    committed = catalogues.read(write(tmp_path / "ours", "zh_Hans", ours))
    expected = [f"zh_Hans: {complaint}"] if complaint else []
    assert catalogues.compare("zh_Hans", wanted, committed) == expected


def test_english_may_leave_the_source_string_as_it_is(tmp_path: Path) -> None:
    entry = 'msgid "Case"\nmsgstr ""\n'
    catalogue = catalogues.read(write(tmp_path, "en", entry))
    assert catalogues.compare("en", catalogue, catalogue) == []


def test_every_form_of_a_plural_counts(tmp_path: Path) -> None:
    entry = 'msgid "%d case"\nmsgid_plural "%d cases"\nmsgstr[0] "{}"\n'
    wanted = catalogues.read(write(tmp_path / "a", "zh_Hans", entry.format("")))
    done = catalogues.read(write(tmp_path / "b", "zh_Hans", entry.format("%d 个工单")))
    assert catalogues.compare("zh_Hans", wanted, wanted) == ["zh_Hans: not translated: '%d case'"]
    assert catalogues.compare("zh_Hans", wanted, done) == []
