"""The forms of a working calendar: days, the pattern of the week, a year's file; each makes a draft to be looked at."""

from __future__ import annotations

import itertools
import re
import unicodedata
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from service_desk.deadlines.calendar_changes import years_of
from service_desk.deadlines.calendar_file import FIRST_YEAR, LAST_YEAR, MOST_BYTES, CalendarFile, parse_calendar_file
from service_desk.deadlines.models import CalendarVersion
from service_desk.deadlines.work_calendar import HoursError, Interval

MOST_PERIODS = 6
LONGEST_STRETCH = 400
_BETWEEN = re.compile(r"[\s,;，；、]+")
_NUL = ProhibitNullCharactersValidator()
WEEKDAYS = (
    gettext_lazy("Monday"),
    gettext_lazy("Tuesday"),
    gettext_lazy("Wednesday"),
    gettext_lazy("Thursday"),
    gettext_lazy("Friday"),
    gettext_lazy("Saturday"),
    gettext_lazy("Sunday"),
)


class PeriodsField(forms.CharField):
    """Working periods as '08:30-12:00 13:30-17:30'; cleans to the list that a calendar keeps, empty for none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=200, required=False, **kwargs)
        self.widget.attrs.update({"autocomplete": "off", "spellcheck": "false"})

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        plain = re.sub(r"\s*[-–~—]\s*", "-", unicodedata.normalize("NFKC", text))
        parts = [part for part in _BETWEEN.split(plain) if part]
        if len(parts) > MOST_PERIODS:
            raise ValidationError(_("Give at most %(n)s periods a day.") % {"n": MOST_PERIODS}, code="too_many")
        try:
            periods = [Interval.parse(part) for part in parts]
        except HoursError as error:
            raise ValidationError(str(error), code="period") from error
        periods.sort()
        for one, following in itertools.pairwise(periods):
            if following.start_minute < one.end_minute:
                raise ValidationError(
                    _("%(one)s and %(other)s overlap; periods follow one another.")
                    % {"one": str(one), "other": str(following)},
                    code="overlap",
                )
        return [str(period) for period in periods]


class DraftForm(forms.Form):
    """A change of the calendar in the version that was looked at."""

    base = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**63 - 1)
    note = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=200,
        validators=[_NUL],
        help_text=gettext_lazy("Stands in the list of versions, such as 'State Council notice for 2027'."),
    )

    def draft(self, current: CalendarVersion) -> dict[str, Any]:
        """What is to change of the version in force."""
        raise NotImplementedError


class DayForm(DraftForm):
    """One day, or several in a row, that differ from their weekday."""

    field_order = ("day", "until", "kind", "name", "hours", "note", "base")
    day = forms.DateField(label=gettext_lazy("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    until = forms.DateField(
        label=gettext_lazy("Up to and including"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("Empty: this one day."),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("What it is"),
        widget=forms.RadioSelect,
        choices=[
            ("free", gettext_lazy("Day off or holiday")),
            ("work", gettext_lazy("Working day (also a make-up day at the week-end)")),
            ("weekday", gettext_lazy("Like every such weekday; take the entry away")),
        ],
    )
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        required=False,
        validators=[_NUL],
        help_text=gettext_lazy("Shown wherever a due time is explained, such as 'National Day'."),
    )
    hours = PeriodsField(
        label=gettext_lazy("Hours of this day"),
        help_text=gettext_lazy("Only for a working day with hours of its own, as 08:30-12:00 13:30-17:30."),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, last = data.get("day"), data.get("until") or data.get("day")
        if first is None or last is None:
            return data
        if last < first:
            self.add_error("until", _("The last day lies before the first."))
        elif (last - first).days >= LONGEST_STRETCH:
            self.add_error("until", _("These are more than %(n)s days; enter them in parts.") % {"n": LONGEST_STRETCH})
        if not FIRST_YEAR <= first.year <= last.year <= LAST_YEAR:
            limits = {"first": FIRST_YEAR, "last": LAST_YEAR}
            self.add_error("day", _("The year must lie between %(first)s and %(last)s.") % limits)
        if data.get("hours") and data.get("kind") != "work":
            self.add_error("hours", _("Only a working day has hours. Leave this empty, or choose a working day."))
        return data

    def draft(self, current: CalendarVersion) -> dict[str, Any]:
        data = self.cleaned_data
        first: date = data["day"]
        last: date = data["until"] or first
        value: dict[str, Any] | None = None
        if data["kind"] != "weekday":
            value = {
                "is_working": data["kind"] == "work",
                "periods": data["hours"] or None,
                "name": data["name"].strip(),
                "confirmed": True,
            }
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        return {"days": {day.isoformat(): value for day in days}}


class WeekForm(DraftForm):
    """The pattern of the week, with breaks; and the hours of make-up days whose weekday is free."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number, word in enumerate(WEEKDAYS):
            self.fields[f"day{number}"] = PeriodsField(label=word)
        self.fields["makeup"] = PeriodsField(
            label=gettext_lazy("Make-up working day"),
            help_text=gettext_lazy("The hours of a week-end day that is worked in exchange for a holiday."),
        )
        self.fields["day0"].help_text = gettext_lazy("As 08:30-12:00 13:30-17:30; empty: not worked.")
        self.order_fields([*(f"day{n}" for n in range(7)), "makeup", "note", "base"])

    @staticmethod
    def initial_of(current: CalendarVersion) -> dict[str, Any]:
        """The present pattern."""
        data = current.data
        days = {f"day{number}": " ".join(periods) for number, periods in enumerate(data["week"])}
        return {**days, "makeup": " ".join(data["makeup_periods"]), "base": current.pk}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and not any(data[f"day{number}"] for number in range(7)):
            self.add_error("day0", _("At least one day of the week must be worked, or no target is ever reached."))
        return data

    def draft(self, current: CalendarVersion) -> dict[str, Any]:
        data = self.cleaned_data
        return {"week": [data[f"day{number}"] for number in range(7)], "makeup_periods": data["makeup"]}


class ImportForm(DraftForm):
    """A year's file."""

    field_order = ("file", "note", "base")
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("A spreadsheet saved as CSV, one line a day: <code>date,is_working,name</code>."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv"}),
    )
    read: CalendarFile | None = None

    def clean_file(self) -> Any:
        """Every line is checked before anything is taken."""
        given = self.cleaned_data["file"]
        self.read = parse_calendar_file(given.read(MOST_BYTES + 1))
        if self.read.errors:
            raise ValidationError(_("The file has lines that cannot be used; nothing of it was taken."), code="lines")
        return given

    def draft(self, current: CalendarVersion) -> dict[str, Any]:
        rows = self.read.rows if self.read else ()
        confirmed = years_of(rows)
        present = current.data["exceptions"]
        # Stand-ins of a year whose notice is now here: what the notice does not name is an ordinary day.
        gone = {day: None for day, value in present.items() if int(day[:4]) in confirmed and not value["confirmed"]}
        named = {
            row.day.isoformat(): {"is_working": row.is_working, "periods": None, "name": row.name, "confirmed": True}
            for row in rows
        }
        return {"days": {**gone, **named}, "confirm_years": sorted(confirmed)}
