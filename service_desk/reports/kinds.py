"""The texts of the notices about exports and scheduled reports."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from service_desk.cases.columns import local
from service_desk.notices.kinds import register
from service_desk.reports.exporting import EXPORTABLE
from service_desk.reports.rules import Problem


def _export_words(facts: Mapping[str, Any]) -> dict[str, str]:
    exportable = EXPORTABLE.get(facts.get("list", ""))
    problem, until = facts.get("problem", ""), facts.get("until", "")
    return {
        "list": str(exportable.label) if exportable else str(facts.get("list", "")),
        "rows": f"{int(facts.get('rows') or 0):,}",
        "until": local(datetime.fromisoformat(until)) if until else "",
        "problem": str(Problem(problem).label) if problem in Problem.values else str(problem),
    }


register(
    "export_ready",
    words=_export_words,
    subject=_("Your export is ready: %(list)s"),
    body=_("%(list)s, %(rows)s rows. The file can be fetched until %(until)s, by you alone."),
)
register(
    "export_failed",
    words=_export_words,
    subject=_("Your export could not be written: %(list)s"),
    body="%(problem)s",
)
