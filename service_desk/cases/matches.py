"""Rows of the list with what matched the search marked, and the sentence it stands in when no column shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from service_desk.cases.board import Row
from service_desk.cases.columns import Column
from service_desk.cases.faces import ClockFace
from service_desk.cases.models import Case, CaseEvent
from service_desk.cases.rules import EventType
from service_desk.cases.words import around, holds, parts_of
from service_desk.knowledge.articles.current import widened

Pieces = list[tuple[str, bool]]
Draw = Mapping[str, Callable[[Case], str]]
#: Columns that list_rows.py draws in a way of their own; the others stand there as their text.
DRAWN = frozenset({"number", "matter", "due"})
#: Lines of the timeline whose texts the search looks into (migration 0008).
_SOUGHT = (EventType.NOTE, EventType.TOLD, EventType.WAITING, EventType.RESTORED)


@dataclass(frozen=True, slots=True)
class MarkedRow:
    """A line of the list: the matter and the customer in pieces, and where else the words stand."""

    case: Case
    clock: ClockFace | None
    matter: SafeString
    customer: SafeString
    elsewhere: SafeString
    cells: list[tuple[Column, str]]


def marked(rows: Sequence[Row], asked: str, shown: Sequence[Column], drawn: Draw) -> list[MarkedRow]:
    """The rows with the words of the search marked; at most one more query, for texts of timelines.

    `drawn` draws the cells of some columns; the others show their text.
    """
    asked = asked.strip()
    wordings = widened(asked) if asked else []
    notes = _notes([row.case for row in rows], wordings) if asked else {}
    return [_row(row, wordings, notes.get(row.case.pk, []), shown, drawn) for row in rows]


def _row(row: Row, wordings: list[str], notes: list[str], shown: Sequence[Column], drawn: Draw) -> MarkedRow:
    case = row.case
    matter, customer = f"{case.product_type.name} {case.fault}", case.customer.name
    elsewhere, asked = "", " ".join(wordings)
    if wordings and not any(holds(case.subject, wording) for wording in wordings):
        missing = " ".join(word for word in asked.split() if not holds(f"{matter} {customer}", word))
        elsewhere = around([case.description, case.outcome, case.reply, case.caller_name, *notes], missing)
    return MarkedRow(
        case,
        row.clock,
        _shown(parts_of(matter, asked)),
        _shown(parts_of(customer, asked)),
        _shown(parts_of(elsewhere, asked)),
        [(column, _cell(column, case, drawn)) for column in shown],
    )


def _shown(pieces: Pieces) -> SafeString:
    """The pieces with the words found marked; here and not by a template, which three times a row is felt."""
    texts = (f"<mark>{escape(text)}</mark>" if found else escape(text) for text, found in pieces)
    return mark_safe("".join(texts))  # noqa: S308 - each piece is escaped


def _cell(column: Column, case: Case, drawn: Draw) -> str:
    if column.key in DRAWN:
        return ""
    draw = drawn.get(column.key)
    return draw(case) if draw is not None else column.text(case)


def _notes(cases: Sequence[Case], wordings: list[str]) -> dict[int, list[str]]:
    """The notes that hold one of the words, of the cases whose own texts do not hold them all."""
    said = {case.pk: " ".join((case.subject, case.description, case.outcome, case.reply)) for case in cases}
    lacking = [pk for pk, text in said.items() if not any(holds(text, wording) for wording in wordings)]
    found: dict[int, list[str]] = {}
    if lacking:
        held = Q()
        for word in list(dict.fromkeys(" ".join(wordings).split()))[:8]:
            held |= Q(text__icontains=word)
        events = CaseEvent.objects.filter(held, case__in=lacking, type__in=_SOUGHT).order_by("-id")
        for case_id, text in events.values_list("case_id", "text")[:200]:
            found.setdefault(case_id, []).append(text)
    return found
