"""Papers of the desk as PDF: fpdf2 and an embedded Chinese font, no program and no font of the machine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

import pylopdf_fonts_zh_cn
from django.conf import settings
from django.utils.translation import gettext as _
from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from service_desk.cases.models import CustomerReport
from service_desk.cases.paperwork import Line, printed, standing

_FONT = "desk"
_PATH = pylopdf_fonts_zh_cn.sans_path()
_MARGIN, _LINE, _TEXT, _SMALL = 18.0, 5.6, 10.0, 8.5  # mm, mm, pt, pt
_PAD = 1.6
#: Where the font has no sign: the printers' mark for a missing letter, so that nothing vanishes unseen.
_MISSING = "〓"
#: A line never begins with these, nor ends with those.
_NOT_FIRST = "，。、；：？！）》」』】〉”’…—·,.;:?!)]}%℃°"
_NOT_LAST = "（《「『【〈“‘([{"
_PIECE = re.compile(
    rf"[{re.escape(_NOT_LAST)}]*(?:[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]"
    rf"|[^\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]+?(?=[\s\u2e80-\u9fff\uff00-\uffef]|$))"
    rf"[{re.escape(_NOT_FIRST)}]*|\s|."
)


@dataclass(frozen=True)
class Paper:
    """What a sheet says: title, number and subject above, the sections, who signs, and the foot of each page."""

    title: str
    number: str
    subject: str
    sections: Sequence[tuple[str, Sequence[Line]]]
    foot: str
    made_at: datetime
    signs: Sequence[str] = field(default=())
    label: str = ""  # before the number; of a case where it is left out


def as_pdf(report: CustomerReport) -> bytes:
    """A report to the customer in the active language; the caller makes that Chinese."""
    signs = (_("Signature and seal of the customer:"), _("Signature of the service company:"))
    made_at = report.submitted_at or report.changed_at
    title, case = str(report.get_kind_display()), report.case
    return paper_pdf(Paper(title, case.number, case.subject, printed(report), standing(report), made_at, signs))


def paper_pdf(paper: Paper) -> bytes:
    """Any paper of the desk."""
    sheet = _Sheet(paper)
    sheet.add_page()
    sheet.head()
    for title, lines in paper.sections:
        sheet.section(title, lines)
    if paper.signs:
        sheet.signatures()
    return bytes(sheet.output())


@lru_cache(maxsize=1)
def _letters() -> frozenset[int]:
    """The characters that the font has."""
    with TTFont(_PATH, lazy=True) as font:
        return frozenset(font.getBestCmap())


def drawable(text: str) -> str:
    """The text as the font can draw it."""
    return "".join(
        letter if ord(letter) in _letters() or letter == "\n" else " " if letter.isspace() else _MISSING
        for letter in text
    )


class _Sheet(FPDF):
    """A4 with the company's name above and number and page below."""

    def __init__(self, paper: Paper) -> None:
        super().__init__(format="A4")
        self.paper = paper
        self.add_font(_FONT, fname=_PATH)
        self.set_lang("zh-Hans")
        self.set_title(f"{paper.title} {paper.number}")
        self.set_author(drawable(settings.COMPANY_NAME))
        self.set_creator("Service Desk")
        self.set_creation_date(paper.made_at)
        self.set_margins(_MARGIN, 16, _MARGIN)
        self.set_auto_page_break(True, 20)
        self.c_margin = 0.0
        self._widths: dict[tuple[str, float], float] = {}

    def header(self) -> None:
        """The company, and a line under it."""
        self.set_font(_FONT, size=_SMALL)
        self.cell(self.epw / 2, _LINE, drawable(settings.COMPANY_NAME))
        self.cell(self.epw / 2, _LINE, self.paper.number, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.line(self.l_margin, self.get_y() + 0.5, self.w - self.r_margin, self.get_y() + 0.5)
        self.ln(4)

    def footer(self) -> None:
        """How it stands, and which page of how many."""
        self.set_y(-14)
        self.set_font(_FONT, size=_SMALL)
        self.cell(self.epw / 2, _LINE, drawable(self.paper.foot))
        self.cell(self.epw / 2, _LINE, f"{self.page_no()} / {{nb}}", align="R")

    def head(self) -> None:
        """Title, number and subject of the case."""
        self.set_font(_FONT, size=18)
        self.cell(self.epw, 10, self.paper.title, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_font(_FONT, size=_TEXT)
        self._paragraph(f"{self.paper.label or _('Case')} {self.paper.number}", align="C")
        self._paragraph(self.paper.subject, align="C")
        self.ln(2)

    def section(self, title: str, lines: Sequence[Line]) -> None:
        """A heading, then the entries: short ones two beside each other, long ones under their labels."""
        self._room(20)
        self.ln(2)
        self.set_font(_FONT, size=11.5)
        self.set_fill_color(232)
        self.cell(self.epw, 7, f" {drawable(title)}", fill=True, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(1.5)
        short = [line for line in lines if not line.long]
        for pair in (short[index : index + 2] for index in range(0, len(short), 2)):
            self._pair(pair)
        for line in lines:
            if line.long:
                self._long(line)

    def _pair(self, pair: Sequence[Line]) -> None:
        label, width = 26.0, self.epw / 2
        self.set_font(_FONT, size=_TEXT)
        texts = [self._broken(line.text, width - label - 3) for line in pair]
        heads = [self._broken(line.label, label - 2) for line in pair]
        height = max(len(text) for text in [*texts, *heads]) * _LINE + _PAD
        self._room(height)
        top = self.get_y()
        for place, (head, text) in enumerate(zip(heads, texts, strict=True)):
            left = self.l_margin + place * width
            self.set_text_color(90)
            self._block(left, top + _PAD / 2, head)
            self.set_text_color(0)
            self._block(left + label, top + _PAD / 2, text)
        self._rule(top + height)

    def _long(self, line: Line) -> None:
        self._room(3 * _LINE)
        self.ln(1)
        self.set_font(_FONT, size=_TEXT)
        self.set_text_color(90)
        self._paragraph(line.label)
        self.set_text_color(0)
        if line.rows:
            self._table(line.head, line.rows)
        else:
            self._paragraph(line.text)
        self._rule(self.get_y() + 1)

    def _table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        widths = self._column_widths([head, *rows])
        for number, row in enumerate([head, *rows]):
            cells = [self._broken(text or "–", width - 3) for text, width in zip(row, widths, strict=True)]
            height = max(len(cell) for cell in cells) * _LINE + _PAD
            self._room(height)
            top = self.get_y()
            left = self.l_margin
            for cell, width in zip(cells, widths, strict=True):
                self.set_fill_color(244 if number == 0 else 255)
                self.rect(left, top, width, height, style="DF")
                self._block(left + 1.5, top + _PAD / 2, cell)
                left += width
            self.set_xy(self.l_margin, top + height)

    def _column_widths(self, rows: Sequence[Sequence[str]]) -> list[float]:
        """What each column wants, at most half of the sheet, shared out over its whole width."""
        wanted = [
            min(
                max(self._width(line) for text in column for line in drawable(text or "–").split("\n")) + 3,
                self.epw / 2,
            )
            for column in zip(*rows, strict=True)
        ]
        return [width * self.epw / sum(wanted) for width in wanted]

    def signatures(self) -> None:
        """Where each side signs."""
        self._room(34)
        self.ln(8)
        self.set_font(_FONT, size=_TEXT)
        wide = self.epw / len(self.paper.signs)
        for words in self.paper.signs:
            self.cell(wide, _LINE, drawable(words))
        self.ln(16)
        for _side in self.paper.signs:
            self.cell(wide, _LINE, drawable(_("Date:")))
        self.ln(_LINE)

    def _rule(self, at: float) -> None:
        self.set_draw_color(190)
        self.line(self.l_margin, at, self.w - self.r_margin, at)
        self.set_draw_color(0)
        self.set_xy(self.l_margin, at + 0.4)

    def _room(self, height: float) -> None:
        """Begin a new page rather than tear apart what is lower than a page."""
        if self.get_y() + height > self.page_break_trigger:
            self.add_page()

    def _block(self, left: float, top: float, lines: Sequence[str]) -> None:
        for number, text in enumerate(lines):
            self.set_xy(left, top + number * _LINE)
            self.cell(0, _LINE, text)

    def _paragraph(self, text: str, *, align: Any = "L") -> None:
        for line in self._broken(text, self.epw):
            self._room(_LINE)
            self.set_x(self.l_margin)
            self.cell(self.epw, _LINE, line, align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _broken(self, text: str, width: float) -> list[str]:
        """The text in lines that fit, broken as Chinese is set: anywhere but before a comma or after a bracket."""
        lines: list[str] = []
        for paragraph in drawable(text).split("\n"):
            line, used = "", 0.0
            for piece in self._pieces(paragraph, width):
                wide = self._width(piece)
                if line and used + wide > width:
                    lines.append(line.rstrip())
                    line, used = "", 0.0
                    if piece.isspace():
                        continue
                line, used = line + piece, used + wide
            lines.append(line.rstrip())
        return lines

    def _pieces(self, text: str, width: float) -> Iterator[str]:
        """What is not broken; a word wider than the line goes letter by letter."""
        for piece in _PIECE.findall(text):
            if self._width(piece) > width:
                yield from piece
            else:
                yield piece

    def _width(self, piece: str) -> float:
        key = (piece, self.font_size_pt)
        if key not in self._widths:
            self._widths[key] = self.get_string_width(piece)
        return self._widths[key]
