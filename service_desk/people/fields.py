"""Form fields that the pages of every room share: one person or thing by type-ahead, and a moment as typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator
from django.urls import reverse_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from service_desk.people.finding import named
from service_desk.people.moments import read_moment

#: Django's own words for this field error; named here so that the desk's translation of them is used everywhere.
_NUL = _("Null characters are not allowed.")


@dataclass(frozen=True)
class Typed:
    """What a type-ahead sends: the id that was chosen, if any, and the words that were typed."""

    id: int | None = None
    text: str = ""

    def __bool__(self) -> bool:
        return self.id is not None or bool(self.text)


class TypeaheadInput(forms.TextInput):
    """Drawn by components/typeahead.html, because it has a `data-url`; reads `<name>` and `<name>_text`."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Typed:
        chosen = str(data.get(name) or "").strip()
        is_id = chosen.isascii() and chosen.isdigit() and len(chosen) <= 18
        return Typed(int(chosen) if is_id else None, str(data.get(f"{name}_text") or "").strip())

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return name not in data and f"{name}_text" not in data


class TypeaheadField(forms.Field):
    """A choice from a long list; what it means is resolved by the form, so that it works without a script too."""

    widget = TypeaheadInput
    default_error_messages = {"required": _("Please choose one.")}

    def __init__(self, *, url: Any, placeholder: Any = "", shortest: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget.attrs.update({"data-url": url, "data-placeholder": placeholder, "data-min": str(shortest)})
        self._checks = (MaxLengthValidator(200), ProhibitNullCharactersValidator(message=_NUL))

    def bound_data(self, data: Any, initial: Any) -> Any:
        return data.id if isinstance(data, Typed) else data

    def clean(self, value: Any) -> Typed:
        typed = value if isinstance(value, Typed) else Typed()
        if self.required and not typed:
            raise ValidationError(self.error_messages["required"], code="required")
        for check in self._checks:
            check(typed.text)
        return typed


class PersonField(TypeaheadField):
    """One active member of staff, chosen or written; cleans to the person, or None where the field may be empty."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("url", reverse_lazy("staff-suggest"))
        kwargs.setdefault("placeholder", _("Name, initials or user name"))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        if not typed:
            return None
        found = named(typed.id, typed.text)
        if len(found) == 1:
            return found[0]
        if found:
            raise ValidationError(gettext("Several people are called like that; please choose one."), code="several")
        raise ValidationError(gettext("Nobody here is called like that. Choose a person of the list."), code="unknown")


class MomentField(forms.CharField):
    """A date and time in the desk's zone, as `people.moments` reads it; the form hands in the database's `now`."""

    now: datetime

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", _("As 14:05, 11-21 14:05 or 2026-11-21 14:05."))
        super().__init__(**kwargs)
        self.widget.attrs.setdefault("autocomplete", "off")
        self.widget.attrs.setdefault("spellcheck", "false")

    def clean(self, value: Any) -> datetime | None:
        text = super().clean(value)
        if not text:
            return None
        moment = read_moment(text, now=self.now, zone=ZoneInfo(settings.TIME_ZONE))
        if moment is None:
            raise ValidationError(
                gettext("This is no date and time. Write it as 14:05, 11-21 14:05 or 2026-11-21 14:05."), code="invalid"
            )
        return moment


def add_refusal(form: forms.Form, errors: Any, names: Mapping[str, str] | None = None) -> None:
    """Put the field errors of a verb's refusal beside the fields of `form`; `names` maps the verb's to the form's."""
    for error in errors:
        name = (names or {}).get(error.field, error.field)
        text = f"{error.message} {error.remedy}".strip()
        form.add_error(name if name in form.fields else None, ValidationError(text, code=error.code))
