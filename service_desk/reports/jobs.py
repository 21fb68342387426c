"""Writes long lists, slice by slice: each slice is a whole part on the disk, so that any worker goes on where one died.

A claim raises the row's `fence` and leases it; the part bears the fence in its name, and the row takes it up only if
nobody has claimed meanwhile. So a worker that was frozen and comes back changes nothing, and two never write one file.
Rows are read along the key of their order, a statement for each 2,000: no transaction is open while a file is written.
Who asked is asked for their rights again with each slice, and sees what they may see at that moment.
"""

from __future__ import annotations

import csv
import errno
import io
import logging
import shutil
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from celery import current_app
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.http import QueryDict
from django.urls import reverse
from django.utils import translation
from kombu.exceptions import OperationalError

from service_desk.audit.actions import record
from service_desk.cases.columns import Column
from service_desk.cases.exporting import Format, heads, mark_of, write_xlsx
from service_desk.deadlines.clock import now
from service_desk.notices.actions import NewNotice, send_many
from service_desk.notices.rules import Level
from service_desk.people.access import require
from service_desk.reports import vault
from service_desk.reports.exporting import EXPORTABLE, Exportable, written
from service_desk.reports.models import Export, SentReport
from service_desk.reports.rules import (
    CLOSING,
    ENCLOSED,
    KEPT,
    LEASE,
    LISTED,
    MAX_ATTEMPTS,
    MOST_ROWS,
    OPEN_STATES,
    RENEWED,
    SLICE_SECONDS,
    ExportState,
    Problem,
)
from service_desk.rest.errors import Invalid, NotAllowed
from service_desk.rest.spreadsheets import harmless

#: The door of the worker that calls `go_on`; named, as tasks stand above verbs.
TASK = "service_desk.reports.tasks.write_export"
_MARK = b"\xef\xbb\xbf"  # what Excel wants to see before UTF-8
#: A message that nobody has heeded for so long is sent again.
_POKE_AGAIN = timedelta(seconds=20)
_PUT_OFF = timedelta(seconds=30)
_AT_ONCE = 100
_log = logging.getLogger(__name__)


class _Refused(Exception):  # noqa: N818  (an outcome, not a fault of the program)
    """There will be no file, and trying again is of no use."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


class _Unwanted(Exception):  # noqa: N818  (an outcome, not a fault of the program)
    """Somebody else is at it, or it was called off."""


def begin(export_id: int, fence: int) -> None:
    """Poke a worker; without a broker `tend` does so again. A message counts for the claim after `fence` alone."""
    try:
        current_app.send_task(TASK, [export_id, fence])
    except OperationalError:
        _log.warning("export %s waits: the broker does not answer", export_id)


def go_on(export_id: int, fence: int) -> int | None:
    """Write the next slice, unless somebody else does; the fence for the slice after, None when there is none."""
    claimed = Export.objects.forsaken().filter(pk=export_id, fence=fence, attempts__lt=MAX_ATTEMPTS)
    taken = claimed.update(
        state=ExportState.WRITING, fence=F("fence") + 1, attempts=F("attempts") + 1, lease_until=Now() + LEASE
    )
    if not taken:
        return None
    export = Export.objects.select_related("by").get(pk=export_id)
    with translation.override(export.language):
        try:
            more = _bind(export) if export.all_read else _read(export)
        except NotAllowed:
            more = _end(export, ExportState.REFUSED, Problem.NOT_ALLOWED)
        except Invalid as refusal:  # a filter that is not there any more; or it takes too long
            problem = Problem.TOO_MUCH if refusal.code == "too_much" else Problem.UNKNOWN_LIST
            more = _end(export, ExportState.REFUSED, problem)
        except _Refused as refused:
            more = _end(export, ExportState.REFUSED, refused.problem)
        except OSError as error:
            _log.warning("export %s: %s", export.pk, error)
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            _mine(export).update(lease_until=Now() + _PUT_OFF, problem=Problem.NO_SPACE if full else "")
            more = False
    return export.fence if more else None


def _mine(export: Export) -> Any:
    """The row, as long as nobody has claimed it since and it was not called off."""
    return Export.objects.filter(pk=export.pk, fence=export.fence, state=ExportState.WRITING)


def _demanded(export: Export) -> Exportable:
    """The list, for somebody who may take it along now."""
    exportable = EXPORTABLE.get(export.what)
    if exportable is None:
        raise _Refused(Problem.UNKNOWN_LIST)
    require(export.by, exportable.verb)
    if export.in_full:
        require(export.by, exportable.numbers_verb)
    return exportable


def _read(export: Export) -> bool:
    """Write the next part; whether there is more to do."""
    exportable = _demanded(export)
    asked = QueryDict(export.query)
    columns = exportable.columns(asked)
    rows = exportable.rows(export.by, asked, columns)
    if export.rows_expected is None:
        export.rows_expected = rows.count(MOST_ROWS + 1)
    part = f"{export.fence}.part"
    path = vault.folder_of(str(export.key), make=True) / part
    over, following, more = time.monotonic() + SLICE_SECONDS, export.cursor, 0
    plain = export.format == Format.CSV
    with _created(path) as file:
        writer = csv.writer(file)
        pieces = written(exportable, export.by, rows, columns, export.cursor, in_full=export.in_full)
        for texts, following in pieces:
            writer.writerows([[harmless(text) for text in line] for line in texts] if plain else texts)
            more += len(texts)
            if not following or time.monotonic() >= over:
                break
    done = export.rows_done + more
    if max(done, export.rows_expected) > MOST_ROWS:
        raise _Refused(Problem.TOO_MANY)
    kept: int = _mine(export).update(
        rows_expected=export.rows_expected,
        rows_done=done,
        cursor=following,
        parts=[*export.parts, part],
        all_read=not following,
        lease_until=None,
        attempts=0,
        problem="",
        poked_at=Now(),
    )
    if not kept:
        path.unlink(missing_ok=True)
    return bool(kept)


def _created(path: Path) -> io.TextIOWrapper:
    path.touch(mode=0o600)
    return path.open("w", encoding="utf-8", newline="")


def _bind(export: Export) -> bool:
    """Make one file of the parts; then it is ready, and its person is told.

    A workbook of a million rows takes a minute or two: meanwhile it is said time and again that this worker lives, and
    looked whether the file is still wanted.
    """
    exportable = _demanded(export)
    columns = exportable.columns(QueryDict(export.query))
    folder = vault.folder_of(str(export.key), make=True)
    path = folder / f"{export.fence}.{export.format}"
    path.touch(mode=0o600)
    parts = [folder / part for part in export.parts]
    try:
        if export.format == Format.CSV:
            _join(path, columns, _alive(export, parts))
        else:
            with path.open("wb") as file:
                lines = _lines(_alive(export, parts))
                write_xlsx(file, heads(columns), lines, str(folder), mark=mark_of(export.by))
        made = _ready(export, exportable, path, columns)
    except _Unwanted:
        made = False
    if not made:
        path.unlink(missing_ok=True)
        return False
    for part_path in parts:
        part_path.unlink(missing_ok=True)
    return False


def _alive(export: Export, parts: Sequence[Path]) -> Iterator[Path]:
    """The parts; between two of them the lease is renewed, unless somebody has called the export off meanwhile."""
    renewed = time.monotonic()
    for part in parts:
        if time.monotonic() - renewed > RENEWED:
            if not _mine(export).update(lease_until=Now() + LEASE):
                raise _Unwanted
            renewed = time.monotonic()
        yield part
    _mine(export).update(lease_until=Now() + CLOSING)


def _join(path: Path, columns: Sequence[Column], parts: Iterable[Path]) -> None:
    with path.open("wb") as file:
        head = io.StringIO(newline="")
        csv.writer(head).writerow([harmless(text) for text in heads(columns)])
        file.write(_MARK + head.getvalue().encode())
        for part in parts:
            with part.open("rb") as piece:
                shutil.copyfileobj(piece, file, 1024 * 1024)


def _lines(parts: Iterable[Path]) -> Iterator[list[str]]:
    for part in parts:
        with part.open(encoding="utf-8", newline="") as file:
            yield from csv.reader(file)


@transaction.atomic
def _ready(export: Export, exportable: Exportable, path: Path, columns: Sequence[Column]) -> bool:
    """Say that the file is there, in one transaction with the trail and the notice; whether it was still wanted."""
    moment = now()
    export.expires_at, export.size = moment + KEPT, path.stat().st_size
    wanted = _mine(export).update(
        state=ExportState.READY,
        stored=f"{export.key}/{path.name}",
        size=export.size,
        expires_at=export.expires_at,
        ended_at=moment,
        lease_until=None,
        attempts=0,
        query=urlencode(exportable.filters(export.query)),
        cursor="",
        parts=[],
    )
    if not wanted:
        return False
    detail = detail_of(export, exportable) | {"rows": export.rows_done, "columns": [column.key for column in columns]}
    record(verb="export.written", thing=f"export:{export.pk}", actor=export.by, detail=detail)
    _tell(export, "export_ready", {"until": export.expires_at.isoformat()})
    return True


@transaction.atomic
def _end(export: Export, state: ExportState, problem: Problem) -> bool:
    """There will be no file: said on the row, in the trail and to its person. Never more to do."""
    found = _mine(export).select_for_update().first()
    if found is None:
        return False
    set_ended(found, state, problem)
    found.save()
    record(
        verb="export.refused",
        thing=f"export:{export.pk}",
        actor=export.by,
        detail={"list": export.what, "problem": str(problem)},
    )
    _tell(export, "export_failed", {"problem": str(problem)})
    transaction.on_commit(lambda: vault.discard(str(export.key)))
    return False


def set_ended(export: Export, state: ExportState, problem: str = "") -> None:
    """What the columns of an export that is over say; the caller holds its lock and saves."""
    exportable = EXPORTABLE.get(export.what)
    export.state, export.problem, export.ended_at = state, problem, export.ended_at or now()
    export.lease_until, export.fence = None, export.fence + 1
    export.cursor, export.parts, export.stored = "", [], ""
    export.query = urlencode(exportable.filters(export.query)) if exportable else ""


def _tell(export: Export, kind: str, facts: dict[str, Any]) -> None:
    key = f"export:{export.pk}:{kind}"
    given = {"list": export.what, "rows": export.rows_done, "format": export.format, **facts}
    send_many(
        [
            NewNotice(
                dedup_key=key,
                chain=key,
                kind=kind,
                level=Level.INFO,
                recipient_id=export.by_id,
                facts=given,
                about=f"export:{export.pk}",
                link=reverse("export-list"),
                private=True,
            )
        ]
    )


def detail_of(export: Export, exportable: Exportable) -> dict[str, Any]:
    """What the trail keeps of it."""
    detail: dict[str, Any] = {
        "list": export.what,
        "format": export.format,
        "filters": exportable.filters(export.query),
        "in_full": export.in_full,
    }
    return detail | {"reason": export.reason} if export.in_full else detail


def tend() -> None:
    """Poke workers for what waits without one, and give up what has killed too many of them."""
    lost = Export.objects.forsaken().filter(attempts__gte=MAX_ATTEMPTS).select_related("by")
    for export in lost.order_by("pk")[:_AT_ONCE]:
        _end(export, ExportState.FAILED, Problem(export.problem) if export.problem else Problem.WORKER_LOST)
    waiting = Export.objects.forsaken().filter(attempts__lt=MAX_ATTEMPTS, poked_at__lte=Now() - _POKE_AGAIN)
    for export in waiting.order_by("pk")[:_AT_ONCE]:
        if waiting.filter(pk=export.pk, fence=export.fence).update(poked_at=Now()):
            begin(export.pk, export.fence)


def sweep() -> None:
    """Take away what is over: files past their time, rows past theirs, folders that no row names."""
    moment = now()
    for export in Export.objects.filter(state=ExportState.READY, expires_at__lte=moment)[:_AT_ONCE]:
        _expire(export.pk)
    Export.objects.exclude(state__in=OPEN_STATES).filter(ended_at__lt=moment - LISTED).delete()
    for key in vault.settled(moment):
        if not _is_needed(key, moment):
            vault.discard(key)


@transaction.atomic
def _expire(export_id: int) -> None:
    found = Export.objects.select_for_update().filter(pk=export_id, state=ExportState.READY).first()
    if found is None:
        return
    set_ended(found, ExportState.EXPIRED)
    found.save()
    transaction.on_commit(lambda: vault.discard(str(found.key)))


def _is_needed(key: str, moment: datetime) -> bool:
    """Whether a row still names this folder."""
    try:
        name = uuid.UUID(key)
    except ValueError:
        return False
    if Export.objects.filter(key=name, state__in=[*OPEN_STATES, ExportState.READY]).exists():
        return True
    return SentReport.objects.filter(key=name, written_at__gte=moment - ENCLOSED).exists()
