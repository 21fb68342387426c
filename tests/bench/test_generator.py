"""The bench's generator leaves a desk that the product itself finds nothing wrong with; nothing is timed here."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models.functions import Now

from bench import desks, due_storm, generate
from bench.figures import percentile, summary
from service_desk.cases.actions import Registration, register
from service_desk.cases.models import Case, CaseDeadline
from service_desk.customers.models import Customer, PhoneNumber
from service_desk.customers.rules import grams, initials, to_e164
from service_desk.deadlines.auditor import Auditor
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.models import Incident
from service_desk.deadlines.rules import Door
from service_desk.local.demo.past import history_may_be_written
from service_desk.people.models import Staff

CASES = 1_500
ORPHANS = """
SELECT format('SELECT %L, count(*) FROM %s a WHERE a.%I IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM %s b WHERE b.%I = a.%I)',
        c.conname, c.conrelid::regclass, a.attname, c.confrelid::regclass, b.attname, a.attname)
FROM pg_constraint c
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1]
WHERE c.contype = 'f' AND c.conrelid::regclass::text ~ '^(cases|notices|audit|customers|deadlines)_'
"""

#: Clocks of working calendars may not be moved by hours; the others look as they do fourteen hours later.
LIE_STILL = """
UPDATE cases_casedeadline SET armed_at = armed_at - h, started_at = started_at - h, due_at = due_at - h,
    next_at = next_at - h, schedule = jsonb_build_object('due', to_jsonb((schedule->>'due')::timestamptz - h),
        'steps', (SELECT jsonb_agg(jsonb_build_array(t->0, to_jsonb((t->>1)::timestamptz - h)) ORDER BY n)
            FROM jsonb_array_elements(schedule->'steps') WITH ORDINALITY AS e(t, n)))
FROM (SELECT interval '14 hours' AS h) past, deadlines_policy p
WHERE p.id = policy_id AND p.calendar_id IS NULL AND state = 'running'
"""

#: A clock with this number is put no farther ahead than any clock has to be.
LEAST = """
SELECT min(n) FROM generate_series((SELECT max(id) + 1 FROM cases_casedeadline), 1000000) n
WHERE hashint8(n) & 65535 = 0
"""
REFERENCES = """
SELECT c.conrelid::regclass, a.attname FROM pg_constraint c
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
WHERE c.contype = 'f' AND c.confrelid = 'cases_casedeadline'::regclass
"""


@pytest.mark.django_db(transaction=True)
def test_a_generated_desk_is_whole_quiet_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "OPEN_MOMENTS", 80)
    monkeypatch.setattr(generate, "ENDED_MOMENTS", 40)
    monkeypatch.setattr(generate, "CHUNK", 500)
    made = generate.generate(cases=CASES, customers=60, tell=lambda _text: None)
    assert made.rows["cases"] == CASES
    assert made.rows["clocks with a step ahead"] > CASES / 2
    every_reference_leads_somewhere()
    numbers_have_no_gap()
    what_is_derived_is_derived_rightly()
    nothing_is_wrong_or_due()
    due_storm.arrange(20, 3600)
    nothing_is_wrong_or_due()
    a_desk_that_lay_still_is_as_fresh_as_before()
    the_next_case_gets_the_next_number()


def every_reference_leads_somewhere() -> None:
    with connection.cursor() as cursor:
        cursor.execute(ORPHANS)
        questions = [question for (question,) in cursor.fetchall()]
        cursor.execute(" UNION ALL ".join(questions))
        assert [row for row in cursor.fetchall() if row[1]] == []
    assert len(questions) > 20


def numbers_have_no_gap() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT substr(number, 6, 8), max(substr(number, 15)::int) - count(*), min(substr(number, 15)::int)"
            " FROM cases_case GROUP BY 1"
        )
        assert {(gaps, first) for _day, gaps, first in cursor.fetchall()} == {(0, 1)}


def what_is_derived_is_derived_rightly() -> None:
    for customer in Customer.objects.all():
        assert (customer.initials, customer.grams) == (initials(customer.name), grams(customer.name))
    for number in PhoneNumber.objects.all():
        assert number.e164 == to_e164(number.raw)
    states = set(Case.objects.values_list("state", flat=True).distinct())
    assert states == {"registered", "in_progress", "waiting", "restored", "resolved", "replied", "closed", "cancelled"}
    assert set(CaseDeadline.objects.values_list("state", flat=True)) >= {"running", "paused", "met", "breached"}


def nothing_is_wrong_or_due() -> None:
    assert sweep(Door.SENTINEL).fired == 0
    found = Auditor().run()
    assert (found.missing, found.moved, found.silent, found.late, found.fired) == (0, 0, 0, 0, 0)
    assert not Incident.objects.exists()


def a_desk_that_lay_still_is_as_fresh_as_before() -> None:
    """Fourteen hours later its clocks of elapsed time have come due; they are put ahead, and only they."""
    with transaction.atomic(), history_may_be_written(), connection.cursor() as cursor:
        cursor.execute(LIE_STILL)
        one_lies_at_the_edge(cursor)
    ahead = CaseDeadline.objects.filter(state="running", next_at__isnull=False).count()
    stale = desks.freshen()
    assert stale > ahead / 4
    still = CaseDeadline.objects.filter(state="running", next_at__gt=Now() + timedelta(minutes=115))
    assert still.count() == ahead
    assert desks.freshen() == 0
    nothing_is_wrong_or_due()


def one_lies_at_the_edge(cursor: CursorWrapper) -> None:
    """A clock that has come due gets the number by which it is moved least."""
    came_due = CaseDeadline.objects.filter(state="running", policy__calendar=None, next_at__lt=Now())
    old = came_due.earliest("pk").pk
    cursor.execute(LEAST)
    (least,) = cursor.fetchone()
    cursor.execute(REFERENCES)
    for table, column in [("cases_casedeadline", "id"), *cursor.fetchall()]:
        cursor.execute(f"UPDATE {table} SET {column} = {least} WHERE {column} = {old}")


def the_next_case_gets_the_next_number() -> None:
    agent = Staff.objects.get(username="chenjing")
    product = agent.qualifications.select_related("product_type").earliest("pk").product_type
    newest = Case.objects.latest("pk")
    customer = Customer.objects.earliest("pk")
    case = register(
        actor=agent, data=Registration(customer=customer, product_type=product, fault="断站", severity="major")
    )
    assert case.pk == newest.pk + 1
    same_day = Case.objects.filter(number__startswith=case.number[:13])
    assert int(case.number[14:]) == same_day.count()


def test_a_percentile_is_a_value_that_occurred() -> None:
    values = [float(number) for number in range(1, 101)]
    assert summary(values) == {"p50": 50.0, "p95": 95.0, "p99": 99.0, "max": 100.0}
    assert percentile([7.0], 0.99) == 7.0
