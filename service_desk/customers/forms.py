"""The forms of the customer pages."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class RevealForm(forms.Form):
    """Why somebody wants to see a number in full; the reason goes to the audit trail."""

    reason = forms.CharField(
        label=_("Why do you need the number?"),
        max_length=200,
        help_text=_("For example: call back about CALL-… . The look is recorded with this reason."),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
        error_messages={"required": _("Say in a few words what you need it for.")},
    )


class NewCustomerForm(forms.Form):
    """A customer unit that calls for the first time."""

    name = forms.CharField(label=_("Customer unit"), max_length=120)
    number = forms.CharField(
        label=pgettext_lazy("telephone", "Number"),
        max_length=120,
        required=False,
        help_text=_("In any writing; several are separated by commas."),
        widget=forms.TextInput(attrs={"inputmode": "tel"}),
    )
    address = forms.CharField(label=_("Address"), max_length=200, required=False)
