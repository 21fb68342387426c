"""The form of a scheduled report: its name, when it is sent, and by what it is told apart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.utils.translation import gettext_lazy as _

from service_desk.reports.dimensions import Dimension
from service_desk.reports.rules import Every, Weekday


class ScheduleForm(forms.Form):
    """Which of the days counts is said by how often; the verb looks after the rest."""

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("The subject of the mail."),
        validators=[ProhibitNullCharactersValidator()],
    )
    every = forms.ChoiceField(
        label=_("How often"), choices=Every.choices, initial=Every.WEEKLY, widget=forms.RadioSelect
    )
    weekday = forms.TypedChoiceField(
        label=_("Day of the week"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", "–"), *Weekday.choices],
        initial=Weekday.MONDAY,
        help_text=_("For a weekly report."),
    )
    day = forms.IntegerField(
        label=_("Day of the month"),
        required=False,
        min_value=1,
        max_value=31,
        initial=1,
        help_text=_("For a monthly report; a month that is shorter takes its last day."),
    )
    at = forms.TimeField(
        label=_("At"),
        initial="08:00",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("In the desk's zone."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["at"].widget.attrs["step"] = "60"


class ChangeForm(ScheduleForm):
    """The same for one that is there; `ways` are the groupings of its report."""

    by = forms.ChoiceField(label=_("Grouped by"), required=False)

    def __init__(self, *args: Any, ways: Iterable[Dimension], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["by"]).choices = [(way.key, way.label) for way in ways]
