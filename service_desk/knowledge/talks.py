"""A talk as text or as a sheet, read into lines with their speakers; pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass

from service_desk.knowledge.language.lines import Roles
from service_desk.knowledge.rules import Speaker

MOST_LINES, LONGEST_LINE, MOST_CHARACTERS = 50_000, 4_000, 5_000_000
_BREAK = re.compile(r"\r\n|[\n\r\u2028\u2029\x0b\x0c\x85]")


class UnreadableTalk(ValueError):  # noqa: N818  (a talk that cannot be read)
    """What is wrong with it: a stable word and the line."""

    def __init__(self, code: str, line: int = 0) -> None:
        super().__init__(code, line)
        self.code, self.line = code, line


@dataclass(frozen=True, slots=True)
class Line:
    """What one of them said."""

    speaker: str
    text: str


def read(text: str) -> list[Line]:
    """The lines of a talk: `speaker,text` as a sheet, else lines that name their speaker in front. Raises."""
    text = text.removeprefix("\ufeff")
    if len(text) > MOST_CHARACTERS:
        raise UnreadableTalk("too_large")
    heading = _BREAK.split(text, maxsplit=1)[0].replace(" ", "").lower()
    lines = _sheet(text) if heading == "speaker,text" else list(_plain(text))
    return demand_lines(lines)


def demand_lines(lines: list[Line]) -> list[Line]:
    """At least one line and not too many, none too long."""
    if not lines:
        raise UnreadableTalk("empty")
    if len(lines) > MOST_LINES:
        raise UnreadableTalk("too_many_lines", MOST_LINES + 1)
    for number, line in enumerate(lines, start=1):
        if len(line.text) > LONGEST_LINE:
            raise UnreadableTalk("line_too_long", number)
    return lines


def _plain(text: str) -> Iterable[Line]:
    for line in _BREAK.split(text):
        if line.strip():
            yield Line(str(Roles(line, Speaker.UNKNOWN).at(len(line) - 1)), line)


def _sheet(text: str) -> list[Line]:
    lines = []
    try:
        for number, row in enumerate(csv.DictReader(io.StringIO(text, newline=""), strict=True), start=2):
            cells = {(name or "").strip().lower(): value for name, value in row.items()}
            speaker = (cells.get("speaker") or "").strip().lower()
            if None in row or cells.get("text") is None or speaker not in Speaker.values:
                raise UnreadableTalk("bad_row", number)
            if cells["text"].strip():
                lines.append(Line(speaker, cells["text"]))
    except csv.Error as error:
        raise UnreadableTalk("no_csv") from error
    return lines
