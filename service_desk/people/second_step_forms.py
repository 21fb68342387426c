"""The forms of the second step: one code, or the password once more."""

from __future__ import annotations

from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.utils.translation import gettext_lazy as _


class CodeForm(forms.Form):
    """What the app shows, or one of the codes on paper."""

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}),
        validators=[ProhibitNullCharactersValidator()],
        help_text=_("The six figures that the app shows now, or one of the codes that you wrote down."),
    )


class OnceMoreForm(forms.Form):
    """The password, for who has no second step."""

    password = forms.CharField(
        label=_("Password"),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
        validators=[ProhibitNullCharactersValidator()],
    )
