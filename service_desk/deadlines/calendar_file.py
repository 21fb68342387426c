"""A work calendar from a spreadsheet: the usable rows, and for each other line what is wrong and what to write."""

import csv
import io
import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

MOST_BYTES = 512 * 1024
MOST_LINES = 5_000
MOST_ERRORS = 100
LONGEST_NAME = 80
FIRST_YEAR, LAST_YEAR = 2000, 2100

DATE_FORMATS = (
    re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII),
    re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})", re.ASCII),
    re.compile(r"(\d{4})\.(\d{1,2})\.(\d{1,2})", re.ASCII),
    re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日", re.ASCII),
    re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII),
)
WORKING = {"1", "true", "yes", "y", "是", "班", "上班", "工作", "工作日", "work", "working"}
OFF = {"0", "false", "no", "n", "否", "休", "休息", "放假", "假", "休息日", "节假日", "off"}
HEADERS = {
    "date": "date",
    "day": "date",
    "日期": "date",
    "is_working": "is_working",
    "working": "is_working",
    "是否上班": "is_working",
    "是否工作日": "is_working",
    "上班": "is_working",
    "name": "name",
    "名称": "name",
    "说明": "name",
    "备注": "name",
    "节日": "name",
}
COLUMNS = ("date", "is_working", "name")


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """One usable line."""

    line: int
    day: date
    is_working: bool
    name: str


@dataclass(frozen=True, slots=True)
class LineError:
    """What is wrong with a line and what to write instead; line 0 is the file as a whole."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class CalendarFile:
    """What a file says. Nothing of it should be taken while it has errors."""

    rows: tuple[CalendarRow, ...]
    errors: tuple[LineError, ...]


class _UnusableError(ValueError):
    """The message is for the person who made the file."""


def parse_calendar_file(content: bytes) -> CalendarFile:
    """Read lines of date, is_working, name.

    CSV in UTF-8 or GBK, with comma, semicolon or tab between the cells, with or without a header.
    """
    try:
        lines = _lines(_text(content))
    except _UnusableError as error:
        return CalendarFile((), (LineError(0, str(error)),))
    rows: list[CalendarRow] = []
    errors: list[LineError] = []
    seen: dict[date, int] = {}
    columns: dict[str, int] | None = None
    for number, cells in lines:
        if not any(cells):
            continue
        try:
            if columns is None:
                columns, is_header = _columns(cells)
                if is_header:
                    continue
            row = _row(number, cells, columns, seen)
        except _UnusableError as error:
            errors.append(LineError(number, str(error)))
            if columns is None or len(errors) >= MOST_ERRORS:
                break
            continue
        rows.append(row)
    if not rows and not errors:
        errors.append(LineError(0, _("The file holds no day. Write one line a day, such as 2027-02-06,0,春节.")))
    return CalendarFile(tuple(rows), tuple(errors))


def _text(content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise _UnusableError(
            _("The file is larger than %(most)s KB; a year needs less than 2.") % {"most": MOST_BYTES // 1024}
        )
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise _UnusableError(_("This is an Excel workbook. In Excel choose “Save as” and the type “CSV UTF-8”."))
    for encoding in ("utf-16",) if content.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text.replace("\r\n", "\n").replace("\r", "\n")
    raise _UnusableError(_("The file is not text in UTF-8 or GBK. Save it as CSV with one of these encodings."))


def _lines(text: str) -> list[tuple[int, list[str]]]:
    """Line numbers as an editor shows them, with the cells of the line."""
    head = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t，", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            lines.append((line, [_plain(cell) for cell in cells]))
            line = reader.line_num + 1
            if len(lines) > MOST_LINES:
                raise _UnusableError(_("The file has more than %(most)s lines.") % {"most": MOST_LINES})
    except csv.Error as error:
        raise _UnusableError(
            _("Line %(line)s cannot be read as CSV; is a quotation mark opened and not closed?") % {"line": line}
        ) from error
    return lines


def _plain(cell: str) -> str:
    """Full-width digits and punctuation as ordinary ones, without blanks around."""
    return unicodedata.normalize("NFKC", cell).strip()


def _columns(cells: list[str]) -> tuple[dict[str, int], bool]:
    """Where each column stands, and whether this line is a header; without one the order is fixed."""
    named = {HEADERS[cell.casefold()]: index for index, cell in enumerate(cells) if cell.casefold() in HEADERS}
    if "date" in named and "is_working" in named:
        return named, True
    if any(character.isdigit() for character in cells[0]):
        return {name: index for index, name in enumerate(COLUMNS)}, False
    raise _UnusableError(_("The first line must be the header date,is_working,name (or 日期,是否上班,名称), or a day."))


def _row(number: int, cells: list[str], columns: dict[str, int], seen: dict[date, int]) -> CalendarRow:
    values = {name: cells[index] if index < len(cells) else "" for name, index in columns.items()}
    name = values.get("name", "")
    if len(name) > LONGEST_NAME:
        raise _UnusableError(_("The name is longer than %(most)s characters; shorten it.") % {"most": LONGEST_NAME})
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn") for character in name):
        raise _UnusableError(_("The name holds an invisible control character; type it anew."))
    row = CalendarRow(number, _day(values["date"]), _is_working(values["is_working"]), name)
    if row.day in seen:
        raise _UnusableError(
            _("%(day)s stands in line %(line)s already; keep one of the two.")
            % {"day": row.day.isoformat(), "line": seen[row.day]}
        )
    seen[row.day] = number
    return row


def _day(text: str) -> date:
    for form in DATE_FORMATS:
        found = form.fullmatch(text)
        if found is None:
            continue
        year, month, day = (int(part) for part in found.groups())
        try:
            at = date(year, month, day)
        except ValueError:
            raise _UnusableError(_("There is no day “%(text)s”; check month and day.") % {"text": text}) from None
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise _UnusableError(
                _("The year must lie between %(first)s and %(last)s.") % {"first": FIRST_YEAR, "last": LAST_YEAR}
            )
        return at
    raise _UnusableError(_("“%(text)s” is not a date; write it like 2027-02-06.") % {"text": _shown(text)})


def _is_working(text: str) -> bool:
    value = text.casefold()
    if value in WORKING:
        return True
    if value in OFF:
        return False
    raise _UnusableError(_("“%(text)s” does not say whether the day is worked; write 1 or 0.") % {"text": _shown(text)})


def _shown(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text[:40])
