"""Celery's doors to the knowledge room."""

import logging

from celery import shared_task
from kombu.exceptions import OperationalError

from service_desk.knowledge.actions.articles_telling import sweep
from service_desk.knowledge.actions.transcripts import forsaken, go_on

_log = logging.getLogger(__name__)


@shared_task
def sweep_articles() -> None:
    """Tell of review dates that are near or over."""
    sweep()


@shared_task
def check_transcript(transcript_id: int) -> None:
    """Check a talk piece by piece; whatever stops this worker, `sweep_transcripts` hands it to another."""
    while go_on(transcript_id=transcript_id):
        pass


@shared_task
def sweep_transcripts() -> None:
    """Go on with talks that nobody goes on with."""
    for transcript_id in forsaken():
        check_transcript.delay(transcript_id)


def begin_transcript(transcript_id: int) -> None:
    """Have a talk checked now; without a broker the sweep finds it within a minute or two."""
    try:
        check_transcript.delay(transcript_id)
    except OperationalError:
        _log.warning("transcript %s waits for the sweep: the broker does not answer", transcript_id)
