"""The period over which minutes are summed: days in the desk's zone, a unit, a service line."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from service_desk.cases.stage_sums import Period
from service_desk.people.models import ServiceLine, Unit


class PeriodForm(forms.Form):
    """What stands in the address of the page; what is left out is as usual."""

    since = forms.DateField(label=_("Registered from"), widget=forms.DateInput(attrs={"type": "date"}), required=False)
    until = forms.DateField(label=_("Registered until"), widget=forms.DateInput(attrs={"type": "date"}), required=False)
    unit = forms.ModelChoiceField(Unit.objects.all(), label=_("Unit"), required=False, empty_label=_("all units"))
    service_line = forms.ModelChoiceField(
        ServiceLine.objects.all(), label=_("Service line"), required=False, empty_label=_("all service lines")
    )

    def period(self, usual: Period) -> Period:
        """The period asked for; for a field that is wrong the usual value. Raises Invalid."""
        given: dict[str, Any] = getattr(self, "cleaned_data", {})
        unit, line = given.get("unit"), given.get("service_line")
        return Period(
            since=given.get("since") or min(usual.since, given.get("until") or usual.since),
            until=given.get("until") or max(usual.until, given.get("since") or usual.until),
            unit=unit.pk if unit else None,
            service_line=line.pk if line else "",
        ).checked()
