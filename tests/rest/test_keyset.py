"""Pages by cursor: every row once, forwards and backwards, at one cost, and no cursor but our own."""

import base64
import itertools
import json
from typing import Any

import pytest
from django.db import connection
from django.db.models import F, Value
from django.db.models.functions import Coalesce, Length
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from service_desk.audit.actions import Deed, record_many
from service_desk.audit.models import AuditEntry
from service_desk.rest.keyset import BadCursor, page
from service_desk.rest.models import ApiKey

URL = "/api/v1/notes/"
ORDERS = [
    ("-id",),
    ("pk",),
    ("-verb", "-id"),
    ("verb", "id"),
    ("-verb", "id"),
    ("verb", "-thing", "id"),
    ("thing", "verb", "-id"),
    ("-at", "-id"),
]


def fill(rows: list[tuple[str, str]]) -> None:
    record_many([Deed(verb, thing) for verb, thing in rows], door="command")


def walk(order: tuple[str, ...], size: int, *, backwards: bool = False, **given_: Any) -> list[int]:
    """All rows by following the links from one end to the other."""
    queryset = AuditEntry.objects.all()
    found: list[int] = []
    now = page(queryset, order=order, size=size, **given_)
    while True:
        ids = [entry.pk for entry in now.items]
        found = ids + found if backwards else found + ids
        cursor = now.previous if backwards else now.next
        if cursor is None:
            return found
        now = page(queryset, order=order, size=size, **{"before" if backwards else "after": cursor})


class EveryRowOnce(TestCase):
    """Laws over arbitrary rows, with many ties."""

    @settings(max_examples=25, deadline=None)
    @given(
        rows=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), max_size=25),
        size=st.integers(1, 7),
        order=st.sampled_from(ORDERS),
    )
    def test_the_walk_is_the_ordered_list_both_ways(
        self, rows: list[tuple[str, str]], size: int, order: tuple[str, ...]
    ) -> None:
        fill(rows)
        whole = list(AuditEntry.objects.order_by(*order).values_list("pk", flat=True))
        assert walk(order, size) == whole
        last = page(AuditEntry.objects.all(), order=order, size=100)
        if whole:
            # From the last row backwards: all rows before it, in the same order.
            end = page(AuditEntry.objects.all(), order=order, size=len(whole) - 1) if len(whole) > 1 else last
            assert (end.next is not None) == (len(whole) > 1)
            if end.next:
                back = page(AuditEntry.objects.all(), order=order, size=1, after=end.next)
                assert back.previous is not None
                assert walk(order, size, backwards=True, before=back.previous) == whole[:-1]


def test_links_are_there_only_where_rows_are(db: None) -> None:
    fill([("a", str(n)) for n in range(4)])
    everything = AuditEntry.objects.all()
    first = page(everything, order=("id",), size=2)
    second = page(everything, order=("id",), size=2, after=first.next)
    back = page(everything, order=("id",), size=2, before=second.previous)
    assert (first.previous, second.next, back.previous) == (None, None, None)
    assert [row.pk for row in back.items] == [row.pk for row in first.items]
    empty = page(everything.none(), order=("id",), size=2)
    assert (empty.items, empty.next, empty.previous) == ([], None, None)


def test_rows_that_arrive_meanwhile_neither_repeat_nor_hide_others(db: None) -> None:
    fill([("a", str(n)) for n in range(6)])
    first = page(AuditEntry.objects.all(), order=("-id",), size=3)
    fill([("a", "new")] * 5)
    second = page(AuditEntry.objects.all(), order=("-id",), size=3, after=first.next)
    assert [row.thing for row in first.items + second.items] == ["5", "4", "3", "2", "1", "0"]


def test_an_annotation_may_order(db: None) -> None:
    fill([("aaa", "x"), ("b", "x"), ("cc", "x"), ("d", "x")])
    sized = AuditEntry.objects.annotate(length=Length("verb"))
    first = page(sized, order=("-length", "id"), size=2)
    second = page(sized, order=("-length", "id"), size=2, after=first.next)
    assert [row.verb for row in first.items + second.items] == ["aaa", "cc", "b", "d"]


def test_a_nullable_column_needs_coalesce(db: None) -> None:
    with pytest.raises(ValueError, match="may be null"):
        page(AuditEntry.objects.all(), order=("actor", "id"), size=2)
    fill([("a", "x")] * 3)
    filled = AuditEntry.objects.annotate(who=Coalesce(F("actor_id"), Value(0)))
    assert page(filled, order=("who", "id"), size=2).next is not None


@pytest.mark.parametrize("order", [(), ("verb",), ("-id", "verb"), ("nothing", "id")])
def test_an_order_that_cannot_page_is_a_mistake_of_the_program(order: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"unique|at least one|no column"):
        page(AuditEntry.objects.all(), order=order, size=2)


def test_a_cursor_is_good_for_its_list_and_order_only(db: None) -> None:
    fill([("a", "x")] * 3)
    cursor = page(AuditEntry.objects.all(), order=("-id",), size=1).next
    assert cursor is not None
    payload, signature = cursor.split(".")
    forged = base64.urlsafe_b64encode(json.dumps([str(10**30)]).encode()).decode()
    bad = ["", "x", ".", "漏", "\0", payload, f"{payload}.", f"{forged}.{signature}", f"{cursor}x", f"x{cursor}"]
    for text in bad[1:]:
        with pytest.raises(BadCursor):
            page(AuditEntry.objects.all(), order=("-id",), size=1, after=text)
    with pytest.raises(BadCursor):
        page(AuditEntry.objects.all(), order=("id",), size=1, after=cursor)
    with pytest.raises(BadCursor):
        page(ApiKey.objects.all(), order=("-id",), size=1, after=cursor)
    with pytest.raises(BadCursor):
        page(AuditEntry.objects.all(), order=("-id",), size=1, after=cursor, before=cursor)


@pytest.mark.parametrize("order", [("-thing", "-id"), ("-thing", "id")])
def test_a_page_deep_in_the_list_reads_only_itself(db: None, order: tuple[str, ...]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # else the foreign key's pending checks forbid the index
        cursor.execute(
            "INSERT INTO audit_auditentry (door, verb, thing, outcome, actor_label, detail, request_id)"
            " SELECT 'command', 'x', to_char(n, 'FM00000'), 'done', '', '{}', '' FROM generate_series(1, 20000) n"
        )
        columns = ", ".join(f"{name.lstrip('-')} {'DESC' if name[0] == '-' else 'ASC'}" for name in order)
        cursor.execute(f"CREATE INDEX deep ON audit_auditentry ({columns})")
        cursor.execute("ANALYZE audit_auditentry")
    deep = page(AuditEntry.objects.filter(thing__lte="01000"), order=order, size=50)
    plans = explain(order, deep.next)
    assert len(plans) == (1 if order == ("-thing", "-id") else 2)
    assert "Seq Scan" not in json.dumps(plans)
    assert max(rows_read(plan) for plan in plans) <= 60


def explain(order: tuple[str, ...], after: str | None) -> list[Any]:
    seen: list[Any] = []

    class Explained(type(AuditEntry.objects.all())):  # type: ignore[misc]
        def __getitem__(self, key: slice) -> Any:
            seen.append(json.loads(super().__getitem__(key).explain(format="json", analyze=True)))
            return super().__getitem__(key)

    page(Explained(AuditEntry), order=order, size=50, after=after)
    return [plan[0]["Plan"] for plan in seen]


def rows_read(plan: dict[str, Any]) -> int:
    own = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
    return max([int(own), *(rows_read(inner) for inner in plan.get("Plans", []))])


def test_the_rest_list_links_forwards_and_backwards(
    api: APIClient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    fill([("a", str(n)) for n in range(5)])
    first = api.get(f"{URL}?limit=2")
    body = first.json()
    assert (len(body["results"]), body["previous"]) == (2, None)
    assert first.headers["Link"] == f'<{body["next"]}>; rel="next"'
    assert "limit=2" in body["next"]
    with django_assert_num_queries(2):  # the key, one list query, no count
        second = api.get(body["next"])
    assert 'rel="prev"' in second.headers["Link"]
    assert api.get(second.json()["previous"]).json()["results"] == body["results"]
    ids = [row["id"] for row in itertools.chain(body["results"], second.json()["results"])]
    assert ids == sorted(ids, reverse=True)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=-1", "limit"),
        ("limit=x", "limit"),
        ("limit=", "limit"),
        ("limit=²", "limit"),
        ("limit=" + "9" * 50, "limit"),
        ("after=x", "after"),
        ("before=x.y", "before"),
        ("after=x&before=y", "before"),
    ],
)
def test_a_bad_cursor_or_limit_is_400_by_name(api: APIClient, query: str, field: str) -> None:
    answer = api.get(f"{URL}?{query}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_a_page_has_50_rows_unless_asked(api: APIClient) -> None:
    fill([("a", str(n)) for n in range(210)])
    assert len(api.get(URL).json()["results"]) == 50
    assert len(api.get(f"{URL}?limit=200").json()["results"]) == 200
