"""Checking talks afterwards (K3): the row first, then in pieces that any worker may go on with; nothing twice."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from celery import current_app
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from service_desk.audit.actions import record
from service_desk.knowledge.actions.findings import record_findings
from service_desk.knowledge.current import check_text
from service_desk.knowledge.models import LanguageFinding, Transcript, TranscriptLine
from service_desk.knowledge.rules import Direction, TranscriptState
from service_desk.knowledge.talks import LONGEST_LINE, MOST_LINES, Line, UnreadableTalk, demand_lines, read
from service_desk.people.access import require
from service_desk.people.models import Staff
from service_desk.rest.clean import demand_clean
from service_desk.rest.errors import Invalid

#: The door of the worker that calls `go_on`; named, as tasks stand above verbs.
TASK = "service_desk.knowledge.tasks.check_transcript"
_log = logging.getLogger(__name__)
_TITLE = 120
_PIECE = 200  # lines of one transaction
#: Nobody has gone on for so long: another worker takes it.
FORSAKEN = timedelta(seconds=60)


def send_in(
    *, actor: Any, title: str, text: str = "", lines: Sequence[Line] | None = None, agent: Staff | None = None
) -> Transcript:
    """Keep a talk that is to be checked; who asks for it hands its number to `tasks.check_transcript`."""
    with transaction.atomic():
        require(actor, "transcript.send")
        demand_clean({"title": title, "text": text, "lines": [line.text for line in lines or ()]})
        title = title.strip()
        if not title or len(title) > _TITLE:
            raise Invalid(_("Give it a title of at most %(limit)s characters.") % {"limit": _TITLE}, field="title")
        try:
            talk = read(text) if lines is None else demand_lines(list(lines))
        except UnreadableTalk as error:
            raise Invalid(_told(error), field="text" if lines is None else "lines", code=error.code) from error
        made = Transcript.objects.create(title=title, by=actor, agent=agent, lines_count=len(talk))
        TranscriptLine.objects.bulk_create(
            [
                TranscriptLine(transcript=made, number=number, speaker=line.speaker, text=line.text)
                for number, line in enumerate(talk, start=1)
            ],
            batch_size=5_000,
        )
        record(verb="transcript.send", thing=f"transcript:{made.pk}", actor=actor, detail={"lines": len(talk)})
    return made


def _told(error: UnreadableTalk) -> str:
    messages = {
        "empty": _("There is no line in it."),
        "too_large": _("It is larger than 5 million characters."),
        "too_many_lines": _("It has more than %(most)d lines."),
        "line_too_long": _("Line %(line)d is longer than %(longest)d characters."),
        "bad_row": _("Row %(line)d lacks a speaker (agent, customer or unknown) or a text."),
        "no_csv": _("This is no CSV file."),
    }
    return messages[error.code] % {"line": error.line, "most": MOST_LINES, "longest": LONGEST_LINE}


def begin(*, transcript_id: int) -> None:
    """Have a talk checked by a worker now; without a broker the sweep finds it within a minute or two."""
    try:
        current_app.send_task(TASK, [transcript_id])
    except OperationalError:
        _log.warning("transcript %s waits for the sweep: the broker does not answer", transcript_id)


def go_on(*, transcript_id: int) -> bool:
    """Check the next piece, unless another worker is at it; whether there is more to do.

    Lines, findings and how far it has come are written in one transaction: a worker that dies leaves no half piece.
    """
    with transaction.atomic():
        found = (
            Transcript.objects.unfinished()
            .select_for_update(skip_locked=True, of=("self",))
            .filter(pk=transcript_id)
            .first()
        )
        if found is None:
            return False
        lines = list(found.lines.filter(number__gt=found.done).order_by("number")[:_PIECE])
        for line in lines:
            found.found += len(_check(found, line))
        found.done = lines[-1].number if lines else found.lines_count
        over = found.done >= found.lines_count
        found.state = TranscriptState.DONE if over else TranscriptState.RUNNING
        found.moved_at = Now()
        found.ended_at = Now() if over else None
        found.save(update_fields=["state", "done", "found", "moved_at", "ended_at"])
    return not over


def _check(transcript: Transcript, line: TranscriptLine) -> list[LanguageFinding]:
    answer = check_text(line.text, Direction.TRANSCRIPT, line.speaker)
    return record_findings(
        answer=answer,
        text=line.text,
        direction=Direction.TRANSCRIPT,
        speaker=line.speaker,
        thing=f"transcript:{transcript.pk}:{line.number}",
        said_by=transcript.agent,
    )


def forsaken() -> list[int]:
    """The transcripts that nobody goes on with: their worker died, or the message was lost."""
    late = Transcript.objects.unfinished().filter(moved_at__lt=Now() - FORSAKEN)
    return list(late.order_by("moved_at").values_list("pk", flat=True)[:100])
