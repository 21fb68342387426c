"""The forms of transcripts and of call scripts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.knowledge.rules import DayPart, Situation
from service_desk.knowledge.talks import MOST_CHARACTERS
from service_desk.people.fields import PersonField
from service_desk.people.models import ServiceLine

_OFF = {"data-language": "off"}
_TYPED = 1_000_000  # a browser pastes no more; the file takes the rest


class TranscriptForm(forms.Form):
    """A talk as a file or as text."""

    title = forms.CharField(
        label=_("Title"), max_length=120, widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"})
    )
    agent = PersonField(label=_("Agent"), required=False, help_text=_("Whose words the agent's lines are, if known."))
    file = forms.FileField(
        label=_("File"), required=False, help_text=_("Text in UTF-8, or CSV with the columns speaker and text.")
    )
    text = forms.CharField(
        label=_("Or the talk itself"),
        help_text=_("One line for each turn, beginning with 坐席： or 客户：, or any other name of the two."),
        required=False,
        strip=False,
        max_length=_TYPED,
        widget=forms.Textarea(attrs={"rows": 10, **_OFF}),
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        sent = given.get("file")
        if sent is not None:
            if sent.size > MOST_CHARACTERS * 4:
                self.add_error("file", _("The file is too large."))
                return given
            try:
                given["text"] = sent.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                self.add_error("file", _("The file is not in UTF-8; save it as “CSV UTF-8”."))
        if not given.get("text", "").strip() and not self.errors:
            self.add_error("text", _("Choose a file, or paste its text."))
        return given


class ScriptLineForm(forms.Form):
    """An approved phrase for a situation."""

    situation = forms.ChoiceField(label=_("Situation"), choices=Situation.choices)
    code = forms.CharField(
        label=_("Code of the phrase"), max_length=20, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    service_line = forms.ModelChoiceField(
        label=_("Service line"),
        queryset=ServiceLine.objects.order_by("name"),
        required=False,
        empty_label=_("all"),
        help_text=_("A line's own phrases stand in place of the general ones of that situation."),
    )
    day_part = forms.ChoiceField(
        label=_("Time of day"), choices=[("", _("any time")), *DayPart.choices], required=False
    )
    position = forms.IntegerField(label=pgettext_lazy("script", "Position"), min_value=1, max_value=99, initial=1)
