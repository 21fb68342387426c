"""Answers to the fields of a request type: checked in one place for every door, shown, and as columns of a list.

An answer lies in `Case.request_values` under its field's key: text, a number, a day as 2026-11-21, a choice as it is
written, or true / false.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from service_desk.cases.models import Case, RequestField, RequestType
from service_desk.cases.rules import FieldKind, ReadBack
from service_desk.rest.clean import is_clean
from service_desk.rest.errors import FieldError, Invalid

LONGEST_TEXT = 500
#: A number has at most so many digits before and after the point, so that JSON and PostgreSQL keep it exactly.
_NUMBER = re.compile(r"[+-]?[0-9]{1,10}(?:\.[0-9]{1,4})?")
_DAY = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})")
_FIRST_YEAR, _LAST_YEAR = 1900, 2199
_YES, _NO = frozenset({"true", "yes", "1", "on"}), frozenset({"false", "no", "0", "off"})


def checked_values(fields: Iterable[RequestField], given: Mapping[str, Any]) -> dict[str, Any]:
    """The answers as they are kept; Invalid naming each wrong one as `request_values/<key>`.

    `given` may hold text as it was typed, or the values of JSON; empty answers are left out.
    """
    values: dict[str, Any] = {}
    known = {field.key: field for field in fields if field.is_active}
    strange = sorted(str(key) for key in given if key not in known)
    errors = [FieldError(_path(key), _("This request type has no such field."), "unknown_field") for key in strange]
    for key, field in known.items():
        try:
            value = checked_value(field, given.get(key))
        except ValueError as error:
            errors.append(FieldError(_path(key), str(error), "invalid"))
            continue
        if value is not None:
            values[key] = value
        elif field.required:
            errors.append(FieldError(_path(key), _("Please fill this in."), "required"))
    if errors:
        raise Invalid.of(errors)
    return values


def _path(key: str) -> str:
    return f"request_values/{key}"


def checked_value(field: RequestField, given: Any) -> Any:
    """One answer as it is kept, None for an empty one; ValueError in words for the person."""
    if isinstance(given, str):
        given = given.strip()
    if given is None or given == "":
        return None
    if isinstance(given, str) and not is_clean(given):
        raise ValueError(_("This contains a character that cannot be stored (NUL or half of a pair)."))
    return _CHECKS[FieldKind(field.kind)](field, given)


def _text(_field: RequestField, given: Any) -> str:
    if not isinstance(given, str):
        raise ValueError(_("Please write a text."))  # noqa: TRY004  (ValueError is what the person is told)
    if len(given) > LONGEST_TEXT:
        raise ValueError(_("Please write at most %(limit)s characters.") % {"limit": LONGEST_TEXT})
    return given


def _number(field: RequestField, given: Any) -> int | float:
    words = _("Please write a number, such as 12 or 3.5, with at most 10 digits before the point and 4 after it.")
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise ValueError(words)  # noqa: TRY004
    text = given if isinstance(given, str) else _plain(given)
    if _NUMBER.fullmatch(text) is None:
        raise ValueError(words)
    number = Decimal(text)
    if field.lowest is not None and number < field.lowest:
        raise ValueError(_("The lowest that may be entered is %(limit)s.") % {"limit": shown_number(field.lowest)})
    if field.highest is not None and number > field.highest:
        raise ValueError(_("The highest that may be entered is %(limit)s.") % {"limit": shown_number(field.highest)})
    return int(number) if number == number.to_integral_value() else float(number)


def _plain(given: float) -> str:
    """A JSON number in plain digits; what is far too long stays in its short form and is refused."""
    if isinstance(given, int):
        return str(given) if abs(given) < 10**12 else "-"
    try:
        number = Decimal(repr(given))
    except InvalidOperation:
        return "-"
    return f"{number:f}" if number.is_finite() and abs(number) < 10**12 and abs(number) >= Decimal("1e-9") else "0"


def _day(_field: RequestField, given: Any) -> str:
    found = _DAY.fullmatch(given) if isinstance(given, str) else None
    if found is not None and _FIRST_YEAR <= int(found["year"]) <= _LAST_YEAR:
        try:
            return date(int(found["year"]), int(found["month"]), int(found["day"])).isoformat()
        except ValueError:
            found = None
    raise ValueError(_("Please write a day, such as 2026-11-21."))


def _choice(field: RequestField, given: Any) -> str:
    if isinstance(given, str) and given in field.choice_lines:
        return given
    raise ValueError(_("Please choose one of: %(choices)s.") % {"choices": ", ".join(field.choice_lines)})


def _yes_no(_field: RequestField, given: Any) -> bool:
    if isinstance(given, bool):
        return given
    if isinstance(given, str) and given.lower() in _YES | _NO:
        return given.lower() in _YES
    raise ValueError(_("Please choose yes or no."))


_CHECKS = {
    FieldKind.TEXT: _text,
    FieldKind.NUMBER: _number,
    FieldKind.DATE: _day,
    FieldKind.CHOICE: _choice,
    FieldKind.YES_NO: _yes_no,
}


# Shown -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Answer:
    """One answer in words: the field's label and what was answered."""

    label: str
    text: str


def shown_number(number: Decimal | float) -> str:
    """Without zeros that say nothing."""
    text = f"{Decimal(str(number)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def shown_value(value: Any) -> str:
    """An answer in words of the active language; empty when there is none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return shown_number(value) if isinstance(value, int | float) else str(value)


@dataclass(frozen=True, slots=True)
class ReadBackWords:
    """C15 in words: what was read back to the caller, what was not, and why."""

    done: list[str]
    missing: list[str]
    reason: str


def read_back_of(case: Case) -> ReadBackWords:
    """What a case says of its read-back."""
    ticks = case.read_back
    return ReadBackWords(
        done=[str(fact.label) for fact in ReadBack if ticks.get(fact)],
        missing=[str(fact.label) for fact in ReadBack if not ticks.get(fact)],
        reason=str(ticks.get("reason", "")),
    )


def answers_of(case: Case) -> list[Answer]:
    """The answers of a case in the order of its type's fields, retired ones too; no query without a request type."""
    if case.request_type is None or not case.request_values:
        return []
    values = case.request_values
    return [
        Answer(field.label, shown_value(values[field.key]))
        for field in case.request_type.fields.all()
        if field.key in values
    ]


# As columns and filters of a list ----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class RequestColumn:
    """A field of a request type as a column: `name` stands in an address, `of(case)` is the cell's text."""

    name: str
    label: str
    request_type_id: int
    key: str

    def of(self, case: Case) -> str:
        """The text of the cell; empty for a case of another type."""
        if case.request_type_id != self.request_type_id:
            return ""
        return shown_value(case.request_values.get(self.key))


def request_columns(request_type_id: int | None = None) -> list[RequestColumn]:
    """Every field of every type in use, or those of one type: one query."""
    fields: QuerySet[RequestField] = RequestField.objects.select_related("request_type").order_by(
        "request_type__order", "request_type_id", "order", "id"
    )
    if request_type_id is not None:
        fields = fields.filter(request_type_id=request_type_id)
    else:
        fields = fields.filter(is_active=True, request_type__is_active=True)
    return [
        RequestColumn(f"rt{f.request_type_id}_{f.key}", f"{f.request_type}: {f}", f.request_type_id, f.key)
        for f in fields
    ]


def filterable(request_type: RequestType) -> list[tuple[RequestField, list[tuple[str, str]]]]:
    """The choice and yes-no fields of a type with (value in the address, words) of each answer."""
    yes_no = [("true", _("Yes")), ("false", _("No"))]
    kinds = (FieldKind.CHOICE, FieldKind.YES_NO)
    return [
        (field, yes_no if field.kind == FieldKind.YES_NO else [(line, line) for line in field.choice_lines])
        for field in request_type.fields.filter(kind__in=kinds)
    ]
