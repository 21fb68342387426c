"""The forms of files: adding some, withdrawing one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.cases.models import Case
from service_desk.cases.rules import EventType, FilePurpose

#: What the file dialog offers; the content decides.
ACCEPT = ".png,.jpg,.jpeg,.gif,.webp,.pdf,.txt,.log,.csv,.docx,.xlsx"
_NOTES = 10


class FilesForm(forms.Form):
    """What the files are for and to what they belong; the files themselves are read from the request."""

    purpose = forms.ChoiceField(
        label=pgettext_lazy("file", "What for"),
        choices=FilePurpose.choices,
        initial=FilePurpose.ATTACHMENT,
        required=False,
    )
    report = forms.TypedChoiceField(label=_("Report"), coerce=int, empty_value=None, required=False)
    note = forms.TypedChoiceField(label=pgettext_lazy("file", "Note"), coerce=int, empty_value=None, required=False)

    def __init__(self, case: Case, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        none = [("", _("none"))]
        reports = [(report.pk, str(report)) for report in case.reports.order_by("kind", "revision")]
        notes = case.events.filter(type=EventType.NOTE).order_by("-pk")[:_NOTES]
        self.fields["report"].choices = none + reports  # type: ignore[attr-defined]
        self.fields["note"].choices = none + [(note.pk, note.text[:60]) for note in notes]  # type: ignore[attr-defined]


class TakeBackForm(forms.Form):
    """Why a file is withdrawn."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("The file is kept but not shown any more."),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )
