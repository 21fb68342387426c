"""The form of a move for many cases, and the one of a shift change with the facts of each case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from service_desk.cases.forms.acting import FIELDS
from service_desk.cases.models import Case
from service_desk.cases.shift_facts import Facts
from service_desk.people.fields import PersonField

_LARGEST = 2**31 - 1
FACTS = ("done", "remaining", "promised")


class BulkForm(forms.Form):
    """What is said once for all of the cases, and the version of each that was on the screen."""

    def __init__(self, verb: str, cases: Sequence[Case], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields = FIELDS[verb](cases[0]) if verb in FIELDS and cases else {}
        for field in fields.values():
            for name in ("data-templates", "data-people"):
                field.widget.attrs.pop(name, None)  # they speak of one case
        self.asked = tuple(fields)
        self.fields.update(fields)

    @property
    def answers(self) -> dict[str, Any]:
        """What the verb takes, by the names of its arguments."""
        return {name: self.cleaned_data[name] for name in self.asked}


class ShiftForm(forms.Form):
    """To whom, and of each case whether it goes along and what the receiver must know."""

    receiver = PersonField(label=_("Receiver"), help_text=_("Each case stays with you until it is accepted."))

    def __init__(self, facts: Sequence[Facts], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cases = [each.case for each in facts]
        labels = {"done": _("What was done"), "remaining": _("What remains"), "promised": _("What was promised")}
        for each in facts:
            pk = each.case.pk
            self.fields[f"take_{pk}"] = forms.BooleanField(label=each.case.number, required=False, initial=True)
            for name in FACTS:
                self.fields[f"{name}_{pk}"] = forms.CharField(
                    label=labels[name],
                    max_length=4000,
                    initial=getattr(each, name),
                    widget=forms.Textarea(attrs={"rows": 3}),
                )

    def lines(self) -> list[tuple[Case, Any, list[Any]]]:
        """Each case with its tick and its three texts, for the page."""
        return [(case, self[f"take_{case.pk}"], [self[f"{name}_{case.pk}"] for name in FACTS]) for case in self.cases]

    def clean(self) -> dict[str, Any]:
        """What goes along says everything; what stays behind may be empty."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        chosen = [case for case in self.cases if cleaned.get(f"take_{case.pk}")]
        if not chosen:
            self.add_error(None, forms.ValidationError(_("Choose at least one case."), code="required"))
        for case in self.cases:
            if case not in chosen:
                for name in FACTS:
                    self.errors.pop(f"{name}_{case.pk}", None)
        return cleaned

    @property
    def each(self) -> Mapping[str, Mapping[str, str]]:
        """The facts of each case that goes along, by its number."""
        data = self.cleaned_data
        return {
            case.number: {name: data[f"{name}_{case.pk}"] for name in FACTS}
            for case in self.cases
            if data.get(f"take_{case.pk}")
        }


def versions_in(values: Sequence[str]) -> dict[str, int]:
    """`CALL-20261121-0001:7` of each case: what was on the screen; whatever is no such pair is left out."""
    found: dict[str, int] = {}
    for value in values:
        number, _colon, version = value.rpartition(":")
        if number and version.isascii() and version.isdigit() and len(version) < 10:
            found[number] = int(version)
    return found
