"""The mechanism under every verb of a complaint: the case's own, with the complaint beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.cases.actions.changing import Change
from service_desk.cases.actions.watching import tell_watchers
from service_desk.cases.models import Case
from service_desk.complaints.models import Complaint, Instance
from service_desk.complaints.rules import HOLDS
from service_desk.deadlines.clock import now
from service_desk.notices.live import poke_case
from service_desk.people.access import require
from service_desk.rest.errors import Conflict, NotFound, Stale


@dataclass
class Complaining(Change):
    """One verb at work on one locked complaint; its case is locked with it."""

    complaint: Complaint = field(kw_only=True)

    def open_instance(self) -> Instance | None:
        """The instance whose decision is still to come."""
        return self.complaint.instances.filter(decided_at=None, passed_on_at=None).first()

    def last_instance(self) -> Instance:
        """The one reached last, decided or not."""
        found = self.complaint.instances.order_by("-id").first()
        if found is None:
            raise Conflict(_("The complaint has no instance."), code="no_instance")
        return found

    def holds(self) -> bool:
        """Whether it was found, by the last decision there is, that somebody did something wrong (P10)."""
        decided = self.complaint.instances.exclude(decided_at=None).order_by("-id").first()
        return decided is not None and decided.finding in HOLDS


@contextmanager
def complaining(
    *,
    complaint: Complaint,
    actor: Any,
    verb: str,
    version: int | None = None,
    detail: Mapping[str, Any] | None = None,
    override: str = "",
    ended: bool = False,
) -> Iterator[Complaining]:
    """Lock case and complaint, refuse what may not be, hand them over, save both with history and audit.

    Raises NotFound for everybody outside the circle, NotAllowed, Stale; Conflict once the case has ended, unless the
    verb belongs to what comes afterwards (`ended`).
    """
    with transaction.atomic():
        locked = (
            Case.objects.visible_to(actor).select_for_update(of=("self",)).filter(pk=complaint.pk, kind="complaint")
        ).first()
        if locked is None:
            raise NotFound(_("There is no such complaint."))
        found = Complaint.objects.get(pk=locked.pk)
        found.case = locked
        require(actor, f"complaint.{verb}", found)
        if version is not None and version != locked.version:
            raise Stale
        if not ended and not locked.is_open:
            raise Conflict(_("The complaint is closed."), code="closed")
        change = Complaining(case=locked, actor=actor, now=now(), complaint=found, override=override)
        yield change
        found.save()
        locked.version += 1
        locked.save()
        record(verb=f"complaint.{verb}", thing=f"case:{locked.pk}", actor=actor, detail=dict(detail or {}))
        tell_watchers(change)
        poke_case(locked.number, locked.told_pages)
        locked.language_found = tuple(change.found)
