"""What the facts of every figure are put together from: words, times, columns, and how a clock went."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Case as Choice
from django.db.models import (
    FloatField,
    Func,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Concat, ExtractHour, ExtractIsoWeekDay
from django.db.models.lookups import IsNull

from service_desk.cases.models import CaseDeadline
from service_desk.deadlines.rules import ClockState

Facts = QuerySet[Any, Any]
#: How most facts went; what had no target, or is not decided, went neither way.
KEPT, LATE, NONE = "kept", "late", "none"
COLUMNS = ("f_id", "f_at", "f_case", "f_who", "f_seconds", "f_outcome", "f_thing")
#: Cycles of a case are numbered below this, so that case and cycle make one number.
CYCLES = 100_000


def word(value: str) -> Value:
    """A word of ours, as a value of a column."""
    return Value(value, TextField())


def text(expression: Any) -> Cast:
    """Whatever it is, as text."""
    return Cast(expression, TextField())


def seconds(start: Any, end: Any) -> Choice:
    """Whole seconds between two moments; nothing while there is no end. What runs backwards took no time."""
    gap = Func(
        end, start, template="GREATEST(0, FLOOR(EXTRACT(EPOCH FROM (%(expressions)s))))::float8", arg_joiner=" - ",
        output_field=FloatField(),
    )  # fmt: skip
    return Choice(When(IsNull(end, False), then=gap))


#: How a clock went; nothing while that is open, or when it was called off (D5).
WENT = Choice(
    When(state__in=(ClockState.MERGED, ClockState.CANCELLED), then=Value(None, TextField())),
    When(breached_at__isnull=False, then=word(LATE)),
    When(state=ClockState.MET, then=word(KEPT)),
    default=Value(None, TextField()),
)


def rows(facts: QuerySet[Any], *own: str, **columns: Any) -> Facts:
    """The facts with their columns in one order, so that two sets can be put together."""
    nothing = {
        "f_seconds": Cast(Value(None), FloatField()),
        "f_outcome": word(NONE),
        "f_thing": Cast(Value(None), TextField()),
    }
    known = nothing | columns
    names = (*COLUMNS, *own)
    found: Facts = facts.order_by().annotate(**{name: known[name] for name in names}).values_list(*names)
    return found


def clock_of(case: str, *kinds: str, **which: Any) -> Coalesce:
    """How the clock of these kinds went; late when one of them was."""
    clocks = CaseDeadline.objects.filter(case=OuterRef(case), kind__in=kinds, **which).order_by()
    went = clocks.values("case").annotate(went=Max(WENT)).values("went")  # 'kept' comes before 'late'
    return Coalesce(Subquery(went[:1], output_field=TextField()), word(NONE))


def between(name: str, begins: datetime, ends: datetime) -> Q:
    """From the one moment to before the other."""
    return Q(**{f"{name}__gte": begins, f"{name}__lt": ends})


def slots(at: str) -> dict[str, Any]:
    """Weekday, hour and both together ('1-09' is Monday at nine), in the desk's zone."""
    zone = ZoneInfo(settings.TIME_ZONE)
    weekday, hour = text(ExtractIsoWeekDay(at, tzinfo=zone)), ExtractHour(at, tzinfo=zone)
    two = Func(text(hour), Value(2), word("0"), function="lpad", output_field=TextField())
    slot = Concat(weekday, word("-"), two, output_field=TextField())
    return {"f_weekday": weekday, "f_hour": two, "f_slot": slot}
