"""The verbs of quality: suspect, verify, dismiss, withdraw, object, answer, praise, correct, close a month (C4, Q2)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.deadlines.clock import SKEW, now
from service_desk.notices.actions import NewNotice, send_many
from service_desk.notices.rules import Level
from service_desk.people.access import require
from service_desk.people.directory import Directory
from service_desk.people.models import Staff
from service_desk.quality.models import ClosedMonth, LedgerEntry, Violation
from service_desk.quality.rules import LEVEL_ONE, EntryKind, Offence, Share, ViolationState, month_of, next_month
from service_desk.quality.webhook_events import tell_programs
from service_desk.rest.clean import demand_clean
from service_desk.rest.errors import Conflict, Invalid, NotFound

_LONGEST = 2000


@dataclass(frozen=True)
class Found:
    """A fact that may be a violation: whose, when, and the key of where it was found.

    `line` is the person's chief and unit as they were then, where that was written down; otherwise those of now.
    """

    offence: Offence
    source: str
    person_id: int
    happened_at: datetime
    detail: str = ""
    line: tuple[int | None, int | None] | None = None


def suspect(found: Found) -> Violation:
    """Open a suspicion, once: a sweep that finds the same fact again gets the row that is there, whatever its state.

    Only what was withdrawn because a fact refuted it is suspected again when the facts say so after all. Both the
    person and the chief are told.
    """
    with transaction.atomic():
        directory = Directory.load()
        chief_id, unit_id = found.line or (directory.superior(found.person_id), directory.unit_of.get(found.person_id))
        violation, made = Violation.objects.get_or_create(
            offence=found.offence,
            source=found.source,
            person_id=found.person_id,
            defaults={
                "chief_id": chief_id,
                "unit_id": unit_id,
                "happened_at": found.happened_at,
                "detail": found.detail,
            },
        )
        if not made:
            violation = _locked(violation)
            if violation.state != ViolationState.WITHDRAWN:
                return violation
            violation.state, violation.decided_at, violation.decision = ViolationState.SUSPECTED, None, ""
            violation.save(update_fields=["state", "decided_at", "decision"])
        record(verb="violation.suspect", thing=_key(violation), actor=None, detail={"again": not made}, door="worker")
        _tell(violation, "violation_suspected", mark="" if made else f":{now().isoformat()}")
    return violation


def report(*, actor: Any, offence: str, person: Staff, happened_at: datetime, source: str, detail: str) -> Violation:
    """Somebody has found a violation; raises Invalid when it is known already, lies ahead, or is the reporter's own."""
    with transaction.atomic():
        require(actor, "violation.report")
        if offence not in Offence.values:
            raise Invalid(_("Please choose one of the values."), field="offence", code="invalid_choice")
        moment = now()
        if happened_at > moment + SKEW:
            raise Invalid(_("It cannot have happened in the future."), field="happened_at", code="future")
        if person.pk == actor.pk:
            raise Invalid(_("Nobody reports themselves; somebody else does it."), field="person", code="own")
        words = _said(detail, "detail")
        where = _said(source, "source", limit=80)
        directory = Directory.load()
        try:
            with transaction.atomic():
                violation = Violation.objects.create(
                    offence=offence,
                    source=where,
                    person=person,
                    chief_id=directory.superior(person.pk),
                    unit_id=directory.unit_of.get(person.pk),
                    happened_at=happened_at,
                    found_by=actor,
                    detail=words,
                )
        except IntegrityError as error:
            raise Invalid(
                _("This has been reported for this person already."),
                field="source",
                code="exists",
                remedy=_("Open it in the list of violations."),
            ) from error
        record(verb="violation.report", thing=_key(violation), actor=actor)
        _tell(violation, "violation_suspected")
    return violation


def verify(*, violation: Violation, actor: Any, reason: str) -> Violation:
    """It counts: of level 1 the person and the section chief each carry fine and points of the month (C4).

    A late registration is no missed one: the person carries what the company sets for it, nothing unless it does.
    """
    with _deciding(violation, actor, "verify") as (found, moment):
        _settle(found, ViolationState.VERIFIED, actor, moment, reason)
        month = _open_month(month_of(found.happened_at, settings.TIME_ZONE), moment)
        grave = found.offence in LEVEL_ONE
        points = settings.VIOLATION_POINTS if grave else settings.LATE_REGISTRATION_POINTS
        yuan = settings.VIOLATION_FINE_YUAN if grave else settings.LATE_REGISTRATION_FINE_YUAN
        carriers = [(Share.PERSON, found.person_id), *([(Share.CHIEF, found.chief_id)] if grave else [])]
        for share, staff_id in carriers:
            if staff_id is None or (share == Share.CHIEF and staff_id == found.person_id):
                continue
            LedgerEntry.objects.create(
                staff_id=staff_id,
                unit_id=found.unit_id,
                month=month,
                kind=EntryKind.VIOLATION,
                share=share,
                points=-points,
                yuan=-yuan,
                violation=found,
                text=found.decision,
                by=actor,
            )
        _tell(found, "violation_verified")
    return found


def dismiss(*, violation: Violation, actor: Any, reason: str) -> Violation:
    """It was none; the reason stays."""
    with _deciding(violation, actor, "dismiss") as (found, moment):
        _settle(found, ViolationState.DISMISSED, actor, moment, reason)
        _tell(found, "violation_dismissed")
    return found


def withdraw(*, violation: Violation, reason: str) -> Violation:
    """A late fact refutes the suspicion; one that was verified meanwhile is left to an objection."""
    with transaction.atomic():
        found = _locked(violation)
        if found.state == ViolationState.SUSPECTED:
            _settle(found, ViolationState.WITHDRAWN, None, now(), reason)
            found.save()
            record(verb="violation.withdraw", thing=_key(found), actor=None, door="worker")
            _tell(found, "violation_dismissed", mark=f":{now().isoformat()}")
    return found


def object_to(*, violation: Violation, actor: Any, text: str) -> Violation:
    """The person concerned objects once, with the reason, before the month closes (C4)."""
    with transaction.atomic():
        found = _locked(violation, actor)
        require(actor, "violation.object", found)
        if found.state != ViolationState.VERIFIED:
            raise Conflict(_("Only a verified violation is objected to."), code="not_verified")
        if found.objected_at is not None:
            raise Conflict(_("An objection has been made already; there is one."), code="objected")
        entry = found.entries.filter(share=Share.PERSON).first()
        if entry is not None and ClosedMonth.objects.filter(pk=entry.month).exists():
            raise Conflict(_("The month is closed; an objection is made before."), code="month_closed")
        found.objection, found.objected_at = _said(text, "text"), now()
        found.save()
        record(verb="violation.object", thing=_key(found), actor=actor)
        _tell(found, "violation_objected", to=found.decided_by_id)
    return found


def answer_objection(*, violation: Violation, actor: Any, upheld: bool, text: str) -> Violation:
    """Uphold the objection, which takes every line back by a further one, or reject it; with the reason."""
    with transaction.atomic():
        found = _locked(violation, actor)
        require(actor, "violation.answer", found)
        if found.objected_at is None:
            raise Conflict(_("There is no objection."), code="no_objection")
        if found.answered_at is not None:
            raise Conflict(_("The objection has been answered already."), code="answered")
        found.answer, found.answered_by, found.answered_at = _said(text, "text"), actor, now()
        found.upheld = bool(upheld)
        found.save()
        if found.upheld:
            for entry in found.entries.filter(kind=EntryKind.VIOLATION):
                _take_back(entry, actor, found.answer, found.answered_at)
        record(verb="violation.answer", thing=_key(found), actor=actor, detail={"upheld": found.upheld})
        _tell(found, "violation_answered", to=found.person_id)
    return found


def praise(*, actor: Any, person: Staff, text: str, points: int = 0) -> LedgerEntry:
    """Praise in the same ledger (P10); `points` are added to the month's assessment."""
    with transaction.atomic():
        require(actor, "ledger.praise")
        if person.pk == actor.pk:
            raise Invalid(_("Nobody praises themselves."), field="person", code="own")
        if not 0 <= points <= 10:
            raise Invalid(_("Please give 0 to 10 points."), field="points", code="out_of_range")
        moment = now()
        entry = LedgerEntry.objects.create(
            staff=person,
            unit_id=person.unit_id,
            month=_open_month(month_of(moment, settings.TIME_ZONE), moment),
            kind=EntryKind.PRAISE,
            points=points,
            text=_said(text, "text"),
            by=actor,
        )
        record(verb="ledger.praise", thing=f"ledgerentry:{entry.pk}", actor=actor, detail={"staff": person.pk})
    return entry


def correct(*, entry: LedgerEntry, actor: Any, text: str) -> LedgerEntry:
    """Take a line back by a further one; the line itself stays as it is (Q2)."""
    with transaction.atomic():
        require(actor, "ledger.correct", entry)
        if entry.staff_id == actor.pk:
            raise Invalid(_("Nobody corrects their own line."), code="own")
        if entry.kind == EntryKind.CORRECTION or entry.corrections.exists():
            raise Conflict(_("This line has been corrected already."), code="corrected")
        made = _take_back(entry, actor, _said(text, "text"), now())
        record(verb="ledger.correct", thing=f"ledgerentry:{entry.pk}", actor=actor)
    return made


def close_month(*, actor: Any, month: date) -> ClosedMonth:
    """Make the ledger of a month that is over final; open suspicions and objections of it must be decided first."""
    with transaction.atomic():
        require(actor, "ledger.close")
        if month.day != 1:
            raise Invalid(_("A month is named by its first day."), field="month", code="not_first_day")
        if next_month(month) > now().astimezone(_zone()).date():
            raise Conflict(_("The month is not over yet."), code="month_running")
        undecided = _undecided(month)
        if undecided:
            raise Conflict(
                _("%(count)s suspicions or objections of this month are not decided yet.") % {"count": undecided},
                code="undecided",
            )
        closed, made = ClosedMonth.objects.get_or_create(month=month, defaults={"closed_by": actor})
        if not made:
            raise Conflict(_("The month is closed already."), code="closed")
        record(verb="ledger.close", thing=f"month:{month:%Y-%m}", actor=actor)
    return closed


def sums_of(month: date) -> dict[int, dict[str, int]]:
    """Points and yuan of each person in a month, with corrections counted in."""
    rows = LedgerEntry.objects.filter(month=month).values("staff").annotate(points=Sum("points"), yuan=Sum("yuan"))
    return {row["staff"]: {"points": row["points"], "yuan": row["yuan"]} for row in rows}


@contextmanager
def _deciding(violation: Violation, actor: Any, verb: str) -> Iterator[tuple[Violation, datetime]]:
    """Lock a suspicion, refuse what may not be decided, then save and audit the decision."""
    with transaction.atomic():
        found = _locked(violation, actor)
        require(actor, f"violation.{verb}", found)
        if found.state != ViolationState.SUSPECTED:
            raise Conflict(
                _("This has been decided already: %(state)s.") % {"state": found.get_state_display()}, code="decided"
            )
        yield found, now()
        record(verb=f"violation.{verb}", thing=_key(found), actor=actor)


def _settle(found: Violation, state: ViolationState, actor: Any, moment: datetime, reason: str) -> None:
    found.state, found.decided_by, found.decided_at = state, actor, moment
    found.decision = _said(reason, "reason")
    found.save()


def _locked(violation: Violation, actor: Any = None) -> Violation:
    rows = Violation.objects.select_for_update(of=("self",))
    found = (rows if actor is None else rows.visible_to(actor)).filter(pk=violation.pk).first()
    if found is None:
        raise NotFound(_("There is no such violation."))
    return found


def _open_month(month: date, moment: datetime) -> date:
    """The month itself while it is open, otherwise the present one: a closed month takes no further line (Q2)."""
    return month_of(moment, settings.TIME_ZONE) if ClosedMonth.objects.filter(pk=month).exists() else month


def _take_back(entry: LedgerEntry, actor: Any, text: str, moment: datetime) -> LedgerEntry:
    return LedgerEntry.objects.create(
        staff_id=entry.staff_id,
        unit_id=entry.unit_id,
        month=_open_month(entry.month, moment),
        kind=EntryKind.CORRECTION,
        share=entry.share,
        points=-entry.points,
        yuan=-entry.yuan,
        violation_id=entry.violation_id,
        corrects=entry,
        text=text,
        by=actor,
    )


def _undecided(month: date) -> int:
    start = datetime(month.year, month.month, 1, tzinfo=_zone())
    following = next_month(month)
    end = datetime(following.year, following.month, 1, tzinfo=_zone())
    of_month = Violation.objects.filter(happened_at__gte=start, happened_at__lt=end)
    objections = of_month.filter(objected_at__isnull=False, answered_at=None)
    return of_month.suspected().count() + objections.count()


def _zone() -> ZoneInfo:
    return ZoneInfo(settings.TIME_ZONE)


def _said(value: str, field: str, *, limit: int = _LONGEST) -> str:
    demand_clean({field: value})
    text = (value or "").strip()
    if not text:
        raise Invalid(_("Please fill this in."), field=field, code="required")
    if len(text) > limit:
        raise Invalid(
            _("Please write at most %(limit)s characters.") % {"limit": limit}, field=field, code="max_length"
        )
    return text


def _key(violation: Violation) -> str:
    return f"violation:{violation.pk}"


def _tell(violation: Violation, kind: str, *, to: int | None = None, mark: str = "") -> None:
    """The person and the chief, or the one who is named; the words carry no customer. Other programs hear decisions."""
    if to is None:
        tell_programs(violation)
    told = [to] if to is not None else [violation.person_id, violation.chief_id]
    facts = {"offence": violation.offence, "source": violation.source, "reason": violation.decision}
    send_many(
        [
            NewNotice(
                dedup_key=f"violation:{violation.pk}:{kind}:{staff_id}{mark}",
                chain=f"violation:{violation.pk}:{kind}:{staff_id}{mark}",
                kind=kind,
                level=Level.WARNING if kind == "violation_verified" else Level.INFO,
                recipient_id=staff_id,
                slot="person" if staff_id == violation.person_id else "chief",
                facts=facts,
                about=_key(violation),
                link=violation.get_absolute_url(),
                private=True,
            )
            for staff_id in dict.fromkeys(told)
            if staff_id is not None
        ]
    )
