"""What every driver is: it turns a vendor's delivery into native events or records, and knows nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import parse_qs

from django.utils.translation import gettext as _
from rest_framework.utils import json as strict_json

from service_desk.telephony.problems import DoorProblem, Fault

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
_SHORT = 6

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Item:
    """An event or record in the native form, not checked yet; `original` is what the vendor wrote."""

    native: Any
    original: Any = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one request held."""

    events: list[Item] = field(default_factory=list)
    records: list[Item] = field(default_factory=list)
    is_batch: bool = False


class Driver(Protocol):
    """One vendor's form."""

    kind: str
    media_types: frozenset[str]

    def read(self, raw: bytes, media_type: str, clock: Clock) -> Delivery:
        """The delivery in native form; raises `DoorProblem` when it cannot be read at all."""


def read_json(raw: bytes) -> Any:
    """JSON in UTF-8, strictly."""
    try:
        return json.loads(raw.decode(), parse_constant=strict_json.strict_constant)
    except RecursionError as error:
        raise DoorProblem("invalid-json", _("The JSON is nested too deeply.")) from error
    except ValueError as error:
        raise DoorProblem("invalid-json", _("The body is not JSON in UTF-8: %(error)s") % {"error": error}) from error


def read_form(raw: bytes) -> dict[str, list[str]]:
    """The fields of a form in UTF-8."""
    try:
        return parse_qs(raw.decode(), keep_blank_values=True, max_num_fields=200)
    except ValueError as error:
        raise invalid("", "wrong_format", _("The form cannot be read.")) from error


def invalid(pointer: str, code: str, detail: str) -> DoorProblem:
    """The refusal of a vendor's field."""
    return DoorProblem("invalid-event", detail, faults=[Fault(pointer, code, detail)])


def id_of(kind: str, original: Any) -> str:
    """An id for forms that have none: the same words give the same id, so that a repeat is known as one."""
    text = json.dumps(original, sort_keys=True, ensure_ascii=False, default=str)
    return f"{kind}-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:40]}"


def written(moment: datetime) -> str:
    """A time as the native form writes it."""
    return moment.astimezone(UTC).isoformat()


def is_internal(number: str) -> bool:
    """Whether this is one of our own phones: short, all figures."""
    return number.isascii() and number.isdigit() and 1 <= len(number) <= _SHORT


def sides(caller: str, called: str) -> tuple[str, str, str, str]:
    """Direction, customer's number, line and own phone, from who rang whom."""
    if is_internal(caller) and is_internal(called):
        return "internal", called, "", caller
    if is_internal(caller):
        return "outbound", called, "", caller
    return "inbound", caller, called, ""


def text_of(values: Mapping[str, Any], name: str, most: int) -> str:
    """A field as text, cut to what the native form takes; what is no text counts as absent."""
    value = values.get(name, "")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()[:most]
