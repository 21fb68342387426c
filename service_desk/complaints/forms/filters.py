"""The filters of the list of complaints, as they stand in its address."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from service_desk.cases.rules import CaseState
from service_desk.complaints.forms.fields import UnitField
from service_desk.complaints.listing import OPEN
from service_desk.complaints.rules import ComplaintChannel, ComplaintLevel, InstanceKind

_GONE = {CaseState.RESTORED, CaseState.CANCELLED, CaseState.MERGED}  # no complaint is ever in these


class ComplaintFilters(forms.Form):
    """What is wrong in the address is said beside the field and left out."""

    stage = forms.ChoiceField(label=_("Instance"), required=False, choices=[("", _("any")), *InstanceKind.choices])
    level = forms.ChoiceField(label=_("Level"), required=False, choices=[("", _("any")), *ComplaintLevel.choices])
    channel = forms.ChoiceField(label=_("Came by"), required=False, choices=[("", _("any")), *ComplaintChannel.choices])
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("any")),
            (OPEN, _("open")),
            *((state.value, state.label) for state in CaseState if state not in _GONE),
        ],
    )
    unit = UnitField(label=_("Unit it is about"), required=False)
    mine = forms.BooleanField(label=_("Mine: I handle or decide it"), required=False)

    def __init__(self, data: QueryDict, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)

    @property
    def chosen(self) -> dict[str, Any]:
        """The valid filters that are set."""
        return {name: value for name, value in self.cleaned_data.items() if value}
