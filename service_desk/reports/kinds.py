"""The texts of the notices about exports and scheduled reports."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from service_desk.cases.columns import local
from service_desk.notices.kinds import NOTHING, Enclosed, register
from service_desk.reports import mailing
from service_desk.reports.exporting import EXPORTABLE
from service_desk.reports.rules import Problem, Trouble


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


def _report_words(facts: Mapping[str, Any]) -> dict[str, str]:
    since, until, trouble = facts.get("since", ""), facts.get("until", ""), facts.get("trouble", "")
    return {
        "days": since if since == until else gettext("%(since)s to %(until)s") % {"since": since, "until": until},
        "trouble": str(Trouble(trouble).label) if trouble in Trouble.values else str(trouble),
    }


def _report_enclosed(facts: Mapping[str, Any]) -> Enclosed:
    """The page and the workbook; after a week they are gone, and the words with their link go out alone."""
    page, book = mailing.kept(str(facts["_key"]))
    if not page or book is None:
        return NOTHING
    name = mailing.file_name(facts.get("title", ""), facts.get("since", ""), facts.get("until", ""))
    return Enclosed(page, ((name, str(book)),))


register(
    "report_sent",
    words=_report_words,
    subject=_("%(name)s: %(days)s"),
    body=_("The report “%(title)s” of %(days)s, as a page and as a workbook. It holds what you may see."),
    enclosing=_report_enclosed,
)
register(
    "report_not_sent",
    words=_report_words,
    subject=_("Not sent: %(name)s"),
    body=_("Your scheduled report could not be sent.\nReason: %(trouble)s"),
)
register(
    "export_to_approve",
    words=_export_words,
    subject=_("%(who)s asks for the approval of an export: %(list)s"),
    body=_("%(list)s, %(rows)s rows, asked for by %(who)s. The file can be fetched once you have approved it."),
)
register(
    "export_approved",
    words=_export_words,
    subject=_("Your export is approved: %(list)s"),
    body=_("%(who)s has approved it. %(list)s, %(rows)s rows, can be fetched now."),
)
