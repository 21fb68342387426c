"""Takes a list of cases along as a file: the columns and order of the screen, only what this person may see."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

import xlsxwriter
from django.conf import settings
from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from service_desk.audit.actions import record
from service_desk.cases import columns, listing
from service_desk.cases.actions.changing import said
from service_desk.cases.columns import Column
from service_desk.cases.listing import Sort
from service_desk.deadlines.clock import now
from service_desk.people.access import require
from service_desk.people.models import GuardRule
from service_desk.rest.clean import demand_clean
from service_desk.rest.errors import Invalid
from service_desk.rest.spreadsheets import harmless

#: So many rows are written while somebody waits; what is longer is written beside (`write_beside`).
DIRECT = 5_000
_CHUNK = 2_000
_FIGURES = re.compile(r"\d(?=(?:\D?\d){4})")


class Format(TextChoices):
    """The files that are offered."""

    XLSX = "xlsx", gettext_lazy("Excel workbook (.xlsx)")
    CSV = "csv", gettext_lazy("Text with commas (.csv)")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to take along: filters, order, columns; numbers in full only with a reason."""

    filters: Mapping[str, Any]
    sort: Sort
    columns: Sequence[Column]
    format: Format
    in_full: bool = False
    reason: str = ""


#: (who, which filters of the address, which file, numbers in full, why) → where it can be fetched once it is written.
Beside = Callable[[Any, str, str, bool, str], str]
_beside: list[Beside] = []


def register_beside(beside: Beside) -> None:
    """The room that writes long lists says how; called once, when it is ready."""
    _beside.append(beside)


def write_beside(*, actor: Any, query: str, wanted: Wanted) -> str:
    """Have a long list written by a worker; the page where it will be found."""
    return _beside[0](actor, query, str(wanted.format), wanted.in_full, wanted.reason)


def export(*, actor: Any, wanted: Wanted) -> IO[bytes]:
    """The file, at its beginning; the reader closes it. Audited with filters and rows.

    Raises NotAllowed, and Invalid when there are too many rows or the reason is missing. Memory is bounded: rows come
    from a cursor of the server and go to a file on disk, so that a slow reader holds no transaction open.
    """
    with transaction.atomic():
        require(actor, "case.export")
        detail: dict[str, Any] = {"format": str(wanted.format), "filters": recorded(wanted.filters)}
        if wanted.in_full:
            detail["reason"] = demand_reason(actor, wanted.reason)
        found = listing.find(actor, wanted.filters)
        demand_short(found)
        file, rows = _written(found, wanted)
        record(
            verb="case.export_numbers" if wanted.in_full else "case.export",
            thing="case:*",
            actor=actor,
            detail=detail | {"rows": rows, "columns": [column.key for column in wanted.columns]},
        )
    file.seek(0)
    return file


def _written(found: listing.Found, wanted: Wanted) -> tuple[IO[bytes], int]:
    """The file and its rows."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the answer that sends it
    try:
        write = write_xlsx if wanted.format == Format.XLSX else write_csv
        return file, write(file, heads(wanted.columns), _lines(found, wanted))
    except BaseException:
        file.close()
        raise


def demand_reason(actor: Any, reason: str) -> str:
    """Why numbers are needed in full, from somebody who may have them (P6)."""
    require(actor, "case.export_numbers")
    demand_clean({"reason": reason})
    return said(reason, "reason", limit=200)


def most_at_once() -> int:
    """So many rows are sent at once: no more than somebody waits for, nor than may leave without a second person's yes.

    What is longer becomes a row of one's exports, and that is where the second person is asked.
    """
    approved_from = GuardRule.in_force().approve_rows
    return min(DIRECT, approved_from) if approved_from else DIRECT


def is_long(found: listing.Found) -> bool:
    """Whether it has more rows than are sent at once."""
    most = most_at_once()
    return found.cases.order_by()[: most + 1].count() > most


def demand_short(found: listing.Found) -> None:
    """Raise Invalid when it has become too long to be sent at once."""
    if is_long(found):
        raise too_long()


def too_long() -> Invalid:
    """What is said of a list that has become too long to be sent at once."""
    return Invalid(
        _("More than %(most)s rows meet these filters.") % {"most": f"{most_at_once():,}"},
        field="format",
        code="too_many",
        remedy=_("Ask again: a longer list is written beside, and you are told when it is ready."),
    )


def recorded(filters: Mapping[str, Any]) -> dict[str, str]:
    """The filters for the trail; a telephone number that was searched for stands there masked."""
    told = {name: str(getattr(value, "pk", value)) for name, value in filters.items()}
    if "q" in told:
        told["q"] = _FIGURES.sub("*", told["q"])
    return told


def heads(shown: Sequence[Column]) -> list[str]:
    """The heads of the columns; times name their zone."""
    return [f"{column.label} ({settings.TIME_ZONE})" if column.moment else str(column.label) for column in shown]


def _lines(found: listing.Found, wanted: Wanted) -> Iterator[list[str]]:
    cases, order = listing.order_of(found.dressed(lambda cases: columns.needed(cases, wanted.columns)), wanted.sort)
    if any(column.key == "due" for column in wanted.columns):
        cases = columns.with_next_due(cases)
    cells = [
        (lambda case: case.caller_phone) if wanted.in_full and column.key == "phone" else column.text
        for column in wanted.columns
    ]
    for case in cases.order_by(*order).iterator(chunk_size=_CHUNK):
        yield [cell(case) for cell in cells]


def write_csv(file: IO[bytes], head: Sequence[str], lines: Iterable[Sequence[str]]) -> int:
    """UTF-8 with its mark, which Excel wants to see."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=False)
    writer = csv.writer(text)
    writer.writerow([harmless(cell) for cell in head])
    rows = 0
    for line in lines:
        writer.writerow([harmless(cell) for cell in line])
        rows += 1
    text.flush()
    text.detach()
    return rows


def mark_of(person: Any) -> str:
    """Who took a file along and when: it stands in the file's properties and at the foot of each printed page."""
    return f"{person} ({person.username}) · {columns.local(now())}"


def write_xlsx(
    file: IO[bytes],
    head: Sequence[str],
    lines: Iterable[Sequence[str]],
    folder: str | None = None,
    *,
    mark: str = "",
) -> int:
    """Every cell is written as text, never a formula; each row goes to disk, into `folder`, before the next."""
    with xlsxwriter.Workbook(file, {"constant_memory": True, "tmpdir": folder}) as book:
        sheet = book.add_worksheet()
        book.set_properties({"comments": mark})
        sheet.set_footer(f"&L{mark.replace('&', '&&')[:200]}&R&P / &N")
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(head) - 1, 22)
        bold = book.add_format({"bold": True})
        for place, cell in enumerate(head):
            sheet.write_string(0, place, cell, bold)
        rows = 0
        for line in lines:
            rows += 1
            for place, cell in enumerate(line):
                sheet.write_string(rows, place, cell)
    return rows
