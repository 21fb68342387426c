"""A sum that nobody can wait for is computed beside: asked for once, answered by a worker, kept for an hour."""

from __future__ import annotations

import json
import logging
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from celery import current_app
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy
from kombu.exceptions import OperationalError

from service_desk.people.models import Staff
from service_desk.reports.figures import Question, answer, question
from service_desk.reports.models import LongSum
from service_desk.reports.periods import Period
from service_desk.reports.rules import MOST_SUMS, SUM_KEPT
from service_desk.reports.shapes import Report
from service_desk.reports.summing import Sums, from_plain, plain, summed
from service_desk.rest.errors import Invalid, Refusal
from service_desk.rest.sums import PATIENT_SECONDS

TASK = "service_desk.reports.tasks.compute_sums"
_FAILED = "failed"
_POKE_AGAIN = timedelta(seconds=20)
TOO_LONG = gettext_lazy("This cannot be summed up even in a minute.")
REMEDY = gettext_lazy("Choose fewer days, or one service line.")
_log = logging.getLogger(__name__)


def known(asked: Question) -> LongSum | None:
    """What was asked for already and is still of use."""
    found: LongSum | None = LongSum.objects.fresh().filter(owner=asked.user, digest=_digest(asked)).first()
    return found


def answered(asked: Question, *, beside: bool) -> tuple[Report | None, LongSum | None]:
    """The report, and the row from which it comes where it was computed beside; no report while it still is.

    `beside`: what takes too long is given to a worker; else it is refused.
    """
    row = known(asked)
    if row is None:
        try:
            return answer(asked), None
        except Invalid as refusal:
            if refusal.code != "too_much" or not beside:
                raise
            row = compute_beside(asked, refusal)
    found = answer_of(row)
    return (None if found is None else answer(asked, found)), row


def tend() -> None:
    """Wake a worker again for what has waited for long."""
    if LongSum.objects.waiting().filter(asked_at__lte=Now() - _POKE_AGAIN).exists():
        poke()


def answer_of(row: LongSum) -> Sums | None:
    """What was found; nothing while it is being computed. Raises what stood in the way."""
    if row.problem:
        raise Invalid(TOO_LONG, field="since", code="too_much", remedy=REMEDY)
    return from_plain(row.answer) if row.answer is not None else None


@transaction.atomic
def compute_beside(asked: Question, refusal: Invalid) -> LongSum:
    """Have it computed; `refusal` is raised where this person waits for too many already."""
    Staff.objects.select_for_update(of=("self",), no_key=True).get(pk=asked.user.pk)  # counted one after the other
    row = known(asked)
    if row is not None:
        return row
    if LongSum.objects.waiting().filter(owner=asked.user).count() >= MOST_SUMS:
        raise refusal
    made, _new = LongSum.objects.update_or_create(
        owner=asked.user,
        digest=_digest(asked),
        defaults={
            "report": asked.figure.key,
            "question": _question(asked),
            "asked_at": Now(),
            "done_at": None,
            "problem": "",
            "answer": None,
        },
    )
    transaction.on_commit(poke, robust=True)
    asked_for: LongSum = LongSum.objects.get(pk=made.pk)
    return asked_for


def poke() -> None:
    """Wake a worker; without a broker the sweep does so later."""
    try:
        current_app.send_task(TASK)
    except OperationalError:
        _log.warning("long sums wait: the broker does not answer")


@transaction.atomic
def compute_next() -> bool:
    """Compute the one asked for first that nobody else is at; whether there was one.

    Its row is locked meanwhile, so that a worker that dies gives it free at once.
    """
    row = LongSum.objects.waiting().select_for_update(skip_locked=True, of=("self",)).order_by("asked_at", "id").first()
    if row is None:
        return False
    try:
        with transaction.atomic():
            asked = _asked(row)
            found = summed(asked.asked(with_before=True), list(asked.figure.outcomes), seconds=PATIENT_SECONDS)
        row.answer = plain(found)
    except Refusal as refusal:  # too long even so; a right that was lost; a filter that is not there any more
        row.problem = refusal.code[:20]
    except Exception:
        # One that cannot be computed must not keep the others waiting for ever.
        _log.exception("the long sum %s cannot be computed", row.pk)
        row.problem = _FAILED
    LongSum.objects.filter(pk=row.pk).update(answer=row.answer, problem=row.problem, done_at=Now())
    return True


def forget() -> int:
    """Take away what is of no use any more; how many."""
    gone, _each = LongSum.objects.filter(done_at__lte=Now() - SUM_KEPT).delete()
    return gone


def _question(asked: Question) -> dict[str, Any]:
    days = {"since": asked.period.since.isoformat(), "until": asked.period.until.isoformat()}
    return {**days, "by": asked.by.key, "filters": dict(asked.filters)}


def _digest(asked: Question) -> str:
    return sha256(json.dumps([asked.figure.key, _question(asked)], sort_keys=True).encode()).hexdigest()


def _asked(row: LongSum) -> Question:
    """As its owner may ask it now."""
    given = row.question
    period = Period(date.fromisoformat(given["since"]), date.fromisoformat(given["until"]))
    owner = Staff.objects.get(pk=row.owner_id)
    return question(owner, row.report, period, given["by"], given["filters"])
