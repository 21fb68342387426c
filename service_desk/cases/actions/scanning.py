"""Files wait until the virus scanner has looked through them; what it finds is never handed out, and is told."""

from __future__ import annotations

import logging
import time

from django.db import transaction
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.cases import scanning, vault
from service_desk.cases.models import Case, CaseFile
from service_desk.cases.rules import ScanState
from service_desk.deadlines.clock import now
from service_desk.notices.actions import NewNotice, send_many
from service_desk.notices.kinds import hidden
from service_desk.notices.rules import Level
from service_desk.people.models import Staff
from service_desk.people.rules import Role
from service_desk.rest.errors import Conflict, NotFound

log = logging.getLogger(__name__)
#: Looked through by one task.
BATCH = 50
#: One that hangs on each file is left alone after so many seconds, well within a task's time.
_LONGEST = 45


def demand_looked_through(file: CaseFile) -> None:
    """Whether it may be handed out: raises Conflict while it waits, NotFound once something was found."""
    if file.scan == ScanState.WAITING:
        raise Conflict(
            _("This file is being checked for viruses."),
            code="being_checked",
            remedy=_("Try again in a minute. If that lasts, tell the administrator that the scanner is silent."),
        )
    if file.scan == ScanState.INFECTED:
        raise NotFound(
            _("A virus was found in this file: %(virus)s. It is not handed out.") % {"virus": file.virus},
            remedy=_("Ask the sender for a clean one, and withdraw this one."),
        )


def scan_waiting(limit: int = BATCH) -> int:
    """Look through what waits, oldest first, each file in its own transaction; how many got their verdict.

    Without a verdict a file goes on waiting, and the administrators are told once an hour.
    """
    done = failed = 0
    began = time.monotonic()
    for pk in list(CaseFile.objects.filter(scan=ScanState.WAITING).order_by("pk").values_list("pk", flat=True)[:limit]):
        try:
            done += _scan_one(pk)
        except scanning.NoVerdict as error:
            log.warning("The virus scanner gives no verdict on file %s: %s", pk, error)
            failed += 1
            if isinstance(error, scanning.ScannerAway) or time.monotonic() - began > _LONGEST:
                break
    if failed:
        _tell_away()
    return done


def _scan_one(pk: int) -> bool:
    """False if somebody else is at it, or was."""
    with transaction.atomic():
        waiting = CaseFile.objects.select_for_update(of=("self",), skip_locked=True).select_related("case")
        file = waiting.filter(scan=ScanState.WAITING, pk=pk).first()
        if file is None:
            return False
        path = vault.path_of(file.stored)
        if not path.is_file():
            raise scanning.NoVerdict("its content is not on this machine")
        file.virus = scanning.scan(path).virus
        file.scan = ScanState.INFECTED if file.virus else ScanState.CLEAN
        file.save(update_fields=["scan", "virus"])
        detail = {"file": file.pk, "virus": file.virus} if file.virus else {"file": file.pk}
        record(verb=f"file.{file.scan}", thing=f"case:{file.case_id}", actor=None, detail=detail)
        if file.virus:
            _tell_found(file)
    return True


def _tell_found(file: CaseFile) -> None:
    """Who brought it and who holds the case, as far as they may know of it (P6)."""
    case = file.case
    people = Staff.objects.filter(pk__in={file.uploaded_by_id, case.handler_id} - {None}, is_active=True)
    facts = {"number": case.number, "name": file.name, "virus": file.virus}
    send_many(
        [
            NewNotice(
                dedup_key=f"file:{file.pk}:infected:{person.pk}",
                chain=f"file:{file.pk}:infected:{person.pk}",
                kind="file_infected",
                level=Level.WARNING,
                recipient_id=person.pk,
                facts=hidden(facts) if case.confidential else facts,
                about=f"case:{case.pk}",
                link=case.get_absolute_url(),
                private=case.confidential,
            )
            for person in people
            if Case.objects.visible_to(person).filter(pk=case.pk).exists()
        ]
    )


def _tell_away() -> None:
    """Once an hour, as long as something waits."""
    with transaction.atomic():
        hour = f"{now():%Y-%m-%dT%H}"
        waiting = CaseFile.objects.filter(scan=ScanState.WAITING).count()
        send_many(
            [
                NewNotice(
                    dedup_key=f"scanner:away:{hour}:{pk}",
                    chain=f"scanner:away:{hour}:{pk}",
                    kind="scanner_away",
                    level=Level.WARNING,
                    recipient_id=pk,
                    facts={"waiting": waiting},
                )
                for pk in Staff.objects.with_role(Role.ADMINISTRATOR).values_list("pk", flat=True)
            ]
        )
