"""What is added to a case without moving it, drafts and files: locked, allowed, audited; nobody's form grows old."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.cases.actions.changing import Change, survivor_of
from service_desk.cases.actions.watching import tell_watchers
from service_desk.cases.models import Case
from service_desk.cases.rules import DEEDS, refusal
from service_desk.cases.webhook_events import tell_programs
from service_desk.notices.live import poke_case
from service_desk.people.access import require
from service_desk.rest.errors import Conflict, NotFound


@contextmanager
def beside(*, case: Case, actor: Any, verb: str) -> Iterator[Change]:
    """Lock the case and hand it over; the case itself is not saved. Of a merged case it is the one it went on in."""
    with transaction.atomic():
        locked = (
            Case.objects.visible_to(actor)
            .select_for_update(of=("self",))
            .annotate(locked_at=Now())
            .filter(pk=survivor_of(case, actor).pk)
            .first()
        )
        if locked is None:
            raise NotFound(_("There is no such case."))
        require(actor, f"case.{verb}", locked)
        words = refusal(DEEDS[verb], locked)
        if words is not None:
            raise Conflict(str(words), code="not_possible")
        moment: datetime = getattr(locked, "locked_at")  # noqa: B009 - an annotation of the query
        change = Change(case=locked, actor=actor, now=moment)
        yield change
        tell_watchers(change)
        tell_programs(change)
        poke_case(locked.number, locked.told_pages)


def audit(change: Change, verb: str, **detail: Any) -> None:
    """One line of the trail about the case."""
    record(verb=f"case.{verb}", thing=f"case:{change.case.pk}", actor=change.actor, detail=detail)
