"""What is typed for a message: whom it is for, who asked, how to reach them, what about, and by when."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.deadlines.clock import now
from service_desk.people.fields import MomentField, PersonField

_LONG = {"rows": 4, "data-count": "1"}


class MessageForm(forms.Form):
    """A caller asks for somebody who is not there."""

    for_whom = PersonField(
        label=pgettext_lazy("message", "For"), help_text=_("Somebody absent: the deputy is told instead.")
    )
    from_name = forms.CharField(
        label=pgettext_lazy("message", "From"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    from_number = forms.CharField(
        label=pgettext_lazy("telephone", "Number"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    matter = forms.CharField(label=_("Matter"), max_length=2000, widget=forms.Textarea(attrs=_LONG))
    call_back_by = MomentField(
        label=_("Call back by"),
        required=False,
        help_text=_("Only if a time was promised; it is kept as a promise. As 14:05 or 11-21 14:05."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        moment: Any = self.fields["call_back_by"]
        moment.now = now()


class OutcomeForm(forms.Form):
    """The caller was called back."""

    outcome = forms.CharField(label=_("What was said"), max_length=2000, widget=forms.Textarea(attrs=_LONG))
