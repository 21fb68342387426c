"""The form with which an administrator issues an API key."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.core.validators import ProhibitNullCharactersValidator
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from service_desk.rest import scopes

_DAYS = (30, 90, 180, 365)


class KeyForm(forms.Form):
    """Who the key acts as, what it may do, for how long and from where."""

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("What the key is for, such as 'telephone system'.")
    )
    owner: Any = forms.ModelChoiceField(
        label=_("Acts as"), queryset=None, help_text=_("The key never has more rights than this person.")
    )
    scopes = forms.MultipleChoiceField(label=_("May"), widget=forms.CheckboxSelectMultiple)
    days = forms.TypedChoiceField(
        label=_("Expires after"),
        coerce=int,
        initial=90,
        choices=[(days, format_lazy("{days} {word}", days=days, word=_("days"))) for days in _DAYS],
    )
    networks = forms.CharField(
        label=_("Only from these networks"),
        required=False,
        max_length=500,
        validators=[ProhibitNullCharactersValidator()],
        help_text=_("As 192.0.2.0/24, separated by commas; empty: from everywhere."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ModelChoiceField)  # noqa: S101  (tells mypy what stands above)
        owner.queryset = get_user_model()._default_manager.filter(is_active=True)
        asked = self.fields["scopes"]
        assert isinstance(asked, forms.MultipleChoiceField)  # noqa: S101
        asked.choices = [(scope, f"{scope}: {label}") for scope, label in scopes.known().items()]

    def clean_networks(self) -> list[str]:
        """The networks one by one; `issue_key` reads them."""
        return [part.strip() for part in self.cleaned_data["networks"].split(",") if part.strip()]
