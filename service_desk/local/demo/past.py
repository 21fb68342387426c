"""Lets time pass for one case without waiting: the demo company's cases have a history, and the tests need one.

The triggers that hold a case's times are off while its rows are moved: for superusers by the replication role, for
others (the owner of the tables on a server of its own) by switching them off.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection, transaction

from service_desk.cases.models import Case
from service_desk.deadlines.actions import as_json, last_fired, step_after
from service_desk.deadlines.clock import now
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.hours import OpenPause
from service_desk.deadlines.rules import ClockState, Door
from service_desk.deadlines.schedule import plan

_TABLES = (
    "cases_case",
    "cases_caseevent",
    "cases_caseclockevent",
    "cases_impactobservation",
    "audit_auditentry",
    "cases_customerreport",
    "cases_casefile",
    "cases_casecircle",
    "cases_casebarred",
    "complaints_clear",
    "complaints_instance",
    "complaints_externalidentifier",
)
_REPLICA = "SET LOCAL session_replication_role = %s"
_CHECK = "SET CONSTRAINTS ALL IMMEDIATE"
_TRIGGERS = "ALTER TABLE %s %s TRIGGER USER"
_SWITCHES = ("DISABLE", "ENABLE")

# Statement by statement what belongs to a case, moved back by %(back)s.
_SHIFT = (
    """UPDATE cases_case SET accepted_at = accepted_at - %(back)s::interval, registered_at = registered_at - %(back)s::interval,
        graded_at = graded_at - %(back)s::interval, emergency_started_at = emergency_started_at - %(back)s::interval,
        started_at = started_at - %(back)s::interval, arrived_at = arrived_at - %(back)s::interval, restored_at = restored_at - %(back)s::interval,
        resolved_at = resolved_at - %(back)s::interval, replied_at = replied_at - %(back)s::interval, ended_at = ended_at - %(back)s::interval,
        next_promise_at = next_promise_at - %(back)s::interval, reopened_at = reopened_at - %(back)s::interval,
        earliest_accepted_at = earliest_accepted_at - %(back)s::interval, told_once_at = told_once_at - %(back)s::interval,
        service_report_at = service_report_at - %(back)s::interval, upgrade_summary_at = upgrade_summary_at - %(back)s::interval
        WHERE id = %(case)s""",
    """UPDATE cases_casepause SET starts_at = starts_at - %(back)s::interval, ends_at = ends_at - %(back)s::interval
        WHERE case_id = %(case)s""",
    """UPDATE cases_caseevent SET at = at - %(back)s::interval, data = CASE WHEN data ? 'due' THEN jsonb_set(data, '{due}',
        to_jsonb((data->>'due')::timestamptz - %(back)s::interval)) ELSE data END WHERE case_id = %(case)s""",
    """UPDATE cases_handover SET proposed_at = proposed_at - %(back)s::interval,
        decided_at = decided_at - %(back)s::interval WHERE case_id = %(case)s""",
    """UPDATE cases_promise SET made_at = made_at - %(back)s::interval, due_at = due_at - %(back)s::interval,
        settled_at = settled_at - %(back)s::interval, broken_at = broken_at - %(back)s::interval
        WHERE case_id = %(case)s""",
    """UPDATE cases_consultation SET asked_at = asked_at - %(back)s::interval,
        answered_at = answered_at - %(back)s::interval WHERE case_id = %(case)s""",
    "UPDATE cases_casewatch SET since = since - %(back)s::interval WHERE case_id = %(case)s",
    """UPDATE cases_customerreport SET created_at = created_at - %(back)s::interval, changed_at = changed_at - %(back)s::interval,
        submitted_at = submitted_at - %(back)s::interval, data = data || COALESCE((
            SELECT jsonb_object_agg(said.key, to_jsonb(said.value::timestamptz - %(back)s::interval)) FROM jsonb_each_text(data) AS said
             WHERE said.key ~ '^(arrived|left)_at$|^(planned|actual)_(start|end)$' AND said.value <> ''), '{}')
        WHERE case_id = %(case)s""",
    """UPDATE cases_casefile SET uploaded_at = uploaded_at - %(back)s::interval, withdrawn_at = withdrawn_at - %(back)s::interval
        WHERE case_id = %(case)s""",
    """UPDATE cases_casecycle SET began_at = began_at - %(back)s::interval, restored_at = restored_at - %(back)s::interval,
        resolved_at = resolved_at - %(back)s::interval, replied_at = replied_at - %(back)s::interval,
        ended_at = ended_at - %(back)s::interval, reopened_at = reopened_at - %(back)s::interval
        WHERE case_id = %(case)s""",
    """UPDATE cases_casecircle SET since = since - %(back)s::interval, until = until - %(back)s::interval
        WHERE case_id = %(case)s""",
    "UPDATE cases_casebarred SET since = since - %(back)s::interval WHERE case_id = %(case)s",
    """UPDATE complaints_complaint SET satisfaction_at = satisfaction_at - %(back)s::interval,
        regulator_due_at = regulator_due_at - %(back)s::interval WHERE case_id = %(case)s""",
    """UPDATE complaints_clear SET at = at - %(back)s::interval, written_at = written_at - %(back)s::interval
        WHERE complaint_id = %(case)s""",
    """UPDATE complaints_instance SET opened_at = opened_at - %(back)s::interval, decided_at = decided_at - %(back)s::interval,
        passed_on_at = passed_on_at - %(back)s::interval WHERE complaint_id = %(case)s""",
    """UPDATE complaints_correctiveaction SET made_at = made_at - %(back)s::interval, due_at = due_at - %(back)s::interval,
        done_at = done_at - %(back)s::interval WHERE complaint_id = %(case)s""",
    """UPDATE complaints_suggestion SET at = at - %(back)s::interval, answered_at = answered_at - %(back)s::interval,
        returned_at = returned_at - %(back)s::interval WHERE case_id = %(case)s""",
    "UPDATE complaints_externalidentifier SET at = at - %(back)s::interval WHERE complaint_id = %(case)s",
    "UPDATE cases_caselink SET made_at = made_at - %(back)s::interval WHERE %(case)s IN (first_id, second_id)",
    "UPDATE cases_impactobservation SET at = at - %(back)s::interval WHERE case_id = %(case)s",
    """UPDATE cases_caseclockevent SET at = at - %(back)s::interval
        WHERE deadline_id IN (SELECT id FROM cases_casedeadline WHERE case_id = %(case)s)""",
    """UPDATE notices_notice SET created_at = created_at - %(back)s::interval, next_repeat_at = next_repeat_at - %(back)s::interval,
        acked_at = acked_at - %(back)s::interval, stopped_at = stopped_at - %(back)s::interval, read_at = read_at - %(back)s::interval
        WHERE about = %(about)s""",
    """UPDATE notices_delivery SET created_at = created_at - %(back)s::interval, next_attempt_at = next_attempt_at - %(back)s::interval,
        sent_at = sent_at - %(back)s::interval
        WHERE notice_id IN (SELECT id FROM notices_notice WHERE about = %(about)s)""",
    """UPDATE cases_casedeadline SET armed_at = armed_at - %(back)s::interval, started_at = started_at - %(back)s::interval,
        due_at = due_at - %(back)s::interval, next_at = next_at - %(back)s::interval, breached_at = breached_at - %(back)s::interval,
        ended_at = ended_at - %(back)s::interval, pauses_from = pauses_from - %(back)s::interval,
        gaps = coalesce((SELECT jsonb_agg(jsonb_build_array(to_jsonb((g->>0)::timestamptz - %(back)s::interval),
                to_jsonb((g->>1)::timestamptz - %(back)s::interval), g->2) ORDER BY n)
               FROM jsonb_array_elements(gaps) WITH ORDINALITY AS e(g, n)), '[]'),
        schedule = jsonb_build_object('due', to_jsonb((schedule->>'due')::timestamptz - %(back)s::interval), 'steps',
            (SELECT jsonb_agg(jsonb_build_array(s->0, to_jsonb((s->>1)::timestamptz - %(back)s::interval)) ORDER BY n)
               FROM jsonb_array_elements(schedule->'steps') WITH ORDINALITY AS e(s, n)))
        WHERE case_id = %(case)s""",
)


def shift(case: Case, back: timedelta) -> None:
    """Everything about `case` happened `back` earlier than it says."""
    with transaction.atomic(), history_may_be_written(), connection.cursor() as cursor:
        for statement in _SHIFT:
            cursor.execute(
                statement, {"back": str(back.total_seconds()) + " s", "case": case.pk, "about": f"case:{case.pk}"}
            )
        _plan_again(case)


def _plan_again(case: Case) -> None:
    """Working time does not shift with the wall clock: clocks on a calendar are planned anew from their new start."""
    for clock in case.deadlines.filter(calendar_version__isnull=False).select_related("policy", "calendar_version"):
        try:
            made = plan(clock.target, clock.work_calendar, clock.started_at, clock.pauses(), clock.policy.ladder)
        except OpenPause:
            continue
        clock.step = last_fired(clock, made)
        clock.due_at, clock.schedule = made.due_at, as_json(made)
        clock.next_at = step_after(clock.step, made) if clock.state == ClockState.RUNNING else None
        clock.save(update_fields=["step", "due_at", "schedule", "next_at"])


def advance(case: Case, time: timedelta) -> None:
    """Let `time` pass for `case`: each step of its clocks fires when it comes."""
    left = time
    while left > timedelta(0):
        nearest = _next_step(case)
        gap = left if nearest is None else min(left, max(nearest - now(), timedelta(0)) + timedelta(milliseconds=200))
        shift(case, gap)
        left -= gap
        sweep(Door.AUDITOR)


def _next_step(case: Case) -> datetime | None:
    clocks = case.deadlines.filter(state="running", next_at__isnull=False)
    return clocks.order_by("next_at").values_list("next_at", flat=True).first()


@contextmanager
def history_may_be_written() -> Iterator[None]:
    """Switch the triggers of history off inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        (superuser,) = cursor.fetchone()
        if superuser:
            before, after = [_REPLICA % "replica"], [_REPLICA % "origin"]
        else:
            before, after = ([_CHECK, *(_TRIGGERS % (table, switch) for table in _TABLES)] for switch in _SWITCHES)
        for statement in before:
            cursor.execute(statement)
        yield
        for statement in after:
            cursor.execute(statement)
