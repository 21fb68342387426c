"""The part of the register form that a request type and the read-back bring: their fields, as typed and as answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from service_desk.cases.models import RequestField, RequestType
from service_desk.cases.requesting import checked_value
from service_desk.cases.rules import FieldKind, ReadBack

#: What comes before the key of a field of a request type, and before a fact that is read back, in the form.
ANSWER, READ = "value_", "read_"


class AnswerField(forms.Field):
    """One field of a request type, checked by the same rule as the answers of every other door."""

    def __init__(self, asked: RequestField) -> None:
        super().__init__(
            label=asked.label, help_text=asked.help, required=asked.required, widget=_widget(asked), initial=""
        )
        self.asked = asked

    def clean(self, value: Any) -> Any:
        """The answer as it is kept; None for an empty one."""
        try:
            answer = checked_value(self.asked, value if isinstance(value, str) else None)
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from error
        if answer is None and self.required:
            raise ValidationError(self.error_messages["required"], code="required")
        return answer


def _widget(asked: RequestField) -> forms.Widget:
    if asked.kind == FieldKind.CHOICE:
        return forms.Select(choices=[("", "–"), *((line, line) for line in asked.choice_lines)])
    if asked.kind == FieldKind.YES_NO:
        return forms.Select(choices=[("", "–"), ("true", _("Yes")), ("false", _("No"))])
    if asked.kind == FieldKind.DATE:
        return forms.TextInput(attrs={"placeholder": "2026-11-21", "autocomplete": "off", "inputmode": "numeric"})
    if asked.kind == FieldKind.NUMBER:
        return forms.TextInput(attrs={"autocomplete": "off", "inputmode": "decimal"})
    return forms.TextInput(attrs={"autocomplete": "off", "maxlength": "500", "data-count": "1"})


class RequestFormPart(forms.Form):
    """Request type, its fields, what was told once (C16), and the four facts read back (C15)."""

    request_type = forms.TypedChoiceField(
        label=_("Request type"), required=False, coerce=int, empty_value=None, choices=()
    )
    told_once = forms.BooleanField(label=_("Told the customer"), required=False)
    read_phone = forms.BooleanField(label=ReadBack.PHONE.label, required=False)
    read_name = forms.BooleanField(label=ReadBack.NAME.label, required=False)
    read_address = forms.BooleanField(label=ReadBack.ADDRESS.label, required=False)
    read_matter = forms.BooleanField(label=ReadBack.MATTER.label, required=False)
    read_reason = forms.CharField(
        label=_("Not possible, because"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"list": "register-why-not-read", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        types = list(RequestType.objects.offered().select_related("service_line"))
        self.types = {found.pk: found for found in types}
        choice = self.fields["request_type"]
        assert isinstance(choice, forms.TypedChoiceField)  # noqa: S101  (told to the type checker)
        choice.choices = _grouped(types)
        self.chosen_type = self.types.get(_number(self["request_type"].value()))
        self.asked = [] if self.chosen_type is None else [f for f in self.chosen_type.fields.all() if f.is_active]
        for field in self.asked:
            self.fields[ANSWER + field.key] = AnswerField(field)

    @property
    def answer_fields(self) -> list[forms.BoundField]:
        """The fields of the chosen request type."""
        return [self[ANSWER + field.key] for field in self.asked]

    @property
    def read_back_fields(self) -> list[forms.BoundField]:
        """The tick of each fact."""
        return [self[READ + fact] for fact in ReadBack.values]

    @property
    def ticks(self) -> dict[str, bool]:
        """Which facts were read back."""
        return {fact: bool(self.cleaned_data.get(READ + fact)) for fact in ReadBack.values}

    @property
    def answers(self) -> dict[str, Any]:
        """The answers by the keys of the fields."""
        return {field.key: self.cleaned_data.get(ANSWER + field.key) for field in self.asked}

    def demand_read_back(self) -> None:
        """C15: four ticks, or the reason why not."""
        missing = [fact for fact, ticked in self.ticks.items() if not ticked]
        if not missing or self.cleaned_data.get("read_reason", "").strip() or "read_reason" in self.errors:
            return
        words = gettext("Read it back to the caller and tick it, or say below why that is not possible.")
        for fact in missing:
            self.add_error(READ + fact, ValidationError(words, code="required"))

    #: Where the verb's names of fields stand in the form.
    def names_here(self) -> Mapping[str, str]:
        """The form's name of each field that the verb names otherwise."""
        ticks = {f"read_back/{fact}": READ + fact for fact in ReadBack.values}
        answers = {f"request_values/{field.key}": ANSWER + field.key for field in self.asked}
        return {**ticks, **answers, "read_back_reason": "read_reason"}


def _number(value: Any) -> int:
    text = str(value or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0


def _grouped(types: Iterable[RequestType]) -> list[Any]:
    """Those of every line first, then line by line."""
    choices: list[Any] = [("", gettext("none"))]
    ordered = sorted(types, key=lambda found: found.service_line_id or "")
    for line, found in groupby(ordered, key=lambda each: each.service_line):
        several = [(each.pk, each.label) for each in found]
        choices += [(str(line), several)] if line is not None else several
    return choices
