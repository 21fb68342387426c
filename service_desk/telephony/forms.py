"""What an administrator says about a phone system, and who sits at which extension."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.people.fields import MomentField, PersonField
from service_desk.people.models import Unit
from service_desk.telephony.actions import NewIntegration
from service_desk.telephony.models import Integration
from service_desk.telephony.rules import AuthMode, IntegrationKind
from service_desk.telephony.scopes import ALL


class IntegrationForm(forms.Form):
    """A phone system; its kind is chosen once."""

    name = forms.CharField(
        label=pgettext_lazy("integration", "Name"), max_length=80, help_text=_("Such as 'Hotline, head office'.")
    )
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[(value, label) for value, label in IntegrationKind.choices if value != IntegrationKind.MANUAL],
    )
    auth_mode = forms.ChoiceField(
        label=_("Proof"),
        choices=AuthMode.choices,
        help_text=_("Key only is for systems that cannot sign; then the addresses must be listed."),
    )
    networks = forms.CharField(
        label=_("Addresses it comes from"),
        required=False,
        max_length=500,
        validators=[ProhibitNullCharactersValidator()],
        help_text=_("As 192.0.2.0/24, separated by commas; empty: from everywhere."),
    )
    unit = forms.ModelChoiceField(
        label=_("Unit"),
        queryset=Unit.objects.all(),
        empty_label="–",
        required=False,
        help_text=_("Whose calls these are while nobody has claimed them."),
    )
    silent_minutes = forms.IntegerField(
        label=_("Alarm after minutes of silence"),
        min_value=0,
        max_value=10_080,
        initial=60,
        help_text=_("In working hours; 0: no alarm."),
    )
    events_per_second = forms.IntegerField(
        label=_("Deliveries a second"), min_value=1, max_value=10_000, initial=200, help_text=_("More are put off.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("May"),
        widget=forms.CheckboxSelectMultiple,
        choices=[(scope, label) for scope, label in ALL.items()],
        initial=list(ALL),
    )

    def clean_networks(self) -> list[str]:
        """One by one; the verb reads them."""
        text = self.cleaned_data["networks"].replace("，", ",").replace("、", ",")
        return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]

    def said(self) -> NewIntegration:
        """The input of the verbs."""
        return NewIntegration(**{"kind": IntegrationKind.NATIVE, **self.cleaned_data})

    @classmethod
    def of(cls, row: Integration, data: Any = None) -> IntegrationForm:
        """Filled in with what holds now; the kind stays."""
        initial = {name: getattr(row, name) for name in cls.base_fields if name not in ("kind", "networks")}
        form = cls(data, initial={**initial, "networks": ", ".join(row.networks)}, prefix="system")
        del form.fields["kind"]
        return form


class ExtensionForm(forms.Form):
    """Somebody at a phone."""

    extension = forms.CharField(label=_("Extension"), max_length=32, validators=[ProhibitNullCharactersValidator()])
    staff = PersonField(label=_("Member of staff"), error_messages={"required": _("Say who sits there.")})
    agent_code = forms.CharField(
        label=_("Agent code"),
        max_length=64,
        required=False,
        validators=[ProhibitNullCharactersValidator()],
        help_text=_("If the phone system names agents by a code of its own."),
    )
    valid_from = MomentField(label=_("From"), required=False, help_text=_("Empty: from now on."))
    valid_to = MomentField(label=_("Until"), required=False, help_text=_("Empty: until further notice."))

    def __init__(self, data: Any = None, *, now: datetime) -> None:
        super().__init__(data, prefix="extension")
        for field in self.fields.values():
            if isinstance(field, MomentField):
                field.now = now
