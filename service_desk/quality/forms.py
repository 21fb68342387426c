"""The forms of quality: a reason, an answer, a report, praise, and the filters of its lists."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from service_desk.deadlines.clock import now
from service_desk.people.fields import MomentField, PersonField
from service_desk.quality.rules import Offence, ViolationState, month_of

_LONG = {"rows": 4, "data-count": "1"}
_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={**_LONG, "autofocus": True})
    )


class AnswerForm(forms.Form):
    """Whether an objection is upheld, and why."""

    upheld = forms.TypedChoiceField(
        label=_("The objection is"),
        choices=[("yes", _("upheld: the lines of the ledger are taken back")), ("no", _("rejected"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    text = forms.CharField(label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs=_LONG))


class ReportForm(forms.Form):
    """A violation that somebody has found."""

    offence = forms.ChoiceField(label=_("Violation"), choices=Offence.choices, widget=forms.RadioSelect)
    person = PersonField(label=_("Person"), help_text=_("The section chief carries it too."))
    happened_at = MomentField(label=_("Happened"))
    source = forms.CharField(
        label=_("Found in"), max_length=80, help_text=_("The number of the case or the recording, for example.")
    )
    detail = forms.CharField(
        label=_("What was found"),
        max_length=2000,
        help_text=_("Without names of customers."),
        widget=forms.Textarea(attrs=_LONG),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["happened_at"]
        field.now = now()


class PraiseForm(forms.Form):
    """Praise, with the points it is worth."""

    person = PersonField(label=_("Person"))
    text = forms.CharField(label=_("What for"), max_length=2000, widget=forms.Textarea(attrs=_LONG))
    points = forms.IntegerField(label=_("Points"), min_value=0, max_value=10, initial=0)


class ViolationFilters(forms.Form):
    """The filters of the list, as they stand in the address."""

    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("any")), *ViolationState.choices])
    offence = forms.ChoiceField(label=_("Violation"), required=False, choices=[("", _("any")), *Offence.choices])

    @property
    def chosen(self) -> dict[str, str]:
        """The filters that are set and in order."""
        cleaned = getattr(self, "cleaned_data", {})
        return {name: value for name, value in cleaned.items() if value}


class MonthForm(forms.Form):
    """Which month of the ledger; the present one when none or none that exists is named."""

    month = forms.CharField(
        label=_("Month"), required=False, max_length=7, widget=forms.TextInput(attrs={"type": "month"})
    )

    def __init__(self, data: Any, *, moment: datetime) -> None:
        super().__init__(data)
        self._present = month_of(moment, settings.TIME_ZONE)

    def clean_month(self) -> str:
        """Written as 2026-11."""
        text: str = self.cleaned_data["month"]
        if text and not _MONTH.fullmatch(text):
            raise forms.ValidationError(_("Please write the month as 2026-11."))
        return text

    @property
    def first_day(self) -> date:
        """Its first day."""
        text = getattr(self, "cleaned_data", {}).get("month")
        return date.fromisoformat(f"{text}-01") if text else self._present
