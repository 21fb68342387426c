"""Who is on duty and who is away: planned by verbs, so that every door keeps the same rules (C18, D10)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.people.access import require
from service_desk.people.models import Absence, DutyShift, Staff
from service_desk.people.rules import DutyRole
from service_desk.rest.clean import demand_clean
from service_desk.rest.errors import Conflict, Invalid
from service_desk.turns import take_turn

LONGEST_SHIFT = timedelta(days=31)
LONGEST_ABSENCE = timedelta(days=366)
_REASON = 200


def plan_shift(*, actor: Any, role: str, staff: Staff, starts_at: datetime, ends_at: datetime) -> DutyShift:
    """Put somebody on duty; raises NotAllowed, or Invalid naming the field (unknown role, order, overlap)."""
    with transaction.atomic():
        require(actor, "roster.plan")
        if role not in DutyRole.values:
            raise Invalid(_("Please choose one of the values."), field="role", code="invalid_choice")
        _check_active(staff, "staff")
        _check_times(starts_at, ends_at, LONGEST_SHIFT)
        take_turn("people_dutyshift")
        try:
            with transaction.atomic():
                shift = DutyShift.objects.create(role=role, staff=staff, starts_at=starts_at, ends_at=ends_at)
        except IntegrityError as error:
            raise _taken(role, starts_at, ends_at) from error
        record(verb="roster.plan", thing=f"dutyshift:{shift.pk}", actor=actor, detail=_told(shift))
    return shift


def remove_shift(*, actor: Any, shift: DutyShift) -> None:
    """Take a shift off the roster. One that has begun ends now instead: who was on duty stays known."""
    with transaction.atomic():
        require(actor, "roster.plan", shift)
        locked = DutyShift.objects.select_for_update().annotate(moment=Now()).filter(pk=shift.pk).first()
        if locked is None:
            return
        if locked.ends_at <= locked.moment:
            raise Conflict(_("This shift is over; what was is not changed."), code="over")
        if locked.starts_at < locked.moment:
            locked.ends_at = locked.moment
            locked.save(update_fields=["ends_at"])
        else:
            DutyShift.objects.filter(pk=locked.pk).delete()
        record(verb="roster.remove", thing=f"dutyshift:{shift.pk}", actor=actor, detail=_told(locked))


def set_absence(
    *, actor: Any, staff: Staff, deputy: Staff, starts_at: datetime, ends_at: datetime, reason: str = ""
) -> Absence:
    """Enter that somebody is away and who is told instead; one's own, or of somebody one leads (D10)."""
    with transaction.atomic():
        require(actor, "absence.set", staff)
        demand_clean({"reason": reason})
        _check_times(starts_at, ends_at, LONGEST_ABSENCE)
        if deputy.pk == staff.pk:
            raise Invalid(_("The deputy must be somebody else."), field="deputy", code="self")
        _check_active(deputy, "deputy")
        _check_chain(staff, deputy, starts_at, ends_at)
        if len(reason.strip()) > _REASON:
            raise Invalid(
                _("Please write at most %(limit)s characters.") % {"limit": _REASON}, field="reason", code="max_length"
            )
        take_turn("people_absence")
        try:
            with transaction.atomic():
                absence = Absence.objects.create(
                    staff=staff, deputy=deputy, starts_at=starts_at, ends_at=ends_at, reason=reason.strip()
                )
        except IntegrityError as error:
            raise _away_already(staff, starts_at, ends_at) from error
        record(
            verb="absence.set",
            thing=f"absence:{absence.pk}",
            actor=actor,
            detail={"staff": staff.pk, "deputy": deputy.pk, **_times(starts_at, ends_at)},
        )
    return absence


def end_absence(*, actor: Any, absence: Absence) -> None:
    """Somebody is back: an absence that has begun ends now, one that has not is taken away."""
    with transaction.atomic():
        require(actor, "absence.set", absence.staff)
        locked = Absence.objects.select_for_update().annotate(moment=Now()).filter(pk=absence.pk).first()
        if locked is None or locked.ends_at <= locked.moment:
            return
        if locked.starts_at < locked.moment:
            locked.ends_at = locked.moment
            locked.save(update_fields=["ends_at"])
        else:
            Absence.objects.filter(pk=locked.pk).delete()
        record(verb="absence.end", thing=f"absence:{absence.pk}", actor=actor, detail={"staff": locked.staff_id})


def _check_times(starts_at: datetime, ends_at: datetime, longest: timedelta) -> None:
    if ends_at <= starts_at:
        raise Invalid(_("The end must lie after the beginning."), field="ends_at", code="order")
    if ends_at - starts_at > longest:
        raise Invalid(
            _("This is longer than %(days)s days; please enter it in parts.") % {"days": longest.days},
            field="ends_at",
            code="too_long",
        )


def _check_active(staff: Staff, field: str) -> None:
    if not Staff.objects.filter(pk=staff.pk, is_active=True).exists():
        raise Invalid(_("%(name)s no longer works here.") % {"name": staff}, field=field, code="inactive")


def _check_chain(staff: Staff, deputy: Staff, starts_at: datetime, ends_at: datetime) -> None:
    """D10: a deputy who is away then has a deputy too; a chain that comes back to the absent one tells nobody."""
    absences: dict[int, list[Absence]] = {}
    for absence in Absence.objects.filter(starts_at__lt=ends_at, ends_at__gt=starts_at).select_related("deputy"):
        absences.setdefault(absence.staff_id, []).append(absence)
    waiting, seen = [(deputy, starts_at, ends_at)], set[int]()
    while waiting:
        person, start, end = waiting.pop()
        if person.pk == staff.pk:
            raise Invalid(
                _("%(name)s is away then too, and you stand in at the end of the chain.") % {"name": deputy},
                field="deputy",
                code="loop",
                remedy=_("Name somebody who is there."),
            )
        if person.pk in seen:
            continue
        seen.add(person.pk)
        waiting += [
            (absence.deputy, max(start, absence.starts_at), min(end, absence.ends_at))
            for absence in absences.get(person.pk, [])
            if absence.starts_at < end and absence.ends_at > start
        ]


def _taken(role: str, starts_at: datetime, ends_at: datetime) -> Invalid:
    other = (
        DutyShift.objects.filter(role=role, starts_at__lt=ends_at, ends_at__gt=starts_at)
        .select_related("staff")
        .order_by("starts_at")
        .first()
    )
    if other is None:
        return Invalid(_("Somebody is on duty then already."), field="starts_at", code="overlap")
    return Invalid(
        _("On %(start)s – %(end)s %(name)s is already on duty for: %(role)s.")
        % {
            "start": _local(other.starts_at),
            "end": _local(other.ends_at),
            "name": other.staff,
            "role": DutyRole(role).label,
        },
        field="starts_at",
        code="overlap",
        remedy=_("Change the times, or remove that shift first."),
    )


def _away_already(staff: Staff, starts_at: datetime, ends_at: datetime) -> Invalid:
    other = Absence.objects.filter(staff=staff, starts_at__lt=ends_at, ends_at__gt=starts_at).first()
    if other is None:
        return Invalid(_("An absence is entered for this time already."), field="starts_at", code="overlap")
    return Invalid(
        _("On %(start)s – %(end)s %(name)s is away already.")
        % {"start": _local(other.starts_at), "end": _local(other.ends_at), "name": staff},
        field="starts_at",
        code="overlap",
        remedy=_("Change the times, or end that absence first."),
    )


def _local(moment: datetime) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")


def _times(starts_at: datetime, ends_at: datetime) -> dict[str, str]:
    return {"from": starts_at.isoformat(), "until": ends_at.isoformat()}


def _told(shift: DutyShift) -> dict[str, Any]:
    return {"role": shift.role, "staff": shift.staff_id, **_times(shift.starts_at, shift.ends_at)}
