"""Adding a file to a case, withdrawing it, handing it out; what may come in is decided by its content."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Sum
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.cases import scanning, vault
from service_desk.cases.actions.beside import audit, beside
from service_desk.cases.actions.changing import Change, chosen, said
from service_desk.cases.actions.scanning import demand_looked_through
from service_desk.cases.models import Case, CaseEvent, CaseFile, CustomerReport
from service_desk.cases.rules import EventType, FilePurpose, ScanState
from service_desk.deadlines.clock import now
from service_desk.people.access import require
from service_desk.rest.errors import Conflict, Invalid, NotFound
from service_desk.rest.filetypes import BadFile, Taken, examined


def attach(
    *,
    case: Case,
    actor: Any,
    content: bytes,
    name: str,
    purpose: str = FilePurpose.ATTACHMENT,
    report: CustomerReport | None = None,
    note: CaseEvent | None = None,
) -> CaseFile:
    """Keep a file with the case; the same content twice is the same file. Invalid on `file` says what is wrong."""
    require(actor, "case.attach", case)  # before any work is spent on it; asked again under the lock
    purpose = chosen(purpose, FilePurpose, "purpose")
    if len(content) > settings.FILE_MAX_BYTES:
        raise too_large(len(content))
    try:
        taken = examined(content, name)
    except BadFile as bad:
        raise Invalid(bad.message, field="file", code=bad.code, remedy=bad.remedy) from bad
    sent = hashlib.sha256(content).hexdigest()
    with beside(case=case, actor=actor, verb="attach") as change:
        _demand_own(change, report, note)
        before = change.case.files.kept().filter(sent_sha256=sent).first()
        if before is not None:
            return before
        _demand_room(change.case, taken)
        # Written before its row is committed; if that fails, the sweep takes it away.
        stored = vault.put(taken.content, taken.thumbnail, change.now)
        file = _row(change, taken, sent, stored, purpose=purpose, report=report, note=note)
        change.say(EventType.FILE, file=file.pk, name=file.name)
        audit(change, "attach", file=file.pk, name=file.name, sha256=file.sha256)
    return file


def _row(change: Change, taken: Taken, sent: str, stored: str, **tied: Any) -> CaseFile:
    return CaseFile.objects.create(
        case=change.case,
        name=taken.name,
        content_type=taken.content_type,
        size=len(taken.content),
        sha256=hashlib.sha256(taken.content).hexdigest(),
        sent_sha256=sent,
        stored=stored,
        thumbnail=bool(taken.thumbnail),
        scan=ScanState.WAITING if scanning.is_on() else ScanState.OFF,
        uploaded_by=change.actor,
        uploaded_at=change.now,
        **tied,
    )


def _demand_own(change: Change, report: CustomerReport | None, note: CaseEvent | None) -> None:
    """A file hangs on a report or a note of its own case alone."""
    if report is not None and report.case_id != change.case.pk:
        raise Invalid(_("There is none with this value."), field="report", code="does_not_exist")
    if note is not None and (note.case_id != change.case.pk or note.type != EventType.NOTE):
        raise Invalid(_("There is none with this value."), field="note", code="does_not_exist")


def _demand_room(case: Case, taken: Taken) -> None:
    held = case.files.kept().aggregate(number=Count("pk"), size=Sum("size"))
    if held["number"] >= settings.FILES_PER_CASE:
        raise Invalid(
            _("A case holds at most %(most)s files.") % {"most": settings.FILES_PER_CASE},
            field="file",
            code="too_many",
            remedy=_("Withdraw one that is not needed, or put several pages into one PDF."),
        )
    if (held["size"] or 0) + len(taken.content) > settings.FILES_CASE_BYTES:
        raise Invalid(
            _("The files of a case hold at most %(most)s together.")
            % {"most": filesizeformat(settings.FILES_CASE_BYTES)},
            field="file",
            code="too_large",
            remedy=_("Withdraw one that is not needed, or send smaller ones."),
        )


def too_large(size: int) -> Invalid:
    """The refusal of a file that is larger than one may be."""
    return Invalid(
        _("The file is too large: %(size)s.") % {"size": filesizeformat(size)},
        field="file",
        code="too_large",
        remedy=_("At most %(most)s; make it smaller and send it again.")
        % {"most": filesizeformat(settings.FILE_MAX_BYTES)},
    )


def take_back(*, file: CaseFile, actor: Any, reason: str) -> CaseFile:
    """Withdraw a file, with the reason; it is kept but not shown any more."""
    with beside(case=file.case, actor=actor, verb="take_back") as change:
        found = change.case.files.select_for_update(of=("self",)).select_related("case").filter(pk=file.pk).first()
        if found is None:
            raise NotFound(_("There is no such file."))
        require(actor, "file.take_back", found)
        if found.withdrawn_at is not None:
            raise Conflict(_("The file has been withdrawn already."), code="not_possible")
        found.withdrawn_reason = said(reason, "reason", limit=500)
        found.withdrawn_at, found.withdrawn_by = change.now, actor
        found.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
        change.say(EventType.FILE_GONE, found.withdrawn_reason, file=found.pk, name=found.name)
        audit(change, "take_back", file=found.pk, name=found.name)
    return found


def hand_out(*, file: CaseFile, actor: Any) -> Path:
    """Where the content lies, for one who may see the case; of a confidential case it is recorded."""
    require(actor, "case.view", file.case)
    if file.withdrawn_at is not None:
        raise NotFound(_("The file was withdrawn."))
    demand_looked_through(file)
    path = vault.path_of(file.stored)
    if not path.is_file():
        raise NotFound(_("The file's content is not on this machine."), remedy=_("Tell the administrator its name."))
    if file.case.confidential:
        with transaction.atomic():
            record(verb="file.download", thing=f"case:{file.case_id}", actor=actor, detail={"file": file.pk})
    return path


def sweep() -> int:
    """Take away what lies on the disk without a row: left by a crash between writing and commit. Returns how many."""
    orphans = set(vault.settled(now()))
    if not orphans:
        return 0
    orphans -= set(CaseFile.objects.filter(stored__in=orphans).values_list("stored", flat=True))
    for stored in orphans:
        vault.discard(stored)
    return len(orphans)
