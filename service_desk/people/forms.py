"""The forms of the roster: a shift, an absence."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from service_desk.people.fields import MomentField, PersonField
from service_desk.people.moments import read_moment
from service_desk.people.rules import DutyRole

_TIME_ONLY = re.compile(r"\s*\d{1,2}[:：时点]")


class PeriodForm(forms.Form):
    """From one moment to another; a time alone at the end means the first such time after the beginning."""

    starts_at = MomentField(
        label=_("From"), error_messages={"required": _("Say when it begins, for example 11-22 08:00.")}
    )
    ends_at = MomentField(
        label=_("Until"),
        help_text=_("A time alone is the next one after the beginning."),
        error_messages={"required": _("Say when it ends, for example 20:00.")},
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, MomentField):
                field.now = now

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        start, text = data.get("starts_at"), str(self.data.get(self.add_prefix("ends_at")) or "")
        if start is not None and data.get("ends_at") is not None and _TIME_ONLY.match(text):
            end = read_moment(text, now=start, zone=ZoneInfo(settings.TIME_ZONE))
            if end is not None:
                data["ends_at"] = end if end > start else end + timedelta(days=1)
        return data


class ShiftForm(PeriodForm):
    """Somebody on duty for a role."""

    field_order = ("role", "staff", "starts_at", "ends_at")
    role = forms.ChoiceField(label=_("Duty"), choices=DutyRole.choices)
    staff = PersonField(
        label=_("Who"),
        error_messages={"required": _("Say who is on duty.")},
    )


class AbsenceForm(PeriodForm):
    """Somebody away, and who is told instead."""

    field_order = ("staff", "deputy", "starts_at", "ends_at", "reason")
    staff = PersonField(
        label=_("Who is away"),
        required=False,
        help_text=_("Empty means yourself."),
    )
    deputy = PersonField(
        label=_("Deputy"),
        help_text=_("Is told everything that the absent one would be told."),
        error_messages={"required": _("Say who stands in.")},
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "id_absence_%s")  # two forms stand on one page
        super().__init__(*args, **kwargs)
