"""The forms of the phrasebook: filters, a draft field by field, a note, a sheet, a text to try."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.knowledge.language.wording import LISTS, NEEDS
from service_desk.knowledge.rules import Category, Direction, FindingOutcome, PhraseKind, PhraseState, Speaker, Weight
from service_desk.rest.clean import is_clean

_ANY = [("", _("all"))]
_LONGEST_ASKED = 80
_OFF = {"data-language": "off"}  # the phrasebook itself names what must not be said
LONGEST_SHEET = 900_000


class Filters(forms.Form):
    """Filters in the address: one that cannot be understood is left out, never an error."""

    @property
    def chosen(self) -> dict[str, str]:
        """What is asked for."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value and is_clean(str(value))}


class PhraseFilters(Filters):
    """The filters of the phrasebook."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__({"state": PhraseState.APPROVED.value, **{name: data[name] for name in data}})

    q = forms.CharField(
        label=_("Words or code"),
        max_length=_LONGEST_ASKED,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    state = forms.ChoiceField(label=_("State"), choices=PhraseState.choices, required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=_ANY + PhraseKind.choices, required=False)
    category = forms.ChoiceField(label=_("Category"), choices=_ANY + Category.choices, required=False)
    situation = forms.CharField(label=_("Situation"), max_length=_LONGEST_ASKED, required=False)

    def narrow(self, rows: Any) -> tuple[Any, tuple[str, ...]]:
        """The versions that meet every filter, and the columns of their order: drafts the newest first."""
        chosen = self.chosen
        state = chosen.get("state", PhraseState.APPROVED)
        rows = rows.filter(state=state)
        if "q" in chosen:
            asked = chosen["q"].strip()
            rows = rows.filter(
                Q(text__icontains=asked) | Q(phrase__code__iexact=asked) | Q(initials__startswith=asked.lower())
            )
        if "kind" in chosen:
            rows = rows.filter(phrase__kind=chosen["kind"])
        if "category" in chosen:
            rows = rows.filter(category=chosen["category"])
        if "situation" in chosen:
            rows = rows.filter(situation__icontains=chosen["situation"])
        return rows, ("id",) if state == PhraseState.APPROVED else ("-id",)


class FindingFilters(Filters):
    """The filters of findings."""

    entry = forms.CharField(label=_("Entry"), max_length=20, required=False)
    outcome = forms.ChoiceField(label=_("Outcome"), choices=_ANY + FindingOutcome.choices, required=False)
    severity = forms.ChoiceField(label=_("Effect"), choices=_ANY + Weight.choices, required=False)
    direction = forms.ChoiceField(label=_("Direction"), choices=_ANY + Direction.choices, required=False)


def _line(label: Any, help_text: Any = "", *, limit: int = 200, required: bool = False) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "off", **_OFF})
    return forms.CharField(label=label, help_text=help_text, max_length=limit, required=required, widget=widget)


def _list(label: Any, help_text: Any = "") -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 3, **_OFF})
    return forms.CharField(label=label, help_text=help_text, max_length=13_000, required=False, widget=widget)


_NEEDS = {
    "": _("nothing"),
    "person": _("a person it is said of"),
    "address": _("somebody who is called"),
    "answer": _("a question it answers"),
    "demand": _("somebody it is said to"),
    "question": _("a question or a doubt"),
    "refusal": _("nothing that is done about it"),
}


class PhraseForm(forms.Form):
    """A draft: a new entry, or the next version of one. Lists have one item a line."""

    code = _line(_("Code"), _("Letters and figures, such as B43."), limit=20, required=True)
    kind = forms.ChoiceField(label=_("Kind"), choices=PhraseKind.choices)
    text = _line(_("Phrase"), _("Slots to fill stand in 〔 〕."), limit=80, required=True)
    situation = _line(_("Situation"))
    category = forms.ChoiceField(label=_("Category"), choices=[("", "–"), *Category.choices], required=False)
    suggestions = _list(_("Say instead"), _("One to three, one a line."))
    must_hit = _list(_("Must be found in"), _("Sentences, one a line; run whenever something is approved."))
    must_not_hit = _list(_("Must not be found in"), _("Sentences that are no fault, one a line."))
    forms_ = _list(_("Other forms"), _("{你|您}快点{儿|} stands for each choice."))
    group = _line(_("Who is hurt"))
    severity = forms.ChoiceField(
        label=_("Effect"), choices=[("", _("as its category")), *Weight.choices], required=False
    )
    need = forms.ChoiceField(
        label=_("Counts only with"), choices=[(need, _NEEDS.get(need, need)) for need in NEEDS], required=False
    )
    allow = _list(_("Longer words that are allowed"), _("Such as 化肥 for 肥."))
    still = _list(_("Longer words that are banned all the same"))
    not_before = _list(_("No fault behind these words"))
    not_after = _list(_("No fault in front of these words"))
    not_near = _list(_("No fault near these words"))
    fuzzy = forms.BooleanField(label=_("Also by sound and in pinyin"), required=False, initial=True)
    note = _line(_("Why"), _("What the one who approves should know."))

    #: What stands behind 'more', as most entries need none of it.
    MORE = ("group", "severity", "need", "allow", "still", "not_before", "not_after", "not_near", "fuzzy")

    def __init__(self, *args: Any, fixed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if fixed:  # another version of an entry that is there
            self.fields["code"].widget.attrs["readonly"] = True
            self.fields["kind"].widget = forms.HiddenInput()

    @property
    def content(self) -> dict[str, Any]:
        """The fields of the entry as releases hold them; what is empty is left out."""
        given = self.cleaned_data
        found: dict[str, Any] = {
            name: items
            for name in LISTS
            if (
                items := [
                    line.strip() for line in given["forms_" if name == "forms" else name].splitlines() if line.strip()
                ]
            )
        }
        for name in ("category", "situation", "group", "severity", "need"):
            if given[name]:
                found[name] = given[name]
        if not given["fuzzy"]:
            found["fuzzy"] = False
        return found

    @property
    def more_is_used(self) -> bool:
        """Whether anything stands behind 'more'."""
        given = self.data if self.is_bound else self.initial
        return any(given.get(name) for name in self.MORE if name != "fuzzy") or bool(set(self.errors) & set(self.MORE))

    @property
    def main_fields(self) -> list[Any]:
        """What most entries need."""
        return [field for field in self.visible_fields() if field.name not in self.MORE]

    @property
    def more_fields(self) -> list[Any]:
        """The rest."""
        return [self[name] for name in self.MORE]


#: The verb's names for fields that are called otherwise here.
NAMES: Mapping[str, str] = {"forms": "forms_"}


def initial_of(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the form for an entry as it stands."""
    found = {name: "\n".join(value) if isinstance(value, list) else value for name, value in snapshot.items()}
    found["forms_"] = found.pop("forms", "")
    found.pop("note", None)
    found.setdefault("fuzzy", True)
    return found


class NoteForm(forms.Form):
    """Why, if somebody wishes to say."""

    note = _line(_("Note"))


class ReasonForm(forms.Form):
    """Why a finding is no fault."""

    reason = _line(_("Why it is no fault"), _("The one who approves the exception reads this."), required=True)


class SheetForm(forms.Form):
    """The phrasebook as a sheet: a file, or its text."""

    file = forms.FileField(
        label=_("CSV file"), required=False, help_text=_("In UTF-8, with the columns of the export.")
    )
    csv = forms.CharField(
        label=_("Or its text"),
        required=False,
        max_length=LONGEST_SHEET,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, **_OFF}),
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        sent = given.get("file")
        if sent is not None:
            if sent.size > LONGEST_SHEET * 4:
                self.add_error("file", _("The file is too large."))
                return given
            try:
                given["csv"] = sent.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                self.add_error("file", _("The file is not in UTF-8; save it as “CSV UTF-8”."))
        if not given.get("csv", "").strip() and "file" not in self.errors:
            self.add_error("file", _("Choose a file, or paste its text."))
        return given


class TryForm(forms.Form):
    """A text to be held against the phrasebook."""

    text = forms.CharField(
        label=_("Text"),
        max_length=20_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "data-language": "off", "autofocus": True}),
    )
    direction = forms.ChoiceField(label=_("Direction"), choices=Direction.choices)
    speaker = forms.ChoiceField(label=pgettext_lazy("transcript", "Speaker"), choices=Speaker.choices, required=False)
