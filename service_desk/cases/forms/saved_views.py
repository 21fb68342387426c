"""The form of a saved view: its name and to whom it is shown."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.cases.models import Sharing


class SavedViewForm(forms.Form):
    """Sharing is offered to those who may share."""

    name = forms.CharField(
        label=pgettext_lazy("saved view", "Name"),
        max_length=40,
        help_text=_("Such as: critical ones of my unit, waiting for parts."),
    )
    sharing = forms.ChoiceField(
        label=_("Shown to"), choices=Sharing.choices, widget=forms.RadioSelect, initial=Sharing.OWN, required=False
    )
    opens = forms.BooleanField(label=_("My list opens with this view"), required=False)
    query = forms.CharField(widget=forms.HiddenInput, required=False, max_length=2000)

    def __init__(self, *args: Any, may_share: bool, with_query: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_share:
            del self.fields["sharing"]
        if not with_query:
            del self.fields["query"]

    def clean_sharing(self) -> str:
        """Only me, unless something else is chosen."""
        return self.cleaned_data["sharing"] or Sharing.OWN
