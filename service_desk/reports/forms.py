"""The question of a report as it stands in the address: days, and what is narrowed down."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from service_desk.cases.rules import Severity
from service_desk.customers.models import Customer
from service_desk.people.models import ProductType, ServiceLine, Staff, Unit
from service_desk.reports.dimensions import DIMENSIONS, FILTERS, UNGRADED
from service_desk.reports.periods import Period


def _day(label: Any) -> forms.DateField:
    return forms.DateField(label=label, required=False, widget=forms.DateInput(attrs={"type": "date"}))


class DaysForm(forms.Form):
    """From when until when; what is left out is as usual."""

    since = _day(_("From"))
    until = _day(_("Until"))

    def period(self, usual: Period) -> Period:
        """The period asked for; of a day that is wrong or missing the usual one, as far as that goes with the other."""
        given: dict[str, Any] = getattr(self, "cleaned_data", {})
        since, until = given.get("since"), given.get("until")
        first: date = since or min(usual.since, until or usual.since)
        last: date = until or max(usual.until, since or usual.until)
        return Period(first, last)


class HeatForm(DaysForm):
    """Of what the map of arrivals is, and how long each of them takes."""

    of = forms.ChoiceField(
        label=_("Of"),
        required=False,
        choices=[("arrivals", _("cases accepted")), ("calls", _("inbound calls"))],
    )
    minutes = forms.IntegerField(
        label=_("Minutes of work for each"),
        required=False,
        min_value=1,
        max_value=480,
        help_text=_("Empty: as measured, or as usual."),
    )


class NarrowForm(forms.Form):
    """What a figure may be narrowed down by; fields that do not fit it are left out."""

    unit = forms.ModelChoiceField(Unit.objects.all(), label=_("Unit"), required=False, empty_label=_("all units"))
    person = forms.ModelChoiceField(
        label=_("Person"),
        required=False,
        queryset=Staff.objects.only("id", "full_name", "username"),
        widget=forms.TextInput(attrs={"data-url": reverse_lazy("case-suggest-staff")}),
    )
    line = forms.ModelChoiceField(
        ServiceLine.objects.all(), label=_("Service line"), required=False, empty_label=_("all service lines")
    )
    customer = forms.ModelChoiceField(
        label=_("Customer unit"),
        required=False,
        queryset=Customer.objects.only("id", "name"),
        widget=forms.TextInput(attrs={"data-url": reverse_lazy("customer-suggest")}),
    )
    product = forms.ModelChoiceField(
        ProductType.objects.all(), label=_("Product type"), required=False, empty_label=_("all product types")
    )
    severity = forms.ChoiceField(
        label=_("Severity"),
        required=False,
        choices=[("", _("any")), *Severity.choices, (UNGRADED, _("not graded yet"))],
    )

    def __init__(self, data: QueryDict, offered: tuple[str, ...]) -> None:
        data = data.copy()
        for name in ("person", "customer"):
            # Without JavaScript only the words arrive: they are resolved here if they name exactly one.
            if name in offered and not data.get(name) and data.get(f"{name}_text"):
                data[name] = _by_words(name, str(data[f"{name}_text"]))
        super().__init__(data)
        for name in FILTERS:
            if name not in offered:
                self.fields.pop(name, None)
            elif name not in self.fields:
                kinds = [("", _("any")), *DIMENSIONS[name].choices()]
                self.fields[name] = forms.ChoiceField(label=str(DIMENSIONS[name].label), required=False, choices=kinds)

    def clean(self) -> dict[str, Any]:
        """Show the names of what was chosen by its number."""
        cleaned = super().clean() or {}
        data = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict
        for name in ("person", "customer"):
            if cleaned.get(name):
                data[f"{name}_text"] = str(cleaned[name])
        self.data = data
        return cleaned

    @property
    def chosen(self) -> dict[str, Any]:
        """The filters that are set and in order, as a report takes them."""
        cleaned = getattr(self, "cleaned_data", {})
        return {
            name: getattr(value, "pk", value)
            for name, value in cleaned.items()
            if name in FILTERS and value not in (None, "")
        }


class ReportForm(DaysForm, NarrowForm):
    """The question of a page: its days first, then what it is narrowed down by."""

    field_order = ("since", "until")


def _by_words(name: str, words: str) -> str:
    if "\x00" in words or len(words) > 200:
        return "-"
    if name == "customer":
        found = list(Customer.objects.suggest(words).values_list("pk", flat=True)[:2])
    else:
        found = list(Staff.objects.filter(full_name=words.strip()).values_list("pk", flat=True)[:2])
    return str(found[0]) if len(found) == 1 else "-"
