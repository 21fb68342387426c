"""The form of another request type: which, why, and the fields that it asks, shown as soon as it is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext

from service_desk.cases.forms.acting import MoveForm
from service_desk.cases.forms.requesting import ANSWER, AnswerField
from service_desk.cases.models import Case, RequestType


class RetypeForm(MoveForm):
    """Without a script the fields of the type come with the first press, and the second one saves."""

    asked_for = forms.CharField(max_length=20, required=False, widget=forms.HiddenInput)

    def __init__(self, verb: str, case: Case, *args: Any, **kwargs: Any) -> None:
        super().__init__(verb, case, *args, **kwargs)
        choice = self.fields["request_type"]
        url = reverse("case-act", args=[case.number, verb])
        choice.widget.attrs |= {
            "hx-get": url,
            "hx-trigger": "change",
            "hx-target": "#desk-dialog-body",
            "hx-include": "closest form",
            "hx-params": "request_type,text",
        }
        here = Q(service_line=None) | Q(service_line=case.service_line_id)
        types = {one.pk: one for one in RequestType.objects.offered().filter(here)}
        assert isinstance(choice, forms.TypedChoiceField)  # noqa: S101  (told to the type checker)
        choice.choices = [("", gettext("none")), *((pk, one.label) for pk, one in types.items())]
        chosen = str(self["request_type"].value() or "")
        self.chosen = types.get(int(chosen)) if chosen.isascii() and chosen.isdigit() and len(chosen) < 19 else None
        self.own = [] if self.chosen is None else [each for each in self.chosen.fields.all() if each.is_active]
        same = self.chosen is not None and self.chosen.pk == case.request_type_id
        for each in self.own:
            self.fields[ANSWER + each.key] = AnswerField(each)
            if same:
                self.initial.setdefault(ANSWER + each.key, _as_typed(case.request_values.get(each.key)))
        self.initial["asked_for"] = str(self.chosen.pk) if self.chosen is not None else ""

    def clean(self) -> dict[str, Any]:
        """The fields of the type were on the screen when this was sent; else they are asked now."""
        data = super().clean() or {}
        if self.own and data.get("asked_for") != self.initial["asked_for"]:
            self.add_error(None, gettext("This request type asks for more: fill it in and save once more."))
            sent = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict
            sent["asked_for"] = self.initial["asked_for"]
            self.data = sent
        return data

    @property
    def answers(self) -> dict[str, Any]:
        """What the verb takes."""
        values = {each.key: self.cleaned_data.get(ANSWER + each.key) for each in self.own}
        return {**super().answers, "request_values": values}

    @property
    def names_here(self) -> Mapping[str, str]:
        """Where the verb's names of fields stand in the form."""
        return {f"request_values/{each.key}": ANSWER + each.key for each in self.own}


def _as_typed(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def form_of(verb: str) -> type[MoveForm]:
    """The form of a move: one that asks as its answers go has a class of its own."""
    return RetypeForm if verb == "retype" else MoveForm


#: What a move that is chosen anew in its dialog keeps of what was typed.
CARRIED = {"retype": ("request_type", "text")}
