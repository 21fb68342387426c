"""Reads events and records in the contract's native form: its JSON schema to the letter, and what that cannot say."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from jsonschema import Draft202012Validator

from service_desk.rest.clean import is_clean
from service_desk.telephony.problems import DoorProblem, Fault
from service_desk.telephony.rules import EARLIEST, LARGEST_ATTRIBUTES, LATEST, CallEventType

SCHEMA_FILE = Path(__file__).with_name("phone-events.schema.json")
MOST_EVENTS, MOST_RECORDS = 100, 500
_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_LARGEST = 2**63 - 1
_LONGEST_SECONDS = 1e7
_DEEPEST = 20
_CODES = {
    "required": "required", "type": "wrong_type", "enum": "not_allowed", "const": "not_allowed",
    "maxLength": "too_long", "minLength": "blank", "minimum": "out_of_range", "maximum": "out_of_range",
    "pattern": "wrong_format", "format": "wrong_format",
}  # fmt: skip
_TIMES = ("started_at", "ringing_at", "answered_at", "ended_at")


@dataclass(frozen=True, slots=True)
class NativeEvent:
    """A valid event."""

    id: str
    type: str
    timestamp: datetime
    data: dict[str, Any]
    digest: bytes
    is_known_type: bool = True

    @property
    def call_id(self) -> str:
        """The phone system's own number of the call."""
        return str(self.data["call_id"])


@dataclass(frozen=True, slots=True)
class NativeRecord:
    """A valid record of a whole call; times are UTC."""

    call_id: str
    data: dict[str, Any]
    digest: bytes
    times: dict[str, datetime] = field(default_factory=dict)


@lru_cache(maxsize=1)
def schema() -> dict[str, Any]:
    """The contract's schema."""
    found: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return found


@lru_cache(maxsize=2)
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(_whole(schema()["$defs"][name]))


def _whole(part: Any) -> Any:
    """The schema with what it refers to put in its place: looking each reference up cost half of every check."""
    if isinstance(part, list):
        return [_whole(one) for one in part]
    if not isinstance(part, dict):
        return part
    meant = schema()["$defs"][part["$ref"].removeprefix("#/$defs/")] if "$ref" in part else {}
    return {name: _whole(value) for name, value in {**meant, **part}.items() if name != "$ref"}


def read_event(item: Any, at: str = "", original: Any = None) -> NativeEvent:
    """The event in `item`; raises `DoorProblem` naming each field that is wrong. An unknown type is no fault.

    `original` is the vendor's form, where a driver has mapped it: what tells a repeat from another event under one id.
    """
    kind = item.get("type") if isinstance(item, Mapping) else None
    known = not isinstance(kind, str) or kind in CallEventType.values or len(kind) > 100
    checked = item if known else {**item, "type": CallEventType.QUEUED.value}
    faults = [*_schema_faults("event", checked), *_own_faults(item)]
    _refuse(faults, at)
    return NativeEvent(
        id=item["id"],
        type=item["type"],
        timestamp=_moment(item["timestamp"]),
        data=dict(item["data"]),
        digest=_digest(item if original is None else original),
        is_known_type=known,
    )


def read_record(item: Any, at: str = "") -> NativeRecord:
    """The record in `item`; raises `DoorProblem` naming each field that is wrong."""
    faults = [*_schema_faults("record", item), *_own_faults(item)]
    _refuse(faults, at)
    times = {name: _moment(item[name]) for name in _TIMES if name in item}
    return NativeRecord(item["call_id"], dict(item), _digest(item), times)


def items_of(body: Any, name: str, most: int) -> tuple[list[Any], bool]:
    """The items of a delivery, and whether it was a batch; raises `DoorProblem` when it is neither."""
    if not isinstance(body, Mapping):
        _refuse([Fault("", "wrong_type", _("A JSON object is expected."))], "")
    if name not in body:
        if name == "records":
            _refuse([Fault("/records", "required", _("This field is required."))], "")
        return [body], False
    faults = [
        Fault(f"/{_escaped(key)}", "unknown_field", _("There is no such field here.")) for key in body if key != name
    ]
    found = body[name]
    if not isinstance(found, list):
        faults.append(Fault(f"/{name}", "wrong_type", _("A list is expected.")))
    elif not 1 <= len(found) <= most:
        faults.append(Fault(f"/{name}", "out_of_range", _("A delivery holds 1 to %(most)d items.") % {"most": most}))
    _refuse(faults, "")
    return list(found), True


def _refuse(faults: list[Fault], at: str) -> None:
    if not faults:
        return
    placed = [Fault(at + fault.pointer, fault.code, fault.detail) for fault in faults[:50]]
    detail = ngettext("%(count)d field failed", "%(count)d fields failed", len(placed)) % {"count": len(placed)}
    raise DoorProblem("invalid-event", detail, faults=placed)


def _schema_faults(name: str, item: Any) -> list[Fault]:
    found: dict[tuple[str, str], Fault] = {}
    for error in _validator(name).iter_errors(item):
        pointer = "".join(f"/{_escaped(part)}" for part in error.absolute_path)
        if error.validator == "required":
            pointer += f"/{_missing(error)}"
        code = _CODES.get(str(error.validator), "invalid")
        found.setdefault((pointer, code), Fault(pointer, code, _words(code, error)))
    return [found[place] for place in sorted(found)]


def _missing(error: Any) -> str:
    return next((str(name) for name in error.validator_value if f"'{name}'" in error.message), "")


def _words(code: str, error: Any) -> str:
    words = {
        "required": _("This field is required."),
        "wrong_type": _("This has the wrong type."),
        "too_long": _("At most %(most)s characters.") % {"most": error.validator_value},
        "blank": _("This may not be empty."),
        "out_of_range": _("This lies outside of what is allowed."),
        "wrong_format": _("This has not the form that is expected."),
    }
    if code == "not_allowed":
        allowed = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
        return _("One of these is expected: %(values)s.") % {"values": ", ".join(map(str, allowed))}
    return words.get(code) or _("This is not valid.")


def _own_faults(item: Any) -> Iterator[Fault]:
    """What the schema cannot say: real times, storable text, numbers that a column holds, 4 KB of attributes."""
    if not isinstance(item, Mapping):
        return
    yield from _unstorable(item)
    data = item.get("data") if isinstance(item.get("data"), Mapping) else item
    below = "/data" if data is not item else ""
    for name in ("timestamp", *_TIMES):
        if isinstance(item.get(name), str) and not _is_moment(item[name]):
            yield Fault(f"/{name}", "wrong_format", _("A time such as 2026-11-22T02:28:48.236+08:00 is expected."))
    for name in ("seq", "ring_count", "ring_seconds"):
        value = data.get(name) if isinstance(data, Mapping) else None
        most = _LONGEST_SECONDS if name == "ring_seconds" else _LARGEST
        if isinstance(value, int | float) and value > most:
            yield Fault(f"{below}/{name}", "out_of_range", _("This lies outside of what is allowed."))
    holds = item.get("hold_seconds")
    if isinstance(holds, list) and any(isinstance(one, int | float) and one > _LONGEST_SECONDS for one in holds):
        yield Fault("/hold_seconds", "out_of_range", _("This lies outside of what is allowed."))
    attributes = data.get("attributes") if isinstance(data, Mapping) else None
    if (
        isinstance(attributes, Mapping)
        and len(json.dumps(attributes, ensure_ascii=False).encode("utf-8", "replace")) > LARGEST_ATTRIBUTES
    ):
        yield Fault(f"{below}/attributes", "too_long", _("Attributes have at most 4 KB."))
    url = data.get("recording_url") if isinstance(data, Mapping) else None
    if isinstance(url, str) and not _is_web_address(url):
        yield Fault(f"{below}/recording_url", "wrong_format", _("A web address is expected."))


def _unstorable(item: Mapping[str, Any]) -> Iterator[Fault]:
    waiting: list[tuple[str, Any, int]] = [("", item, 0)]
    while waiting:
        pointer, value, depth = waiting.pop()
        if depth > _DEEPEST:
            yield Fault(pointer[:200], "too_deep", _("This is nested too deeply."))
            return
        if isinstance(value, str) and not is_clean(value):
            yield Fault(pointer, "unclean_text", _("This contains a character that cannot be stored."))
        elif isinstance(value, Mapping):
            if any(not is_clean(str(key)) for key in value):
                yield Fault(pointer, "unclean_text", _("This contains a character that cannot be stored."))
            waiting += [(f"{pointer}/{_escaped(key)}", inner, depth + 1) for key, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{pointer}/{number}", inner, depth + 1) for number, inner in enumerate(value)]


def _is_moment(text: str) -> bool:
    if not _RFC3339.fullmatch(text):
        return False
    try:
        return EARLIEST <= _moment(text) < LATEST
    except (ValueError, OverflowError):
        return False


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.upper()).astimezone(UTC)


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme in ("http", "https", "ftp", "sftp", "s3", "file") and (parts.netloc or parts.path))


def _digest(item: Any) -> bytes:
    text = json.dumps(item, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()


def _escaped(part: Any) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
