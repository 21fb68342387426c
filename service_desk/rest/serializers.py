"""What a request may hold, checked strictly: a field that would be ignored is refused by its name instead.

A caller who misspells a filter would otherwise get every row, and one who sends a write-once field would believe
that it was changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from operator import attrgetter
from typing import Any, ClassVar, TypeVar

from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction, extend_schema_field
from rest_framework import serializers
from rest_framework.utils.serializer_helpers import BindingDict

from service_desk.rest.errors import FieldError, Invalid

LARGEST_ID = 2**63 - 1
WHOLE_NUMBER = "[0-9]{1,18}"  # an id in an address: never larger than what a column holds
#: No clock of the desk reckons with times outside these; a time beyond them is a slip or an attack.
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


InstanceT = TypeVar("InstanceT")


@cache
def _fields_of(serializer: type[serializers.Serializer[Any]]) -> Any:
    """The fields of a serializer, made once a process; they are bound to one of its kind that belongs to no request."""
    nobodys: Any = serializer()
    kept: Any = BindingDict(nobodys)
    for name, field in nobodys.get_fields().items():
        kept[name] = field
    return kept


class StrictSerializer(serializers.Serializer[Any]):
    """The fields of a request; any other is refused, and one of `set_by_desk` with the reason that goes with it.

    DRF makes copies of all fields for each request. Here they are made once: what a field holds is what was declared,
    and none of ours asks who is calling (`tests/rest/test_kept_fields.py`).
    """

    set_by_desk: ClassVar[frozenset[str]] = frozenset()
    passing: ClassVar[frozenset[str]] = frozenset()  # query parameters that somebody else reads

    @cached_property
    def fields(self) -> Any:
        """Those of all of its kind."""
        return _fields_of(type(self))

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            known = {name for name, field in self.fields.items() if not field.read_only} | self.passing
            if strange := sorted(str(name) for name in data if name not in known):
                raise serializers.ValidationError({name: [self._refused(name)] for name in strange})
        return super().to_internal_value(data)

    def _refused(self, name: str) -> Any:
        if name in self.set_by_desk:
            return serializers.ErrorDetail(str(_("The desk sets this itself; it cannot be sent.")), code="read_only")
        return serializers.ErrorDetail(str(_("There is no such field here.")), code="unknown_field")


class FilterSerializer(StrictSerializer):
    """The filters of a list; an unknown one is refused, so that a slip does not show every row."""

    passing = frozenset({"limit", "after", "before"})


class StrictSchema(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Says in the schema that further fields are refused."""

    target_class = StrictSerializer
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        schema: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)  # type: ignore[no-untyped-call]
        if direction == "request":
            schema["additionalProperties"] = False
        return schema


def checked(serializer: type[StrictSerializer], data: Any) -> dict[str, Any]:
    """The validated input of a request; raises DRF's ValidationError naming each field."""
    given = serializer(data=data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


class Moment(serializers.DateTimeField):
    """An instant: sent with its offset from UTC, answered in UTC."""

    default_error_messages = {
        "no_offset": _("Say the offset from UTC, such as 2026-11-21T09:30:00+08:00."),
        "absurd": _("This time lies outside the years 2000 to 2099."),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default_timezone=UTC, **kwargs)

    def to_internal_value(self, value: Any) -> datetime:
        moment = super().to_internal_value(value)
        if isinstance(value, str) and not _has_offset(value):
            self.fail("no_offset")
        if not EARLIEST <= moment < LATEST:
            self.fail("absurd")
        return moment

    def to_representation(self, value: Any) -> Any:
        # Many of these stand in each answer; DRF's own way asks for formats and zones each time.
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value else None


def _has_offset(text: str) -> bool:
    _day, _mark, clock = text.strip().upper().replace(" ", "T").partition("T")
    return clock.endswith("Z") or "+" in clock or "-" in clock


class AnswerSerializer(serializers.Serializer[InstanceT]):
    """How a thing is written in an answer, by fields that are made once a process.

    Its own methods know the request by `self.context`; its fields, and serializers that stand as fields, do not.
    """

    def to_representation(self, instance: Any) -> dict[str, Any]:
        written = {}
        for name, read, write, method in _ways_to_write(type(self)):
            if method:
                written[name] = getattr(self, method)(instance)
            else:
                value = read(instance)
                written[name] = None if value is None else write(value)
        return written


@cache
def _ways_to_write(serializer: type[AnswerSerializer[Any]]) -> tuple[tuple[str, Any, Any, str], ...]:
    """Of each field its name, how it is read and how it is written; or the method of the serializer that does both."""
    return tuple(
        (name, None, None, field.method_name)
        if isinstance(field, serializers.SerializerMethodField)
        else (name, _reader(field), field.to_representation, "")
        for name, field in _fields_of(serializer).items()
    )


def _reader(field: Any) -> Any:
    """DRF's way to an attribute; the short one where it is an attribute of the thing itself, as nearly all are."""
    if len(field.source_attrs) != 1 or type(field).get_attribute is not serializers.Field.get_attribute:
        return field.get_attribute
    attribute = attrgetter(field.source)

    def read(thing: Any) -> Any:
        value = attribute(thing)
        return field.get_attribute(thing) if callable(value) else value

    return read


@extend_schema_field({"type": "integer", "minimum": 1, "maximum": LARGEST_ID, "format": "int64"})
class IdField(serializers.IntegerField):
    """The number of another thing; whether there is one is asked by the view."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=LARGEST_ID, **kwargs)


def nothing_there(field: str, remedy: Any = "") -> Invalid:
    """The refusal of an id or name behind which there is nothing."""
    return Invalid.of([FieldError(field, _("There is none with this value."), "does_not_exist", remedy)])


class NamedSerializer(AnswerSerializer[Any]):
    """Somebody or something by number and name."""

    id = serializers.IntegerField(source="pk")
    name = serializers.CharField(source="__str__")

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {"id": instance.pk, "name": str(instance)}
