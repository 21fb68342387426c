"""The filters of the list of cases, as they stand in the address."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from service_desk.cases.listing import OPEN, UNGRADED, Sort
from service_desk.cases.rules import CaseState, Severity
from service_desk.customers.models import Customer
from service_desk.people.models import ProductType, Staff

_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)


class CaseFilters(forms.Form):
    """Every part is optional; what is wrong is said beside its field and left out of the search."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=200,
        help_text=_("Number, words of the subject, customer (also by pinyin initials) or telephone number."),
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("any")), (OPEN, _("open")), *CaseState.choices]
    )
    severity = forms.ChoiceField(
        label=_("Severity"),
        required=False,
        choices=[("", _("any")), *Severity.choices, (UNGRADED, _("not graded yet"))],
    )
    customer = forms.ModelChoiceField(
        label=_("Customer unit"),
        required=False,
        queryset=Customer.objects.only("id", "name"),
        widget=forms.TextInput(attrs={"data-url": reverse_lazy("customer-suggest")}),
    )
    product = forms.ModelChoiceField(
        label=_("Product type"), required=False, queryset=ProductType.objects.all(), empty_label=_("any")
    )
    handler = forms.ModelChoiceField(
        label=_("Handler"),
        required=False,
        queryset=Staff.objects.only("id", "full_name", "username"),
        widget=forms.TextInput(attrs={"data-url": reverse_lazy("case-suggest-staff")}),
    )
    since = forms.DateField(label=_("Registered from"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("Registered until"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    mine = forms.BooleanField(label=_("My cases"), required=False)
    emergency = forms.BooleanField(label=_("In emergency"), required=False)
    overdue = forms.BooleanField(label=_("Overdue"), required=False)
    late = forms.BooleanField(label=_("Registered late"), required=False)
    sort = forms.ChoiceField(label=_("Order"), required=False, choices=Sort.choices)

    def __init__(self, data: QueryDict, **kwargs: Any) -> None:
        data = data.copy()
        for name in ("customer", "handler"):
            # Without JavaScript only the words arrive: they are resolved here if they name exactly one.
            if not data.get(name) and data.get(f"{name}_text"):
                data[name] = self._by_words(name, str(data[f"{name}_text"]))
        super().__init__(data, **kwargs)

    @staticmethod
    def _by_words(name: str, words: str) -> str:
        if "\x00" in words or len(words) > 200:
            return "-"
        if name == "customer":
            found = list(Customer.objects.suggest(words).values_list("pk", flat=True)[:2])
        else:
            found = list(Staff.objects.filter(full_name=words.strip()).values_list("pk", flat=True)[:2])
        return str(found[0]) if len(found) == 1 else "-"

    def clean_since(self) -> date | None:
        """Days that a calendar can hold."""
        return self._day("since")

    def clean_until(self) -> date | None:
        """Likewise."""
        return self._day("until")

    def _day(self, name: str) -> date | None:
        day: date | None = self.cleaned_data[name]
        if day is not None and not _FIRST_DAY <= day <= _LAST_DAY:
            raise forms.ValidationError(_("Please enter a day between 2000 and 2199."))
        return day

    @property
    def chosen(self) -> dict[str, Any]:
        """The filters that are set and in order, by name; `sort` is not one of them."""
        cleaned = getattr(self, "cleaned_data", {})
        return {name: value for name, value in cleaned.items() if value not in (None, "", False) and name != "sort"}

    def clean(self) -> dict[str, Any]:
        """Show the names of what was chosen by its number."""
        cleaned = super().clean() or {}
        data = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict
        for name in ("customer", "handler"):
            if cleaned.get(name):
                data[f"{name}_text"] = str(cleaned[name])
        self.data = data
        return cleaned

    @property
    def order(self) -> Sort:
        """The order that was asked for; newest first when none or an unknown one was."""
        value = getattr(self, "cleaned_data", {}).get("sort")
        return Sort(value) if value else Sort.NEWEST
