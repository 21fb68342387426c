"""Fields of requests and answers are made once a process: nothing of one request may be left in them for the next."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from rest_framework import serializers

import service_desk.api  # noqa: F401  (loads the requests of every room)
from service_desk.rest.serializers import AnswerSerializer, IdField, Moment, StrictSerializer, checked


class InnerSerializer(StrictSerializer):
    heard = serializers.BooleanField(required=False, default=False)


class OrderSerializer(StrictSerializer):
    what = serializers.CharField(max_length=5)
    at = Moment(required=False, allow_null=True, default=None)
    more = serializers.DictField(required=False, default=dict)
    inner = InnerSerializer(required=False)


class ThingSerializer(AnswerSerializer[Any]):
    name = serializers.CharField()
    at = Moment(allow_null=True)
    asked_by = serializers.SerializerMethodField()

    def get_asked_by(self, _thing: Any) -> str:
        return str(self.context["who"])


class DeepSerializer(AnswerSerializer[Any]):
    below = serializers.CharField(source="inner.name")
    called = serializers.CharField()
    upper = serializers.CharField()
    at = Moment(allow_null=True)


class Thing:
    def __init__(self, name: str) -> None:
        self.name, self.at = name, None

    @property
    def upper(self) -> str:
        return self.name.upper()


def all_below(kind: type[Any]) -> Iterator[type[Any]]:
    for below in kind.__subclasses__():
        yield below
        yield from all_below(below)


def test_what_one_request_said_is_gone_for_the_next() -> None:
    first = checked(OrderSerializer, {"what": "a", "more": {"x": 1}, "inner": {"heard": True}})
    first["more"]["left"] = "behind"
    second = checked(OrderSerializer, {"what": "b"})
    assert second == {"what": "b", "at": None, "more": {}}
    second["more"]["left"] = "behind"
    assert checked(OrderSerializer, {"what": "c"})["more"] == {}


def test_a_refused_request_leaves_no_refusal_behind() -> None:
    for _turn in range(2):
        refused = OrderSerializer(data={"what": "too long", "inner": {"strange": 1}})
        assert not refused.is_valid()
        assert set(refused.errors) == {"what", "inner"}
        good = OrderSerializer(data={"what": "good", "inner": {}})
        assert good.is_valid()
        assert good.errors == {}


def test_the_fields_are_made_once_and_per_kind() -> None:
    assert OrderSerializer(data={}).fields is OrderSerializer(data={}).fields
    assert OrderSerializer(data={}).fields is not InnerSerializer(data={}).fields
    assert set(type("Wider", (OrderSerializer,), {"extra": IdField()})(data={}).fields) == {
        *OrderSerializer(data={}).fields,
        "extra",
    }


def test_an_answer_knows_its_own_request() -> None:
    one, two = (ThingSerializer(Thing(name), context={"who": who}) for name, who in (("a", "Li"), ("b", "Wang")))
    assert two.data == {"name": "b", "at": None, "asked_by": "Wang"}
    assert one.data == {"name": "a", "at": None, "asked_by": "Li"}
    many = ThingSerializer([Thing("c"), Thing("d")], many=True, context={"who": "Li"})
    assert [line["asked_by"] for line in many.data] == ["Li", "Li"]


def test_an_answer_reads_what_is_computed_and_what_lies_further_down() -> None:
    thing = Thing("e")
    thing.inner = Thing("below")  # type: ignore[attr-defined]
    thing.called = lambda: "by calling"  # type: ignore[attr-defined]
    assert DeepSerializer(thing).data == {"below": "below", "called": "by calling", "upper": "E", "at": None}


def test_many_threads_share_them() -> None:
    def turn(number: int) -> bool:
        if number % 2:
            good = OrderSerializer(data={"what": str(number), "more": {"n": number}})
            return good.is_valid() and good.validated_data["more"] == {"n": number}
        bad = OrderSerializer(data={"what": "too long"})
        return not bad.is_valid() and set(bad.errors) == {"what"}

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(turn, range(400)))


@pytest.mark.parametrize("kind", sorted(all_below(StrictSerializer), key=str), ids=lambda kind: kind.__name__)
def test_no_field_of_a_request_asks_whose_it_is(kind: type[StrictSerializer]) -> None:
    """A field that reads its context would read that of nobody: it belongs to no request."""
    for field in kind(data={}).fields.values():
        assert not getattr(field.default, "requires_context", False)
        assert not any(getattr(each, "requires_context", False) for each in field.validators)


@pytest.mark.parametrize("kind", sorted(all_below(AnswerSerializer), key=str), ids=lambda kind: kind.__name__)
def test_no_answer_stands_in_another_that_asks_whose_it_is(kind: type[AnswerSerializer[Any]]) -> None:
    for field in kind().fields.values():
        inner = field.child if isinstance(field, serializers.ListSerializer) else field
        if isinstance(inner, serializers.Serializer):
            assert not any(isinstance(each, serializers.SerializerMethodField) for each in inner.fields.values())
