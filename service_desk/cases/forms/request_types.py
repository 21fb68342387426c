"""The forms in which an administrator writes a request type and its fields."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet, inlineformset_factory
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from service_desk.cases.models import RequestField, RequestType
from service_desk.cases.requesting import shown_number
from service_desk.cases.rules import FieldKind

_KEY = re.compile(r"[a-z][a-z0-9_]{0,29}")
_MOST_FIELDS = 30
_LARGEST_ORDER = 32767
_NEW_ROWS = 2


class RequestTypeForm(forms.ModelForm[RequestType]):
    """Name, line, report, and what is told once."""

    version = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)

    class Meta:
        model = RequestType
        fields = ("name", "name_en", "service_line", "report", "materials", "steps", "order")
        widgets = {
            "materials": forms.Textarea(attrs={"rows": 5, "data-count": "1"}),
            "steps": forms.Textarea(attrs={"rows": 5, "data-count": "1"}),
            "order": forms.NumberInput(attrs={"min": 0, "max": _LARGEST_ORDER}),
        }
        help_texts = {
            "service_line": _("Empty: for every service line."),
            "report": _("No case of this type closes without it."),
            "materials": _("What the customer must have ready, one on a line; told once."),
            "steps": _("How it goes, in order, one on a line; told once."),
            "order": _("Small numbers come first."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["order"].required = False
        report = self.fields["report"]
        assert isinstance(report, forms.ChoiceField)  # noqa: S101  (told to the type checker)
        report.choices = [("", gettext("none")), *(RequestType._meta.get_field("report").choices or ())]

    def clean_order(self) -> int:
        """100 when it is left out; never more than the column holds."""
        order: int | None = self.cleaned_data["order"]
        if order is not None and not 0 <= order <= _LARGEST_ORDER:
            raise ValidationError(gettext("Please enter a number between 0 and 32767."), code="range")
        return 100 if order is None else order

    def clean_name(self) -> str:
        """Unique, and said so in plain words."""
        name = " ".join(self.cleaned_data["name"].split())
        if RequestType.objects.filter(name=name).exclude(pk=self.instance.pk).exists():
            raise ValidationError(gettext("There is a request type of this name already."), code="unique")
        return name


class RequestFieldForm(forms.ModelForm[RequestField]):
    """One field as a row."""

    class Meta:
        model = RequestField
        fields = (
            "name",
            "name_en",
            "key",
            "kind",
            "required",
            "choices",
            "lowest",
            "highest",
            "help",
            "order",
            "is_active",
        )
        widgets = {
            "choices": forms.Textarea(attrs={"rows": 3}),
            "order": forms.NumberInput(attrs={"min": 0, "max": _LARGEST_ORDER}),
        }
        help_texts = {
            "key": _("Small letters, digits and _; for programs. It never changes."),
            "choices": _("One on a line; only for a choice."),
            "is_active": _("Untick it to retire the field; its answers stay."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].required = self.fields["order"].required = False
        self.fields["key"].disabled = self.instance.pk is not None
        for name in ("lowest", "highest"):
            if self.initial.get(name) is not None:
                self.initial[name] = shown_number(self.initial[name])

    def clean_key(self) -> str:
        """As written; without one, made of the English label or the row's place."""
        key = str(self.cleaned_data.get("key") or "").strip().lower()
        if not key:
            words = re.sub(r"[^a-z0-9]+", "_", str(self.cleaned_data.get("name_en", "")).lower()).strip("_")[:30]
            place = re.sub(r"\D", "", self.prefix or "") or "0"
            key = words if _KEY.fullmatch(words) else f"field_{place}"
        if not _KEY.fullmatch(key):
            raise ValidationError(gettext("Begin with a small letter; then small letters, digits and _."), code="key")
        return key

    def clean_order(self) -> int:
        """By its row when it is left out; never more than the column holds."""
        order: int | None = self.cleaned_data["order"]
        if order is not None and not 0 <= order <= _LARGEST_ORDER:
            raise ValidationError(gettext("Please enter a number between 0 and 32767."), code="range")
        return 10 * (1 + int(re.sub(r"\D", "", self.prefix or "") or 0)) if order is None else order

    def clean(self) -> dict[str, Any]:
        """What goes together: a choice has choices, a range is in order."""
        data = super().clean() or {}
        if data.get("kind") == FieldKind.CHOICE and not str(data.get("choices", "")).strip():
            self.add_error("choices", gettext("Write what may be chosen, one on a line."))
        lowest, highest = data.get("lowest"), data.get("highest")
        if lowest is not None and highest is not None and highest < lowest:
            self.add_error("highest", gettext("This is lower than the lowest."))
        return data


class _Fields(BaseInlineFormSet[RequestField, RequestType, RequestFieldForm]):
    """The rows; two of one key are refused beside the second."""

    def validate_unique(self) -> None:
        """In place of Django's words, which name no field."""
        seen: set[str] = set()
        for form in self.forms:
            key = getattr(form, "cleaned_data", {}).get("key")
            if not key or not (form.has_changed() or form.instance.pk):
                continue
            if key in seen:
                form.add_error("key", gettext("Another field has this key."))
            seen.add(str(key))


FieldRows = inlineformset_factory(
    RequestType,
    RequestField,
    form=RequestFieldForm,
    formset=_Fields,
    extra=_NEW_ROWS,
    max_num=_MOST_FIELDS,
    absolute_max=_MOST_FIELDS + _NEW_ROWS,
    validate_max=True,
    can_delete=False,
)
