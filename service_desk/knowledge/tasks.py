"""Celery's doors to the knowledge room."""

from celery import shared_task

from service_desk.knowledge.actions.articles_telling import sweep
from service_desk.knowledge.actions.transcripts import begin, forsaken, go_on


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
        begin(transcript_id=transcript_id)
