"""What people may choose about their channels."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from service_desk.notices.channels import CHANNELS, BadTarget
from service_desk.notices.models import ChannelAddress
from service_desk.notices.rules import ChannelKind, Level
from service_desk.people.models import Staff, Unit


class MailboxForm(forms.Form):
    """One's own e-mail."""

    target = forms.EmailField(
        label=_("Another address"),
        required=False,
        max_length=254,
        help_text=_("Leave empty to use the address of your staff record."),
    )
    min_level = forms.ChoiceField(label=_("From level"), choices=Level.choices)
    enabled = forms.BooleanField(
        label=_("Send me notices by e-mail"),
        required=False,
        help_text=_("Emergencies are always sent by e-mail, whatever you choose here."),
    )

    @classmethod
    def of(cls, staff: Staff, data: Any = None) -> MailboxForm:
        """Filled in with what holds now."""
        row = ChannelAddress.objects.filter(staff=staff, kind=ChannelKind.EMAIL).first()
        initial = {
            "target": row.target if row else "",
            "min_level": row.min_level if row else Level.INFO,
            "enabled": row.enabled if row else True,
        }
        return cls(data, initial=initial, prefix="mailbox")


class AddressForm(forms.Form):
    """A robot or a webhook."""

    kind = forms.ChoiceField(
        label=_("Channel"), choices=[choice for choice in ChannelKind.choices if choice[0] != ChannelKind.EMAIL]
    )
    target = forms.CharField(
        label=_("Address"),
        max_length=500,
        help_text=_("The web address that the robot's settings show, or where the webhook is to be sent."),
    )
    name = forms.CharField(label=_("Name"), max_length=80, required=False)
    min_level = forms.ChoiceField(label=_("From level"), choices=Level.choices, initial=Level.INFO)
    owner = forms.ChoiceField(
        label=_("For"), choices=[("me", _("Me")), ("desk", _("The whole desk")), ("unit", _("A unit"))]
    )
    unit = forms.ModelChoiceField(label=_("Unit"), queryset=Unit.objects.all(), required=False)

    def __init__(self, *args: Any, may_choose_owner: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_choose_owner:
            del self.fields["owner"], self.fields["unit"]

    def clean(self) -> dict[str, Any]:
        """The address must be one of its channel; a unit is named exactly when it is for one."""
        data = super().clean() or self.cleaned_data
        if "kind" in data and "target" in data:
            try:
                data["target"] = CHANNELS[data["kind"]].check(data["target"])
            except BadTarget as error:
                self.add_error("target", str(error))
        if data.get("owner") == "unit" and not data.get("unit"):
            self.add_error("unit", _("Choose the unit."))
        return data
