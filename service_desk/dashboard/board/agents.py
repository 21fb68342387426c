"""Who takes calls and how they stand now: away, on a call, writing one up, or free; told by the rows alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Case as Choice
from django.db.models import CharField, Count, IntegerField, OuterRef, QuerySet, Subquery, TextChoices, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Now
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from service_desk.calls.models import CallDeadline
from service_desk.cases.models import Case
from service_desk.people.models import Absence, Staff
from service_desk.people.rules import READING_ROLES, Role
from service_desk.telephony.models import Call

#: So long after its end an unregistered call keeps its agent busy.
WRAP_UP = timedelta(minutes=10)
#: A call of which nothing was heard for so long is nobody's talk any more.
_LONGEST_TALK = timedelta(hours=4)
#: So far somebody's open cases are counted; beyond, 'more than'.
MOST_HELD = 1_000
_ROLES = [Role.FRONT_DESK, Role.FIELD_ENGINEER, Role.PRODUCT_EXPERT]


class State(TextChoices):
    """How an agent stands."""

    ON_CALL = "on_call", pgettext_lazy("agent", "On a call")
    WRAP_UP = "wrap_up", pgettext_lazy("agent", "Writing up")
    FREE = "free", pgettext_lazy("agent", "Free")
    AWAY = "away", pgettext_lazy("agent", "Away")


MEANING: Mapping[State, Promise] = {
    State.ON_CALL: _("Agents with an answered call that has not ended."),
    State.WRAP_UP: _("Agents whose call ended in the last ten minutes and is not registered yet."),
    State.FREE: _("Agents who are neither away nor on a call nor writing one up."),
    State.AWAY: _("Agents with an absence now; their deputies are told instead."),
}


def everybody() -> QuerySet[Any]:
    """Those who take calls, each with `standing`."""
    away = Absence.objects.filter(starts_at__lte=Now(), ends_at__gt=Now()).values("staff")
    talking = (
        Call.objects.open()
        .filter(answered_at__isnull=False, is_stale=False, last_heard_at__gt=Now() - _LONGEST_TALK)
        .annotate(whose=Coalesce("claimed_by", "agent"))
        .filter(whose__isnull=False)
        .values("whose")
    )
    writing = (
        CallDeadline.objects.to_register()
        .order_by()
        .filter(call__ended_at__gt=Now() - WRAP_UP)
        .annotate(whose=Coalesce("call__claimed_by", "call__agent"))
        .filter(whose__isnull=False)
        .values("whose")
    )
    return Staff.objects.filter(is_active=True, roles__overlap=_ROLES).annotate(
        standing=Choice(
            When(pk__in=talking, then=Value(State.ON_CALL.value)),
            When(pk__in=away, then=Value(State.AWAY.value)),
            When(pk__in=writing, then=Value(State.WRAP_UP.value)),
            default=Value(State.FREE.value),
            output_field=CharField(),
        )
    )


def rows(state: State) -> Callable[[Any], QuerySet[Any]]:
    """The agents in this state; everybody of the desk may know of colleagues."""
    return lambda _user: everybody().filter(standing=state.value)


def told(load: int) -> str:
    """A load in words, as far as it was counted."""
    if load > MOST_HELD:
        return gettext("more than %(n)s open cases") % {"n": MOST_HELD}
    return ngettext("%(n)s open case", "%(n)s open cases", load) % {"n": load}


class _Counted(Subquery):
    """How many rows a subquery has, which is asked no further than its own limit."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def load_of(user: Any) -> Combinable:
    """The same of each row of agents, to sort by."""
    known = Case.objects.visible_to(user).open().filter(handler=OuterRef("pk"))
    parts = [known]
    if user.has_role(*READING_ROLES):
        plain = Case.objects.open().filter(confidential=False, handler=OuterRef("pk"))
        parts = [plain, known.filter(confidential=True)]
    first, *rest = [_Counted(each.order_by().values("pk")[: MOST_HELD + 1]) for each in parts]
    return first + rest[0] if rest else first


def loads(user: Any, staff: list[int]) -> dict[int, int]:
    """How many open cases each of them holds, of those that `user` may know of; no more than one above `MOST_HELD`.

    Confidential cases are few and counted apart, so that the others are read from an index that holds nothing else.
    """
    known = Case.objects.visible_to(user).open()
    if user.has_role(*READING_ROLES):
        plain = Case.objects.open().filter(confidential=False, handler=OuterRef("pk"))
        bounded = _Counted(plain.order_by().values("pk")[: MOST_HELD + 1])
        held = dict(Staff.objects.filter(pk__in=staff).order_by().values_list("pk", bounded))
        known = known.filter(confidential=True)
    else:
        held = {}
    if user.pk is not None:
        rest = known.filter(handler__in=staff).order_by().values_list("handler").annotate(n=Count("pk"))
        for person, number in rest:
            held[person] = held.get(person, 0) + number
    return {person: number for person, number in held.items() if number}
