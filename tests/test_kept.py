"""Kept questions: the same rows as the queryset they are, whatever the values, and no value among the SQL's shape."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import QuerySet

from service_desk.kept import keep, keep_sql
from service_desk.people.models import Staff
from tests import factories

pytestmark = pytest.mark.django_db


def _named(username: str, unit: int | None, *, limit: int, active: bool | None = None) -> QuerySet[Staff]:
    found = Staff.objects.select_related("unit").filter(username__gte=username, unit=unit).order_by("username")
    return (found if active is None else found.filter(is_active=active))[:limit]


def test_a_kept_question_answers_as_the_queryset_does_for_values_it_was_not_written_with(
    django_assert_num_queries: Any,
) -> None:
    world = factories.world()
    question = keep(_named)
    units = [world.agent.unit_id, world.manager.unit_id]
    for shape in ({"limit": 3}, {"limit": 1}, {"limit": 3, "active": True}):
        for unit in units:
            for name in ("", world.agent.username, "zzz", "'; --", "100%"):
                with django_assert_num_queries(1):
                    found = question(name, unit, **shape)
                    assert all(person.unit and person.unit.pk == unit for person in found)
                assert found == list(_named(name, unit, **shape))  # type: ignore[arg-type]  # of either type
    assert question.first("", units[0], limit=1) == question("", units[0], limit=3)[0]
    assert question.first("zzzz", units[0], limit=1) is None


def test_a_kept_question_is_planned_once_a_connection() -> None:
    world = factories.world()
    kept = keep(_named)
    before = _plans()
    for name in ("", "a", "b"):
        kept(name, world.agent.unit_id, limit=2)
    [(sql, types)] = [plan for plan in _plans() if plan not in before]
    assert "FROM " in sql
    assert types == ["text", "bigint"]
    kept("", world.agent.unit_id, limit=3)
    assert len(_plans()) == len(before) + 2


def test_what_is_planned_each_time_has_no_plan() -> None:
    world = factories.world()
    before = _plans()
    assert keep_sql(_named)("", world.agent.unit_id, limit=2)
    assert _plans() == before


def test_a_plan_outlives_a_transaction_that_is_rolled_back() -> None:
    world = factories.world()
    kept = keep(_named)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        raise ZeroDivisionError(kept("", world.agent.unit_id, limit=2))
    assert kept("", world.agent.unit_id, limit=2)


def _plans() -> list[tuple[str, list[str]]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement, parameter_types::text[] FROM pg_prepared_statements ORDER BY prepare_time")
        return cursor.fetchall()  # type: ignore[no-any-return]


def test_a_kept_question_is_written_once_a_shape() -> None:
    world = factories.world()
    asked: list[tuple[Any, ...]] = []

    def question(username: str, unit: int | None, *, limit: int) -> QuerySet[Staff]:
        asked.append((username, unit))
        return _named(username, unit, limit=limit)

    kept = keep(question)
    for name in ("a", "b", "c"):
        kept(name, world.agent.unit_id, limit=2)
    assert len(asked) == 3  # as it is, and with each of its two values changed
    kept("a", world.agent.unit_id, limit=4)
    assert len(asked) == 6
    for limit in range(5, 72):
        assert kept("a", world.agent.unit_id, limit=limit) == list(question("a", world.agent.unit_id, limit=limit))


def test_values_that_follow_each_other_keep_their_places() -> None:
    world = factories.world()
    kept = keep(lambda *numbers: Staff.objects.filter(pk__in=numbers).order_by("pk"))
    people = sorted(each.pk for each in world.people.values())
    for numbers in (people[:3], people[-3:], people[:1], people):
        assert [each.pk for each in kept(*numbers)] == numbers


def test_the_largest_number_is_a_value_like_any_other() -> None:
    """The question is written with another number beside it, and beyond the largest Django asks nothing at all."""
    world = factories.world()
    kept = keep(lambda number: Staff.objects.filter(pk=number)[:1])
    assert kept(2**63 - 1) == []
    assert kept(world.agent.pk) == [world.agent]


@pytest.mark.parametrize("value", [None, True])
def test_what_changes_the_words_of_a_question_is_no_value(value: Any) -> None:
    with pytest.raises(TypeError, match="by name"):
        keep(lambda active: Staff.objects.filter(is_active=active))(value)


def test_a_value_that_does_not_reach_the_database_as_it_is_is_refused() -> None:
    with pytest.raises(TypeError, match="by name"):
        keep(lambda word: Staff.objects.filter(username__contains=word))("ann")
    with pytest.raises(TypeError, match="by name"):
        keep(lambda limit: Staff.objects.order_by("pk")[:limit])(3)
    with pytest.raises(TypeError, match="by name"):
        keep(lambda _unused: Staff.objects.all())(3)


def test_a_kept_question_is_asked_over_the_connection_of_each_thread() -> None:
    kept = keep(lambda number: ContentType.objects.filter(pk=number))
    numbers = list(ContentType.objects.order_by("pk").values_list("pk", flat=True)[:3]) * 4
    kept(numbers[0])

    def ask(number: int) -> list[int]:
        try:
            return [found.pk for found in kept(number)]
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(ask, numbers)) == [[number] for number in numbers]
