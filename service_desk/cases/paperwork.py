"""Reports and files of a case as screens show them: the sections of its page, and its timeline's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from service_desk.cases.models import Case, CaseEvent, CaseFile, CustomerReport
from service_desk.cases.papers import PAPERS, EntryKind
from service_desk.cases.present import has
from service_desk.cases.rules import DEEDS, CaseState, Channel, DemandedReport, EventType, owed_reports, refusal
from service_desk.kept import keep
from service_desk.people.access import can


@dataclass(frozen=True, slots=True)
class ReportOf:
    """One kind of report on a case: whether closing waits for it, the draft, and what has been submitted."""

    kind: str
    title: str
    owed: bool
    draft: CustomerReport | None
    submitted: list[CustomerReport]  # newest first; all but the first are superseded
    form_url: str  # empty when this person may not write it

    @property
    def stands(self) -> CustomerReport | None:
        """The one that holds."""
        return self.submitted[0] if self.submitted else None


@dataclass(frozen=True, slots=True)
class Paperwork:
    """The reports and files of a case."""

    reports: list[ReportOf]
    files: list[CaseFile]
    may_add: bool
    largest: int

    @property
    def kept(self) -> int:
        """How many files have not been withdrawn."""
        return sum(file.withdrawn_at is None for file in self.files)


@keep
def _papers(case: int) -> QuerySet[CustomerReport]:
    found = CustomerReport.objects.filter(case=case).select_related("submitted_by", "changed_by")
    return found.order_by("kind", "-revision")


@keep
def _files(case: int) -> QuerySet[CaseFile]:
    return (
        CaseFile.objects.filter(case=case).select_related("uploaded_by", "withdrawn_by").order_by("uploaded_at", "id")
    )


def of_case(case: Case, user: Any) -> Paperwork:
    """Both sections; a query for each that has something."""
    found = _papers(case.pk) if has(case, "reports") else []
    files = _files(case.pk) if has(case, "files") else []
    for file in files:
        file.case = case
    return Paperwork(
        reports=_reports(case, found, user),
        files=files,
        may_add=bool(can(user, "case.attach", case)),
        largest=settings.FILE_MAX_BYTES,
    )


def _reports(case: Case, found: Sequence[CustomerReport], user: Any) -> list[ReportOf]:
    owed = set() if case.state == CaseState.CANCELLED else set(owed_reports(case))
    may_write = refusal(DEEDS["report"], case) is None and bool(can(user, "case.report", case))
    shown = []
    for kind in DemandedReport:
        of_kind = [report for report in found if report.kind == kind]
        shown.append(
            ReportOf(
                kind=str(kind),
                title=str(kind.label),
                owed=kind in owed,
                draft=next((report for report in of_kind if report.is_draft), None),
                submitted=[report for report in of_kind if not report.is_draft],
                form_url=reverse("case-report", args=[case.number, kind]) if may_write else "",
            )
        )
    return shown


def missing_report_url(case: Case) -> str:
    """Where the first report that closing waits for is written; empty when none is owed (C8)."""
    owed = owed_reports(case)
    return reverse("case-report", args=[case.number, owed[0]]) if owed else ""


# On paper ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Line:
    """One entry as it is printed: short ones stand beside each other, long ones and tables by themselves."""

    label: str
    text: str = ""
    long: bool = False
    head: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)


def printed(report: CustomerReport) -> list[tuple[str, list[Line]]]:
    """The report's sections with their lines in the active language; the same for the sheet and the PDF."""
    sections = []
    for section in PAPERS[report.kind].sections:
        lines = []
        for entry in section.entries:
            value: Any = report.data.get(entry.key) or ""
            label = str(entry.label)
            if entry.kind == EntryKind.ROWS:
                rows = [[row.get(name, "") for name, _label in entry.columns] for row in value or []]
                lines.append(Line(label, _("none") if not rows else "", True, _heads(entry.columns), rows))
            elif entry.kind == EntryKind.MOMENT:
                lines.append(Line(label, local(value)))
            elif entry.choices is not None:
                lines.append(Line(label, str(entry.choices(value).label) if value else "–"))
            else:
                lines.append(Line(label, value or _("none"), entry.kind == EntryKind.TEXT))
        sections.append((str(section.title), lines))
    return sections


def _heads(columns: Sequence[tuple[str, Any]]) -> list[str]:
    return [str(label) for _name, label in columns]


def local(text: str) -> str:
    """A kept moment in the desk's zone."""
    return timezone.localtime(datetime.fromisoformat(text)).strftime("%Y-%m-%d %H:%M") if text else "–"


def standing(report: Any) -> str:
    """Which revision this is and whether it holds, in words."""
    if report.is_draft:
        return _("Draft of revision %(revision)s, not submitted to the customer") % {"revision": report.revision}
    words = _("Revision %(revision)s, submitted %(at)s") % {
        "revision": report.revision,
        "at": timezone.localtime(report.submitted_at).strftime("%Y-%m-%d %H:%M"),
    }
    return f"{words} · {_('superseded by a later revision')}" if report.superseded else words


# In the timeline -----------------------------------------------------------------------------------------------------
def paper_words(event: CaseEvent) -> str:
    """What a line about a report or a file is called; empty for every other line."""
    data = event.data
    if event.type == EventType.REPORT and data.get("kind") in DemandedReport.values:
        way = data.get("channel", "")
        return _("%(report)s (revision %(revision)s) submitted to %(recipient)s: %(way)s") % {
            "report": DemandedReport(data["kind"]).label,
            "revision": data.get("revision", 1),
            "recipient": data.get("recipient", ""),
            "way": Channel(way).label if way in Channel.values else "–",
        }
    if event.type == EventType.FILE:
        return _("File added: %(name)s") % {"name": data.get("name", "")}
    if event.type == EventType.FILE_GONE:
        return _("File withdrawn: %(name)s") % {"name": data.get("name", "")}
    return ""
