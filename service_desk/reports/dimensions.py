"""By what facts are told apart, and how each value of that is called."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.dates import WEEKDAYS
from django.utils.functional import Promise as Words
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.cases.rules import Severity
from service_desk.complaints.rules import ComplaintChannel, ComplaintLevel, InstanceKind
from service_desk.customers.models import Customer
from service_desk.deadlines.rules import ClockKind
from service_desk.deadlines.words import STEP_KINDS, line_word
from service_desk.knowledge.rules import Category
from service_desk.people.models import ProductType, ServiceLine, Staff, Unit
from service_desk.telephony.rules import CallRule

#: For the heads of narrow columns; Django's own are three characters in Chinese.
SHORT_WEEKDAYS = (
    pgettext_lazy("short weekday", "Mon"),
    pgettext_lazy("short weekday", "Tue"),
    pgettext_lazy("short weekday", "Wed"),
    pgettext_lazy("short weekday", "Thu"),
    pgettext_lazy("short weekday", "Fri"),
    pgettext_lazy("short weekday", "Sat"),
    pgettext_lazy("short weekday", "Sun"),
)
Names = Callable[[Collection[str]], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Dimension:
    """`sql` is the key of a fact (`f`, its case `c`, its person `t`); `nothing` names those that have none."""

    key: str
    label: Words
    sql: str
    names: Names
    nothing: Words
    of_case: bool = False

    def choices(self) -> list[tuple[str, str]]:
        """All its values, of one that has few: kinds, levels, rules."""
        return list(self.names(()).items())

    def called(self, keys: Collection[str]) -> dict[str, str]:
        """Every key in words; one query at most."""
        known = self.names([key for key in keys if key])
        return {key: known.get(key, key) if key else str(self.nothing) for key in keys}


def _of_model(model: Any, word: Callable[[Any], str] = str) -> Names:
    def names(keys: Collection[str]) -> Mapping[str, str]:
        return {str(pk): word(one) for pk, one in model.objects.in_bulk(list(keys)).items()}

    return names


def _of_choices(choices: Any, **more: Words) -> Names:
    def names(_keys: Collection[str]) -> Mapping[str, str]:
        return {str(value): str(label) for value, label in choices.choices} | {
            key: str(each) for key, each in more.items()
        }

    return names


def _steps(keys: Collection[str]) -> Mapping[str, str]:
    """Of which clock, which kind of step, and its code in the policy."""
    clocks, found = dict(ClockKind.choices), {}
    for key in keys:
        clock, kind, code = key.split(":", 2)
        found[key] = f"{clocks.get(clock, clock)} · {STEP_KINDS.get(kind, kind)} ({code})"
    return found


def _weekdays(keys: Collection[str]) -> Mapping[str, str]:
    """Monday is 1."""
    return {key: str(WEEKDAYS[int(key) - 1]) for key in keys}


def _hours(keys: Collection[str]) -> Mapping[str, str]:
    return {key: f"{key}:00" for key in keys}


def _slots(keys: Collection[str]) -> Mapping[str, str]:
    """`1-09` is Monday at nine; `2026-11-23 3` the fourth three hours of a day."""
    found = {}
    for key in keys:
        day, _space, three = key.partition(" ")
        if three:
            found[key] = f"{day} {int(three) * 3:02}:00–{int(three) * 3 + 3:02}:00"
        else:
            found[key] = f"{WEEKDAYS[int(key[0]) - 1]} {key[2:]}:00"
    return found


_NONE = pgettext_lazy("report", "without")
_ABOUT: Mapping[str, Words] = {
    "staff": _("a member of staff"),
    "unit": _("a unit"),
    "product": _("a product"),
    "case": _("how a case was handled"),
    "service": _("a service"),
}


def _about(_keys: Collection[str]) -> Mapping[str, str]:
    return {key: str(word) for key, word in _ABOUT.items()}


DIMENSIONS: Mapping[str, Dimension] = {
    one.key: one
    for one in (
        Dimension("unit", _("Unit"), "t.unit_id", _of_model(Unit), _("without a unit")),
        Dimension("person", _("Person"), "f.f_who", _of_model(Staff), pgettext_lazy("report", "nobody")),
        Dimension("line", _("Service line"), "c.service_line_id", _of_model(ServiceLine, line_word), _NONE, True),
        Dimension("customer", _("Customer unit"), "c.customer_id", _of_model(Customer), _NONE, True),
        Dimension("product", _("Product type"), "c.product_type_id", _of_model(ProductType), _NONE, True),
        Dimension("severity", _("Severity"), "c.severity", _of_choices(Severity), _("not graded yet"), True),
        Dimension("clock", _("Clock"), "f.f_clock", _of_choices(ClockKind), _NONE),
        Dimension("step", _("Step"), "f.f_step", _steps, _NONE),
        Dimension("about", pgettext_lazy("complaint", "Cause"), "f.f_about", _about, _NONE),
        Dimension("level", _("Level"), "f.f_level", _of_choices(ComplaintLevel), _NONE),
        Dimension("instance", _("Instance"), "f.f_instance", _of_choices(InstanceKind), _NONE),
        Dimension("channel", _("Came by"), "f.f_channel", _of_choices(ComplaintChannel), _NONE),
        Dimension("category", _("Category"), "f.f_category", _of_choices(Category), _NONE),
        Dimension("weekday", _("Weekday"), "f.f_weekday", _weekdays, _NONE),
        Dimension("hour", pgettext_lazy("report", "Hour"), "f.f_hour", _hours, _NONE),
        Dimension("slot", pgettext_lazy("report", "Weekday and hour"), "f.f_slot", _slots, _NONE),
        Dimension("rule", _("Rule"), "f.f_rule", _of_choices(CallRule), _NONE),
    )
}  # fmt: skip
#: What facts may be filtered by; numbers are primary keys.
FILTERS = (
    "unit", "person", "line", "customer", "product", "severity",
    "clock", "about", "level", "instance", "channel", "category", "rule",
)  # fmt: skip
BY_NUMBER = frozenset({"unit", "person", "customer", "product"})
UNGRADED = "none"
