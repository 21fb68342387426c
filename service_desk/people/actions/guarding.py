"""Looks at what is masked go through here: recorded, counted by person and day, told when many, stopped when too many.

Rooms above hear of an alarm by `listen`: this one knows no notices.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.listeners import Listeners
from service_desk.people.access import require
from service_desk.people.models import GuardRule, Staff
from service_desk.people.rules import Role
from service_desk.rest.errors import Invalid, NotAllowed

# One statement: two looks at once are counted one after the other, and the day is the desk's by the database's clock.
_COUNT = """
INSERT INTO people_revealcount AS c (staff_id, day, shown)
VALUES (%s, (statement_timestamp() AT TIME ZONE %s)::date, %s)
ON CONFLICT (staff_id, day) DO UPDATE SET shown = c.shown + excluded.shown
RETURNING day, shown
"""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Somebody has had unusually many numbers shown; `stopped`: no more are shown today."""

    who: Staff
    day: date
    shown: int
    stopped: bool
    tell: tuple[int, ...]


_listeners: Listeners[Alarm] = Listeners()
listen = _listeners.listen  # a room above hands over who passes the word on, in the transaction of the look


def note_reveal(
    *, verb: str, thing: str, actor: Any, detail: Mapping[str, Any] | None = None, numbers: int = 1
) -> None:
    """Record that `actor` sees something in full. Raises NotAllowed once the day's most is reached.

    Call it in the transaction of the look, after the right was asked for and before anything is handed out.
    """
    numbers = max(numbers, 1)
    rule = GuardRule.in_force()
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [actor.pk, settings.TIME_ZONE, numbers])
        day, shown = cursor.fetchone()
    before = shown - numbers
    if rule.stop_after and before >= rule.stop_after:
        raise NotAllowed(
            _("You have had %(n)s numbers shown in full today; no more are shown.") % {"n": before},
            verb=verb,
            thing=thing,
            code="too_many_reveals",
            remedy=_("Ask the administrator, who can raise the limit."),
        )
    record(verb=verb, thing=thing, actor=actor, detail=detail)
    reached = [most for most in (rule.alarm_after, rule.stop_after) if most and before < most <= shown]
    if reached:
        _listeners.announce(Alarm(actor, day, shown, rule.stop_after in reached, _told_of(actor, rule)))


def answerable(rule: GuardRule) -> list[int]:
    """The privacy officer and the administrators."""
    found = list(Staff.objects.with_role(Role.ADMINISTRATOR).order_by("pk").values_list("pk", flat=True))
    if rule.officer is not None and rule.officer.is_active:
        found.insert(0, rule.officer.pk)
    return list(dict.fromkeys(found))


def _told_of(actor: Any, rule: GuardRule) -> tuple[int, ...]:
    """Those, but not the person concerned unless nobody else is there."""
    found = answerable(rule)
    others = [pk for pk in found if pk != actor.pk]
    return tuple(others or found)


_NAMES = ("alarm_after", "stop_after", "officer", "approve_rows", "password_days", "password_kinds")


def set_guard_rule(*, actor: Staff, **given: Any) -> GuardRule:
    """A new rule in place of the old; what is not given stays as it was. Raises NotAllowed, or Invalid by field."""
    with transaction.atomic():
        require(actor, "staff.administer", actor)
        before = GuardRule.in_force()
        rule = GuardRule(by=actor, **{name: given.get(name, getattr(before, name)) for name in _NAMES})
        if rule.alarm_after < 1:
            raise Invalid(_("At least 1."), field="alarm_after", code="min_value")
        if rule.stop_after and rule.stop_after < rule.alarm_after:
            raise Invalid(
                _("Not below the number at which somebody is told, so that they hear of it before."),
                field="stop_after",
                code="min_value",
            )
        rule.save()
        changed = [name for name in _NAMES if getattr(before, name) != getattr(rule, name)]
        record(
            verb="staff.guard_rule",
            thing="staff:*",
            actor=actor,
            detail={name: getattr(getattr(rule, name), "pk", getattr(rule, name)) for name in changed},
        )
    return rule
