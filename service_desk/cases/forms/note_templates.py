"""The form of a template; whoever does not lead keeps templates for themselves alone."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.cases.actions.templating import TemplateWords
from service_desk.cases.models import NoteTemplate
from service_desk.cases.models.note_templates import TemplateScope, TemplateUse
from service_desk.people.models import ServiceLine, Unit


class NoteTemplateForm(forms.Form):
    """A template's name, text, use, and who may use it."""

    name = forms.CharField(
        label=pgettext_lazy("thing", "Name"),
        max_length=80,
        help_text=_("By this, or by its pinyin initials, it is found."),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )
    use = forms.ChoiceField(
        label=_("For"), choices=TemplateUse.choices, initial=TemplateUse.NOTE, widget=forms.RadioSelect
    )
    text = forms.CharField(
        label=_("Text"), max_length=4000, widget=forms.Textarea(attrs={"rows": 6, "data-count": "1"})
    )
    scope = forms.ChoiceField(label=_("Who may use it"), choices=TemplateScope.choices, initial=TemplateScope.OWN)
    unit = forms.ModelChoiceField(Unit.objects.all(), label=_("Unit"), required=False)
    service_line = forms.ModelChoiceField(ServiceLine.objects.all(), label=_("Service line"), required=False)

    def __init__(self, *args: Any, may_share: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_share:
            for name in ("scope", "unit", "service_line"):
                del self.fields[name]

    @property
    def words(self) -> TemplateWords:
        """What the verb takes."""
        return TemplateWords(**self.cleaned_data)


def initial_of(template: NoteTemplate) -> dict[str, Any]:
    """What stands in the form of a template that is changed."""
    return {name: getattr(template, name) for name in ("name", "text", "use", "scope", "unit", "service_line")}
