"""What a person does with an export: asks for it, fetches it, calls it off, throws it away. Each is recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.cases.actions.changing import said
from service_desk.cases.exporting import Format
from service_desk.deadlines.clock import now
from service_desk.people.access import require
from service_desk.people.models import Staff
from service_desk.reports import jobs, vault
from service_desk.reports.actions.approving import demand_approval
from service_desk.reports.exporting import Exportable, named
from service_desk.reports.models import Export
from service_desk.reports.rules import GONE_STATES, MOST_OPEN, OPEN_STATES, ExportState
from service_desk.rest.clean import demand_clean
from service_desk.rest.errors import Conflict, Invalid, NotFound, Refusal

_LONGEST_QUERY = 4000


class Gone(Refusal):
    """It was there and is no more (410)."""

    status = 410
    code = "gone"


@transaction.atomic
def ask(
    *, actor: Any, what: str, query: str, file_format: str, in_full: bool = False, reason: str = "", language: str = ""
) -> Export:
    """Have a list written by a worker; the row first, the message to the worker is only a poke after the commit."""
    exportable = named(what)
    require(actor, exportable.verb)
    reason = _demand(actor, exportable, query=query, file_format=file_format, in_full=in_full, reason=reason)
    Staff.objects.select_for_update(of=("self",), no_key=True).get(pk=actor.pk)  # counted one after the other
    if Export.objects.of(actor).unfinished().count() >= MOST_OPEN:
        raise Conflict(
            _("You have %(most)s exports that are not finished yet.") % {"most": MOST_OPEN},
            code="too_many_open",
            remedy=_("Wait for one of them, or call one off."),
        )
    export: Export = Export.objects.create(
        by=actor,
        what=what,
        query=query,
        format=file_format,
        in_full=in_full,
        reason=reason,
        language=language or get_language() or "",
    )
    record(verb="export.ask", thing=thing_of(export), actor=actor, detail=jobs.detail_of(export, exportable))
    transaction.on_commit(lambda: jobs.begin(export.pk, 0), robust=True)
    return export


def _demand(actor: Any, exportable: Exportable, *, query: str, file_format: str, in_full: bool, reason: str) -> str:
    """The reason, if numbers are asked for in full; raises Invalid and NotAllowed."""
    demand_clean({"query": query, "reason": reason})
    if len(query) > _LONGEST_QUERY:
        raise Invalid(_("There are too many filters in this address."), field="query", code="max_length")
    if file_format not in Format.values:
        raise Invalid(_("Please choose one."), field="format", code="invalid_choice")
    if not in_full:
        return ""
    if not exportable.numbers_verb:
        raise Invalid(_("This list has no telephone numbers."), field="in_full", code="no_numbers")
    require(actor, exportable.numbers_verb)
    return said(reason, "reason", limit=200)


@transaction.atomic
def hand_out(*, actor: Any, key: Any) -> tuple[Export, Path]:
    """The file of one's own export, counted and recorded; raises NotFound, Gone, Conflict and NotAllowed."""
    export = _own(actor, key)
    exportable = named(export.what)
    require(actor, exportable.verb)
    if export.in_full:
        require(actor, exportable.numbers_verb)
    if export.state in GONE_STATES or (export.expires_at and export.expires_at <= now()):
        raise _gone()
    if export.state != ExportState.READY:
        raise Conflict(_("This export has no file: %(state)s.") % {"state": export.get_state_display()})
    demand_approval(export)
    path = vault.path_of(export.stored)
    if not path.is_file():
        raise _gone()
    Export.objects.filter(pk=export.pk).update(downloads=F("downloads") + 1, last_download_at=Now())
    record(
        verb="export.download",
        thing=thing_of(export),
        actor=actor,
        detail={"list": export.what, "rows": export.rows_done, "in_full": export.in_full, "bytes": export.size},
    )
    return export, path


@transaction.atomic
def cancel(*, actor: Any, key: Any) -> Export:
    """Call an unfinished export off; its worker finds out with its next piece."""
    export = _own(actor, key)
    if export.state not in OPEN_STATES:
        raise Conflict(_("This export is finished already."), code="finished")
    return _end(export, actor, ExportState.CANCELLED, "export.cancel")


@transaction.atomic
def delete(*, actor: Any, key: Any) -> Export:
    """Take the file away before its time."""
    export = _own(actor, key)
    if export.state != ExportState.READY:
        raise Conflict(_("This export has no file: %(state)s.") % {"state": export.get_state_display()})
    return _end(export, actor, ExportState.DELETED, "export.delete")


def _end(export: Export, actor: Any, state: ExportState, verb: str) -> Export:
    jobs.set_ended(export, state)
    export.save()
    record(verb=verb, thing=thing_of(export), actor=actor, detail={"list": export.what, "rows": export.rows_done})
    transaction.on_commit(lambda: vault.discard(str(export.key)))
    return export


def _own(actor: Any, key: Any) -> Export:
    """Nobody learns of another's exports, whatever their role."""
    export: Export | None = Export.objects.of(actor).select_for_update().filter(key=key).first()
    if export is None:
        raise NotFound
    return export


def _gone() -> Gone:
    return Gone(_("This file is not there any more."), remedy=_("Ask for the list again; a file is kept for 24 hours."))


def thing_of(export: Export) -> str:
    """How the trail names it."""
    return f"export:{export.pk}"
