"""The form before an export: which file, and whether telephone numbers stand in it in full."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from service_desk.cases.exporting import Format


class ExportForm(forms.Form):
    """Numbers in full are offered to those who may, when the list has the column."""

    format = forms.ChoiceField(label=_("File"), choices=Format.choices, initial=Format.XLSX, widget=forms.RadioSelect)
    in_full = forms.BooleanField(label=_("Telephone numbers in full"), required=False)
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=200,
        help_text=_("Why the numbers are needed in full; it is recorded with your name."),
    )

    def __init__(self, *args: Any, numbers: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not numbers:
            del self.fields["in_full"], self.fields["reason"]
