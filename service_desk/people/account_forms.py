"""The forms of one's own account: display, password, absence."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from service_desk.people.forms import AbsenceForm
from service_desk.people.models import Staff
from service_desk.people.rules import Theme

_LONGEST_PASSWORD = 256


class DisplayForm(forms.Form):
    """Language and look."""

    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        choices=[("", gettext_lazy("As the browser says")), ("zh-hans", "中文"), ("en", "English")],
        help_text=gettext_lazy("Of your screens and of the letters that the desk sends you."),
    )
    theme = forms.ChoiceField(label=gettext_lazy("Appearance"), choices=Theme.choices, widget=forms.RadioSelect)

    @classmethod
    def of(cls, staff: Staff, data: Any = None) -> DisplayForm:
        """Filled in with what holds now."""
        return cls(data, initial={"language": staff.language, "theme": staff.theme})


class PasswordForm(forms.Form):
    """The present password and a new one, twice."""

    old = forms.CharField(
        label=gettext_lazy("Present password"),
        max_length=_LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        validators=[ProhibitNullCharactersValidator()],
    )
    new = forms.CharField(
        label=gettext_lazy("New password"),
        max_length=_LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        validators=[ProhibitNullCharactersValidator()],
        help_text=gettext_lazy(
            "At least 12 characters, not your name and none of the common ones. A sentence is fine."
        ),
    )
    again = forms.CharField(
        label=gettext_lazy("New password again"),
        max_length=_LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "new" in data and "again" in data and data["new"] != data["again"]:
            self.add_error("again", _("The two new passwords differ. Type the new one again."))
        return data


class OwnAbsenceForm(AbsenceForm):
    """One's own absence."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["staff"]
