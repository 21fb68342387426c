"""The filters of the list of cases, as they stand in the address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from service_desk.cases.listing import OPEN, UNGRADED, Period, Sort
from service_desk.cases.models import RequestField
from service_desk.cases.offered import Choices
from service_desk.cases.rules import CaseState, FieldKind, Severity, WaitingFor
from service_desk.customers.models import Customer
from service_desk.people.models import Staff

#: Filters that are on or absent.
TICKS = ("mine", "watched", "promised", "emergency", "overdue", "late", "no_merged", "no_children")
#: Parts of the address that say how to show, not what.
_HOW = frozenset({"sort", "cols"})
_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)


class CaseFilters(forms.Form):
    """Every part is optional; what is wrong is said beside its field and left out of the search."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=200,
        help_text=_(
            "Number, telephone number, customer (also by pinyin initials), product, or words of any text of the case."
        ),
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
    product = forms.ChoiceField(label=_("Product type"), required=False)
    handler = forms.ModelChoiceField(
        label=_("Handler"),
        required=False,
        queryset=Staff.objects.only("id", "full_name", "username"),
        widget=forms.TextInput(attrs={"data-url": reverse_lazy("case-suggest-staff")}),
    )
    line = forms.ChoiceField(label=_("Service line"), required=False)
    unit = forms.ChoiceField(label=_("Unit of the handler"), required=False)
    request_type = forms.ChoiceField(label=_("Request type"), required=False)
    answer = forms.ChoiceField(label=_("Answer of the request"), required=False, choices=[("", _("any"))])
    waiting = forms.ChoiceField(label=_("Waiting for"), required=False, choices=[("", _("any")), *WaitingFor.choices])
    period = forms.ChoiceField(label=_("Registered in"), required=False, choices=[("", _("any time")), *Period.choices])
    since = forms.DateField(label=_("Registered from"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("Registered until"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    mine = forms.BooleanField(label=_("My cases"), required=False)
    watched = forms.BooleanField(label=_("Watched by me"), required=False)
    promised = forms.BooleanField(label=_("With a promise"), required=False)
    emergency = forms.BooleanField(label=_("In emergency"), required=False)
    overdue = forms.BooleanField(label=_("Overdue"), required=False)
    late = forms.BooleanField(label=_("Registered late"), required=False)
    no_merged = forms.BooleanField(label=_("Without merged ones"), required=False)
    no_children = forms.BooleanField(label=_("Without children"), required=False)
    sort = forms.ChoiceField(label=_("Order"), required=False, choices=Sort.choices)

    def __init__(self, data: QueryDict, choices: Mapping[str, Choices], **kwargs: Any) -> None:
        data = data.copy()
        for name in ("customer", "handler"):
            # Without JavaScript only the words arrive: they are resolved here if they name exactly one.
            if not data.get(name) and data.get(f"{name}_text"):
                data[name] = self._by_words(name, str(data[f"{name}_text"]))
        super().__init__(data, **kwargs)
        for name, offered in choices.items():
            field: Any = self.fields[name]
            field.choices = [("", _("any")), *offered]
        if data.get("request_type"):
            self._offer_answers(str(data["request_type"]))
        elif not data.get("answer"):
            del self.fields["answer"]

    def _offer_answers(self, request_type: str) -> None:
        """What may have been chosen in the fields of this request type."""
        if not (request_type.isascii() and request_type.isdigit() and len(request_type) < 10):
            return
        asked = RequestField.objects.filter(request_type=int(request_type), kind=FieldKind.CHOICE)
        groups = [
            (field.label, [(f"{field.key}:{choice}", choice) for choice in field.choice_lines]) for field in asked
        ]
        answer: Any = self.fields["answer"]
        if groups:
            answer.choices = [("", _("any")), *groups]
        elif not self.data.get("answer"):
            del self.fields["answer"]

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

    def clean_answer(self) -> tuple[str, str] | None:
        """The field's key and what was chosen."""
        key, _colon, answer = str(self.cleaned_data["answer"]).partition(":")
        return (key, answer) if key and answer else None

    def _day(self, name: str) -> date | None:
        day: date | None = self.cleaned_data[name]
        if day is not None and not _FIRST_DAY <= day <= _LAST_DAY:
            raise forms.ValidationError(_("Please enter a day between 2000 and 2199."))
        return day

    @property
    def chosen(self) -> dict[str, Any]:
        """The filters that are set and in order, by name; order and columns are none of them."""
        cleaned = getattr(self, "cleaned_data", {})
        return {name: value for name, value in cleaned.items() if value not in (None, "", False) and name not in _HOW}

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
        """The order that was asked for; else of what is overdue the longest first, of all other lists the newest."""
        cleaned = getattr(self, "cleaned_data", {})
        if cleaned.get("sort"):
            return Sort(cleaned["sort"])
        return Sort.DEADLINE if cleaned.get("overdue") else Sort.NEWEST
