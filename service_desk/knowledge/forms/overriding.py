"""The supervisor's word on a text that the check has stopped: one field for every form that speaks to a customer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from service_desk.knowledge.actions.findings import Unsayable, can_override

_LONGEST = 200


class OverrideField(forms.CharField):
    """Why a text goes to the customer all the same (K3); hidden until a text has been stopped."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Why it goes to the customer all the same"))
        kwargs.setdefault("help_text", _("Recorded with your name and with what was found."))
        kwargs.setdefault("max_length", _LONGEST)
        kwargs.setdefault("widget", forms.HiddenInput)
        super().__init__(required=False, **kwargs)


def offer_override(form: forms.Form, refusal: Exception, user: Any) -> None:
    """Show the field after such a refusal, to somebody who may override."""
    if isinstance(refusal, Unsayable) and can_override(user):
        field = form.fields["override"]
        field.widget = forms.TextInput(attrs={"autocomplete": "off", "maxlength": _LONGEST, "data-language": "off"})
