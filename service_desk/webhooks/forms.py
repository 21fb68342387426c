"""What an administrator says about an endpoint, and from when on to deliver again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.people.fields import MomentField
from service_desk.rest.posting import LONGEST_URL, BadAddress, check_address
from service_desk.webhooks.actions import NewEndpoint
from service_desk.webhooks.kinds import known, subscribable
from service_desk.webhooks.models import Endpoint


class EndpointForm(forms.Form):
    """An endpoint: name, address, events."""

    name = forms.CharField(
        label=pgettext_lazy("webhook", "Name"), max_length=80, help_text=_("Such as 'Workshop planning'.")
    )
    url = forms.CharField(
        label=_("Address"),
        max_length=LONGEST_URL,
        validators=[ProhibitNullCharactersValidator()],
        help_text=_("Begins with https:// and lies in the public network."),
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
    )
    types = forms.MultipleChoiceField(
        label=_("Events"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Those that begin with ticket. are names of the phone contract; each event comes once, by one name."
        ),
    )

    def __init__(self, data: Any = None, *, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial, prefix="endpoint")
        choices: Any = self.fields["types"]
        own = known()
        # The names of the contract come last: whoever asks by one of ours needs none of them.
        names = sorted(subscribable().items(), key=lambda each: (each[0] not in own, each[0]))
        choices.choices = [(name, f"{label} ({name})") for name, label in names]

    def clean_url(self) -> str:
        """An address that a webhook may go to, as far as can be seen without asking for it."""
        try:
            return check_address(str(self.cleaned_data["url"]).strip())
        except BadAddress as error:
            raise forms.ValidationError(str(error)) from error

    def said(self) -> NewEndpoint:
        """The input of the verbs."""
        return NewEndpoint(**self.cleaned_data)

    @classmethod
    def of(cls, row: Endpoint, data: Any = None) -> EndpointForm:
        """Filled in with what holds now."""
        return cls(data, initial={"name": row.name, "url": row.url, "types": row.types})


class AgainForm(forms.Form):
    """From when on to deliver again."""

    since = MomentField(label=_("Since"), help_text=_("Events are kept for 30 days."))
    what = forms.ChoiceField(
        label=_("Which events"),
        choices=[("missed", _("what it has missed")), ("all", _("everything, what it has taken as well"))],
        initial="missed",
    )

    def __init__(self, data: Any = None, *, now: datetime) -> None:
        super().__init__(data, prefix="again")
        for field in self.fields.values():
            if isinstance(field, MomentField):
                field.now = now
