"""Writing a report to the customer and submitting it (C8); a correction is a new revision of a submitted one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service_desk.cases.actions.beside import audit, beside
from service_desk.cases.actions.changing import Change, changing, chosen, said
from service_desk.cases.models import Case, CustomerReport
from service_desk.cases.papers import cleaned, words_of
from service_desk.cases.rules import Channel, DemandedReport, EventType, ReportState
from service_desk.rest.errors import Stale

#: Where a case remembers when its last report of each kind was submitted.
REMEMBERED = {DemandedReport.SERVICE: "service_report_at", DemandedReport.UPGRADE: "upgrade_summary_at"}


def save_report(
    *, case: Case, actor: Any, kind: str, data: Mapping[str, Any], version: int | None = None
) -> CustomerReport:
    """Keep what is written so far as the draft of this kind; after a submitted one it is the next revision.

    `version` is that of the draft the writer has seen, 0 for none; Stale when somebody else has written since.
    """
    with beside(case=case, actor=actor, verb="report") as change:
        report = _write(change, chosen(kind, DemandedReport, "kind"), data, version, complete=False)
        audit(change, "report", report=report.pk, kind=report.kind, revision=report.revision)
    return report


def submit_report(
    *,
    case: Case,
    actor: Any,
    kind: str,
    channel: str,
    recipient: str,
    data: Mapping[str, Any] | None = None,
    override: str = "",
    version: int | None = None,
) -> CustomerReport:
    """Record that the report was given to the customer: complete, by what way, to whom; from now on it stands.

    Without `data` the draft is submitted as it is.
    """
    with changing(case=case, actor=actor, verb="submit", detail={"kind": kind}, override=override) as change:
        report = _write(change, chosen(kind, DemandedReport, "kind"), data, version, complete=True)
        for key in words_of(report.kind):
            change.hear(report.data.get(key, ""), key, to_customer=True)
        report.channel = chosen(channel, Channel, "channel")
        report.recipient = said(recipient, "recipient", limit=120)
        report.state = ReportState.SUBMITTED
        report.submitted_at, report.submitted_by = change.now, actor
        report.save()
        setattr(change.case, REMEMBERED[DemandedReport(report.kind)], change.now)
        change.say(
            EventType.REPORT,
            report=report.pk,
            kind=report.kind,
            revision=report.revision,
            channel=channel,
            recipient=report.recipient,
        )
    return report


def _write(
    change: Change, kind: str, data: Mapping[str, Any] | None, version: int | None, *, complete: bool
) -> CustomerReport:
    """The draft of this kind with these answers; made when there is none."""
    known = list(CustomerReport.objects.filter(case=change.case, kind=kind).order_by("revision"))
    draft = next((report for report in known if report.is_draft), None)
    if version is not None and version != (draft.version if draft else 0):
        raise Stale
    given = data if data is not None else draft.data if draft else {}
    answers = cleaned(kind, given, now=change.now, complete=complete)
    if draft is None:
        return CustomerReport.objects.create(
            case=change.case,
            kind=kind,
            revision=known[-1].revision + 1 if known else 1,
            data=answers,
            created_by=change.actor,
            created_at=change.now,
            changed_by=change.actor,
            changed_at=change.now,
        )
    draft.data, draft.version = answers, draft.version + 1
    draft.changed_by, draft.changed_at = change.actor, change.now
    draft.save()
    return draft
