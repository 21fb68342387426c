"""The form of a report to the customer, made from the table of its entries; a draft may lack anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.cases.models import Case
from service_desk.cases.papers import MOST_ROWS, PAPERS, Entry, EntryKind
from service_desk.cases.rules import Channel, DemandedReport
from service_desk.knowledge.forms.overriding import OverrideField
from service_desk.people.fields import MomentField, add_refusal
from service_desk.rest.errors import FieldError

#: So many empty rows wait below those that are filled in.
_SPARE = 2
_LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Part:
    """A section of the form as its template draws it: fields by themselves, or a table of rows."""

    title: str
    items: list[tuple[Any, Entry, list[list[Any]]]]  # the field, or None with rows of fields


class DraftForm(forms.Form):
    """A form that marks what must be there in the end, and takes a draft without it: the verb demands it."""

    use_required_attribute = False

    def _clean_fields(self) -> None:
        needed = [field for field in self.fields.values() if field.required and not field.widget.is_hidden]
        for field in needed:
            field.required = False
        super()._clean_fields()  # type: ignore[misc]  # Django's own step of cleaning
        for field in needed:
            field.required = True


class ReportForm(DraftForm):
    """One kind of report."""

    version = forms.IntegerField(min_value=0, max_value=_LARGEST, widget=forms.HiddenInput)

    def __init__(self, kind: str, now: datetime, *args: Any, rows: int = 1, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.paper, self.rows = PAPERS[kind], 1
        for entry in self.paper.entries:
            if entry.kind == EntryKind.ROWS:
                self.rows = min(MOST_ROWS, max(self._sent_rows(entry), rows + _SPARE))
                for number in range(self.rows):
                    for name, label in entry.columns:
                        field = forms.CharField(label=str(label), max_length=entry.limit, required=False)
                        self.fields[f"{entry.key}-{number}-{name}"] = field
            else:
                self.fields[entry.key] = _field(entry, now)

    def _sent_rows(self, entry: Entry) -> int:
        """How many rows the browser sent, whatever it was shown."""
        first = entry.columns[0][0]
        return sum(f"{entry.key}-{number}-{first}" in self.data for number in range(MOST_ROWS))

    @cached_property
    def answers(self) -> dict[str, Any]:
        """What was written, as the verbs take it."""
        found: dict[str, Any] = {}
        for entry in self.paper.entries:
            if entry.kind == EntryKind.ROWS:
                found[entry.key] = [
                    {name: self.cleaned_data.get(f"{entry.key}-{row}-{name}", "") for name, _label in entry.columns}
                    for row in range(self.rows)
                ]
            else:
                found[entry.key] = self.cleaned_data.get(entry.key) or ""
        return found

    @property
    def parts(self) -> Iterator[Part]:
        """The sections for the template."""
        for section in self.paper.sections:
            items: list[tuple[Any, Entry, list[list[Any]]]] = []
            for entry in section.entries:
                if entry.kind == EntryKind.ROWS:
                    rows = [
                        [self[f"{entry.key}-{row}-{name}"] for name, _label in entry.columns]
                        for row in range(self.rows)
                    ]
                    items.append((None, entry, rows))
                else:
                    items.append((self[entry.key], entry, []))
            yield Part(str(section.title), items)

    def refuse(self, errors: list[FieldError]) -> None:
        """Put the verb's refusal beside the fields: of rows beside the very cell."""
        names = {
            f"{entry.key}/{row}/{name}": f"{entry.key}-{row}-{name}"
            for entry in self.paper.entries
            if entry.kind == EntryKind.ROWS
            for row in range(MOST_ROWS)
            for name, _label in entry.columns
        }
        add_refusal(self, errors, names)


class SubmissionForm(DraftForm):
    """By what way and to whom the report was given."""

    channel = forms.ChoiceField(label=pgettext_lazy("way", "By"), choices=Channel.choices, initial=Channel.VISIT)
    recipient = forms.CharField(
        label=_("Submitted to"),
        max_length=120,
        help_text=_("The person at the customer's who received it."),
    )
    override = OverrideField()


def _field(entry: Entry, now: datetime) -> forms.Field:
    if entry.kind == EntryKind.MOMENT:
        moment = MomentField(label=str(entry.label), required=entry.required)
        moment.now = now
        return moment
    if entry.choices is not None:
        return forms.ChoiceField(
            label=str(entry.label), choices=entry.choices.choices, widget=forms.RadioSelect, required=entry.required
        )
    widget: forms.Widget = forms.TextInput(attrs={"autocomplete": "off"})
    if entry.kind == EntryKind.TEXT:
        widget = forms.Textarea(attrs={"rows": 3, "data-count": "1", "data-language": "to_customer"})
    return forms.CharField(
        label=str(entry.label),
        help_text=str(entry.help),
        max_length=entry.limit,
        widget=widget,
        required=entry.required,
    )


def initial_of(kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """What the form shows of kept answers: moments in the desk's zone, rows in their cells."""
    shown: dict[str, Any] = {}
    for entry in PAPERS[kind].entries:
        value = data.get(entry.key) or ""
        if entry.kind == EntryKind.ROWS:
            for number, row in enumerate(value or []):
                shown |= {f"{entry.key}-{number}-{name}": row.get(name, "") for name, _label in entry.columns}
        elif entry.kind == EntryKind.MOMENT and value:
            shown[entry.key] = timezone.localtime(datetime.fromisoformat(value)).strftime("%Y-%m-%d %H:%M")
        else:
            shown[entry.key] = value
    return shown


def first_words(case: Case, kind: str, user: Any) -> dict[str, Any]:
    """What the desk knows already, so that nobody types it again; the writer looks it over."""
    known: dict[str, Any] = {
        "customer": case.customer.name,
        "engineers": str(user),
        "contact": case.contact.name if case.contact else case.caller_name,
        "symptom": case.fault if not case.description else f"{case.fault}\n{case.description}"[:4000],
        "done": case.outcome[:4000],
    }
    if case.arrived_at is not None:
        known["arrived_at"] = case.arrived_at.isoformat()
    if kind == DemandedReport.UPGRADE:
        known["product"] = case.product_type.name
    keys = {entry.key for entry in PAPERS[kind].entries}
    return {key: value for key, value in known.items() if key in keys}
