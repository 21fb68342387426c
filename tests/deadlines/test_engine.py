"""The engine: fires once, skips the backlog, sets poison aside, and the auditor mends what was moved."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import OperationalError, connection, connections
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from service_desk import precedence
from service_desk.cases import actions
from service_desk.cases.models import Case, CaseClockEvent, CaseDeadline
from service_desk.deadlines import auditor, engine, tasks
from service_desk.deadlines.actions import edit_policy, retire_and_replace
from service_desk.deadlines.auditor import Auditor
from service_desk.deadlines.clock import now
from service_desk.deadlines.engine import Sweep, beat, concrete_clocks, health, sweep
from service_desk.deadlines.models import Firing, Incident, Policy
from service_desk.deadlines.rules import Door, look_again
from service_desk.notices.models import Delivery, Notice
from service_desk.people.models import Qualification
from tests.factories import World, shift_time, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


def test_D10_warned_at_75_percent_then_chief_at_breach_then_head(desk: World) -> None:
    case = desk.register(severity="major")
    clock = case.deadlines.get(kind="restoration")
    told = Notice.objects.filter(chain__startswith=f"case_deadline:{clock.pk}:")
    shift_time(case, hours=6)
    sweep(Door.SENTINEL)
    assert list(told.values_list("kind", "recipient__username")) == [("clock_warning", "agent")]
    shift_time(case, hours=2)
    sweep(Door.SENTINEL)
    assert list(told.order_by("id").values_list("kind", "recipient__username"))[1:] == [("clock_breach", "chief")]
    shift_time(case, minutes=30)
    sweep(Door.SENTINEL)
    assert list(told.order_by("id").values_list("kind", "recipient__username"))[2:] == [("clock_escalation", "head")]
    clock.refresh_from_db()
    assert clock.breached_at is not None
    assert clock.next_at is None


def test_D12_after_an_outage_only_the_current_step_is_sent_once_and_says_how_late_the_system_was(desk: World) -> None:
    case = desk.register(severity="major")
    clock = case.deadlines.get(kind="restoration")
    shift_time(case, hours=8, minutes=10)
    sweep(Door.SENTINEL)
    sweep(Door.CELERY)
    told = Notice.objects.filter(chain__startswith=f"case_deadline:{clock.pk}:")
    (notice,) = told
    assert notice.kind == "clock_breach"
    assert notice.late_by_seconds == pytest.approx(600, abs=5)


def test_D7_entered_late_raises_only_the_latest_due_step_marked_so(desk: World) -> None:
    moment = now() - timedelta(hours=9)
    case = desk.register(severity="major", accepted_at=moment)
    sweep(Door.SENTINEL)
    clock = case.deadlines.get(kind="restoration")
    told = Notice.objects.get(chain__startswith=f"case_deadline:{clock.pk}:")
    assert told.kind == "clock_escalation"
    assert told.facts["entered_late"] is True
    assert told.late_by_seconds is None


def test_D3_a_pause_holds_only_the_clocks_whose_policy_allows_it(desk: World) -> None:
    case = desk.register(severity="major")
    actions.start(case=case, actor=desk.agent)
    actions.wait(case=case, actor=desk.agent, waiting_for="part", text="主控板缺货")
    assert case.deadlines.get(kind="restoration").state == "paused"
    before = case.deadlines.get(kind="restoration").due_at
    shift_time(case, hours=3)
    actions.resume(case=case, actor=desk.agent)
    clock = case.deadlines.get(kind="restoration")
    assert clock.state == "running"
    held = clock.due_at - (before - timedelta(hours=3))
    assert timedelta(hours=3) <= held <= timedelta(hours=3, seconds=10)


def test_D3_a_clock_that_begins_with_a_late_grade_does_not_count_the_waits_before_it(desk: World) -> None:
    case = desk.register(actor=desk.agent)
    actions.start(case=case, actor=desk.agent)
    actions.wait(case=case, actor=desk.agent, waiting_for="customer", text="等用户开门")
    shift_time(case, hours=3)
    actions.resume(case=case, actor=desk.agent)
    graded = actions.grade(case=case, actor=desk.agent, severity="major")
    clock = graded.deadlines.get(kind="restoration")
    assert clock.policy.may_pause
    assert clock.state == "running"
    held = clock.due_at - graded.accepted_at - timedelta(seconds=clock.policy.target_seconds or 0)
    assert timedelta(hours=3) <= held <= timedelta(hours=3, seconds=10)
    assert clock.next_at == clock.due_at - timedelta(seconds=clock.policy.target_seconds or 0) / 4
    Auditor().run()
    assert not Incident.objects.exists()


def graded_while_it_waits(desk: World, *, hours: int) -> tuple[Case, CaseDeadline]:
    """A case that began to wait so long after its acceptance and was graded then, and the clock that began so."""
    case = desk.register(actor=desk.agent)
    actions.start(case=case, actor=desk.agent)
    shift_time(case, hours=hours)
    actions.wait(case=case, actor=desk.agent, waiting_for="part", text="等备件")
    actions.grade(case=case, actor=desk.agent, severity="major")
    return case, case.deadlines.get(kind="restoration")


def test_D3_a_clock_that_begins_while_the_case_waits_stands_still_until_it_goes_on(desk: World) -> None:
    case, clock = graded_while_it_waits(desk, hours=1)
    assert (clock.state, clock.next_at) == ("paused", None)
    assert list(clock.history.order_by("id").values_list("type", flat=True)) == ["started", "paused"]
    shift_time(case, hours=30)
    assert sweep(Door.SENTINEL).fired == 0
    Auditor().run()
    assert not Incident.objects.exists()
    actions.resume(case=case, actor=desk.agent)
    clock.refresh_from_db()
    assert clock.state == "running"
    left = clock.due_at - now() - timedelta(seconds=(clock.policy.target_seconds or 0) - 3600)
    assert abs(left) <= timedelta(seconds=10)


def test_D3_a_wait_that_began_once_the_time_was_over_hides_nothing_from_a_late_grade(desk: World) -> None:
    _case, clock = graded_while_it_waits(desk, hours=9)
    assert (clock.state, clock.due_at <= now()) == ("running", True)
    sweep(Door.SENTINEL)
    assert Notice.objects.filter(chain__startswith=f"case_deadline:{clock.pk}:").exists()


def test_D3_a_pause_that_reorders_the_ladder_neither_repeats_a_step_nor_trips_over_it(desk: World) -> None:
    policy = Policy.objects.in_force().get(severity="major", kind="restoration")
    steps = [
        {**policy.steps[0], "code": "warn", "at": {"share": 0.25}},
        {**policy.steps[0], "code": "look", "at": {"after_start": 3 * 3600}},
        policy.steps[1],
    ]
    edit_policy(policy=policy, changes={"steps": steps}, actor=desk.admin)
    case = desk.register(severity="major")
    actions.start(case=case, actor=desk.agent)
    shift_time(case, hours=3, minutes=1)  # warn (2 h) and look (3 h) have passed: look fires, warn is skipped
    sweep(Door.SENTINEL)
    actions.wait(case=case, actor=desk.agent, waiting_for="customer", text="等")
    shift_time(case, hours=2)
    actions.resume(case=case, actor=desk.agent)
    shift_time(case, hours=1)
    sweep(Door.SENTINEL)
    clock = case.deadlines.get(kind="restoration")
    assert clock.state == "running"
    fired = CaseClockEvent.objects.filter(deadline=clock, type="fired").values_list("code", flat=True)
    assert list(fired) == ["look"]


def test_poison_row_is_set_aside_alone_and_told_while_the_rest_fires(desk: World) -> None:
    cases = [desk.register(severity="major") for _ in range(5)]
    for case in cases:
        shift_time(case, hours=6)
    bad = cases[2].deadlines.get(kind="restoration")
    CaseDeadline.objects.filter(pk=bad.pk).update(schedule={"due": "never", "steps": [["warn", "no time"]]})
    sweep(Door.SENTINEL)
    bad.refresh_from_db()
    assert bad.state == "error"
    assert Incident.objects.filter(kind="poison_clock", thing=f"casedeadline:{bad.pk}").exists()
    assert Notice.objects.get(kind="clock_error").recipient == desk.manager
    good = CaseDeadline.objects.filter(kind="restoration").exclude(pk=bad.pk)
    assert CaseClockEvent.objects.filter(deadline__in=good, type="fired").count() == 4


def test_a_full_disk_is_no_clocks_fault_and_all_fire_when_there_is_room(
    desk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        shift_time(desk.register(severity="major"), hours=6)

    def write_in_vain(firings: Sequence[Firing], moment: datetime) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full'; END $$")

    with monkeypatch.context() as full:
        full.setattr(concrete_clocks()[CaseDeadline], "announce", write_in_vain)
        with pytest.raises(OperationalError, match="no space left"):
            sweep(Door.SENTINEL)
    assert not CaseDeadline.objects.filter(state="error").exists()
    assert not Incident.objects.exists()
    assert sweep(Door.SENTINEL).fired == 6  # two clocks each


def test_an_empty_slot_tells_the_duty_manager_and_never_nobody(desk: World) -> None:
    desk.gm_product.shifts.all().delete()
    case = desk.register(severity="critical")
    shift_time(case, hours=4)
    sweep(Door.SENTINEL)
    notice = Notice.objects.get(kind="emergency_breach", slot="gm_product")
    assert notice.recipient == desk.manager
    assert notice.fallback


def test_auditor_arms_a_clock_missed_at_birth_and_mends_one_moved_by_hand(desk: World) -> None:
    case = desk.register(severity="major")
    moved = case.deadlines.get(kind="solution")
    due = moved.due_at
    CaseDeadline.objects.filter(pk=moved.pk).update(due_at=due + timedelta(days=9), next_at=due + timedelta(days=8))
    lost = case.deadlines.get(kind="restoration")
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("DELETE FROM cases_caseclockevent WHERE deadline_id = %s", [lost.pk])
        cursor.execute("DELETE FROM cases_casedeadline WHERE id = %s", [lost.pk])
        cursor.execute("SET session_replication_role = DEFAULT")
    found = Auditor().run()
    assert (found.missing, found.moved) == (1, 1)
    moved.refresh_from_db()
    assert moved.due_at == due
    assert case.deadlines.get(kind="restoration").due_at == lost.due_at
    assert set(Incident.objects.values_list("kind", flat=True)) == {"clock_missing", "clock_moved"}
    again = Auditor().run()
    assert (again.missing, again.moved) == (0, 0)


def test_auditor_finds_a_fired_step_that_told_nobody(desk: World) -> None:
    case = desk.register(severity="major")
    clock = case.deadlines.get(kind="restoration")
    CaseClockEvent.objects.create(deadline=clock, type="fired", code="warn")
    assert Auditor().run().silent == 1


def test_auditor_finds_notices_that_do_not_leave_the_house(desk: World) -> None:
    desk.register(severity="critical")
    assert Auditor().run().stuck == 0
    Delivery.objects.update(next_attempt_at=now() - timedelta(seconds=61))
    waiting = Delivery.objects.count()
    assert waiting > 0
    assert Auditor().run().stuck == waiting
    incident = Incident.objects.get(kind="outbox_stuck")
    assert (incident.repaired_at, incident.detail) == (None, str(waiting))
    Delivery.objects.update(state="sent", sent_at=now())
    assert Auditor().run().stuck == 0
    incident.refresh_from_db()
    assert incident.repaired_at is not None


def test_D8_an_edited_policy_does_not_bend_a_running_clock(desk: World) -> None:
    case = desk.register(severity="major")
    clock = case.deadlines.get(kind="restoration")
    policy = Policy.objects.in_force().get(severity="major", kind="restoration")
    newer = retire_and_replace(policy=policy, changes={"target_seconds": 3600}, actor=desk.admin, now=now())
    assert newer.version == 2
    same = CaseDeadline.objects.get(pk=clock.pk)
    assert (same.due_at, same.policy_id) == (clock.due_at, policy.pk)
    assert desk.register(severity="major").deadlines.get(kind="restoration").policy == newer


def test_D13_health_tells_beats_lag_and_overdue(desk: World) -> None:
    done = sweep(Door.SENTINEL)
    beat("sentinel-1", Door.SENTINEL, done)
    case = desk.register(severity="major")
    shift_time(case, hours=7)
    state = health()
    assert state["sweep_age"] < 5
    assert state["overdue"] >= 1
    assert [b.process for b in state["beats"]] == ["sentinel-1"]


@pytest.mark.django_db(transaction=True)
def test_thousands_of_due_clocks_fire_exactly_once_under_six_sweepers_at_once() -> None:
    desk = world()
    case = desk.register(severity="minor")
    template = case.deadlines.get(kind="solution")
    clone_due(template, 2_000)
    barrier = threading.Barrier(6)

    def run(door: Door) -> int:
        barrier.wait()
        try:
            return sweep(door, batch=100).fired
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        fired = list(
            pool.map(run, [Door.CELERY, Door.CELERY, Door.SENTINEL, Door.SENTINEL, Door.AUDITOR, Door.SENTINEL])
        )
    assert sum(fired) == 2_000
    assert CaseClockEvent.objects.filter(type="fired", code="warn").count() == 2_000
    assert Notice.objects.filter(kind="clock_warning").count() == 2_000
    assert not CaseDeadline.objects.due().exists()


def clone_due(template: CaseDeadline, count: int) -> None:
    """Many clocks of one case, each in a cycle of its own, whose first step has just come."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO cases_casedeadline (case_id, kind, cycle, policy_id, state, armed_at, started_at, due_at,"
            " schedule, step, next_at, version, error)"
            " SELECT case_id, kind, g + 1, policy_id, 'running', now() - interval '91 h', now() - interval '91 h',"
            " now() + interval '29 h', jsonb_build_object('due', now() + interval '29 h', 'steps', jsonb_build_array("
            " jsonb_build_array('warn', now() - interval '1 s'), jsonb_build_array('breach', now() + interval '29 h'),"
            " jsonb_build_array('head', now() + interval '30 h'))), -1, now() - interval '1 s', 1, ''"
            " FROM cases_casedeadline, generate_series(1, %s) g WHERE id = %s",
            [count, template.pk],
        )


@pytest.mark.django_db(transaction=True)
def test_a_sweep_that_goes_well_uses_no_savepoint_and_so_leaves_no_multixact_in_the_way_of_the_next() -> None:
    case = world().register(severity="major")
    shift_time(case, hours=6)
    with CaptureQueriesContext(connection) as queries:
        assert sweep(Door.SENTINEL).fired > 0
    assert [query["sql"] for query in queries if "SAVEPOINT" in query["sql"]] == []


def test_an_idle_sweep_is_one_query_for_each_kind_of_clock(desk: World, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    desk.register(severity="major")
    with django_assert_num_queries(3 * len(concrete_clocks())):  # savepoint, claim, release
        assert sweep(Door.SENTINEL).fired == 0


def test_the_claim_uses_the_partial_index(desk: World) -> None:
    claim = CaseDeadline.objects.due().order_by("next_at", "id")[:500]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        # as a table of which nothing is known: known to be empty, any index would do
        cursor.execute("SELECT pg_clear_relation_stats('public', 'cases_casedeadline')")
    assert "casedeadline_next" in claim.explain()


@pytest.mark.django_db(transaction=True)
def test_a_row_whose_notice_breaks_a_foreign_key_is_set_aside_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such a row fails at the commit, after every savepoint: it must not take the whole batch with it, for ever."""
    desk = world()
    cases = [desk.register(severity="major") for _ in range(3)]
    for case in cases:
        shift_time(case, hours=6)
    bad = cases[1].deadlines.get(kind="restoration")
    room = concrete_clocks()[CaseDeadline]
    announce = room.announce

    def announce_wrongly(firings: Sequence[Firing], moment: datetime) -> None:
        announce(firings, moment)
        if bad.pk in {firing.deadline.pk for firing in firings}:
            Qualification.objects.create(staff_id=987654321, product_type=desk.product)

    monkeypatch.setattr(room, "announce", announce_wrongly)
    sweep(Door.SENTINEL)
    bad.refresh_from_db()
    assert bad.state == "error"
    good = CaseDeadline.objects.filter(kind="restoration").exclude(pk=bad.pk)
    assert CaseClockEvent.objects.filter(deadline__in=good, type="fired").count() == 2


def test_a_roster_that_names_a_deleted_person_counts_as_empty(desk: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE people_dutyshift SET staff_id = 987654321 WHERE role = 'gm_product'")
    case = desk.register(severity="critical")
    shift_time(case, hours=4)
    sweep(Door.SENTINEL)
    notice = Notice.objects.get(kind="emergency_breach", slot="gm_product")
    assert (notice.recipient, notice.fallback, notice.instead_of) == (desk.manager, True, None)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM people_dutyshift WHERE staff_id = 987654321")


@pytest.mark.parametrize(
    ("fired", "to_next", "seconds"),
    [(0, 30.0, 30.0), (0, -0.02, 0.0), (5, -40.0, 0.0), (0, -40.0, 0.1)],
    ids=["nothing due", "came due meanwhile", "more work", "held up by somebody"],
)
def test_a_clock_that_cannot_be_fired_does_not_let_the_sentinels_spin(
    fired: int, to_next: float, seconds: float
) -> None:
    assert look_again(fired, to_next) == seconds


def test_a_sweep_begins_small_so_that_one_that_is_killed_again_and_again_gets_something_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []

    def fire(_model: object, _door: Door, limit: int, _after: datetime | None) -> Sweep:
        asked.append(limit)
        return Sweep(limit if len(asked) < 7 else 0)

    monkeypatch.setattr(engine, "_fire_batch", fire)
    monkeypatch.setattr(engine, "_rooms", {CaseDeadline: None})
    assert sweep(Door.SENTINEL).fired == 1750
    assert asked == [50, 100, 200, 400, 500, 500, 500]


def test_the_pass_that_beat_asks_for_walks_on_to_clocks_far_away(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new auditor for each pass looked at the same first thousands for ever."""
    monkeypatch.setattr(auditor, "WINDOW", 1)
    monkeypatch.setattr(tasks, "_auditor", Auditor())
    case = desk.register(severity="minor")
    far = case.deadlines.filter(due_at__gt=now() + 2 * auditor.NEAR).order_by("-pk").first()
    assert far is not None
    assert case.deadlines.filter(state="running", pk__lt=far.pk).exists()
    CaseDeadline.objects.filter(pk=far.pk).update(due_at=F("due_at") + timedelta(days=9))
    for _pass in range(case.deadlines.count()):
        tasks.audit_clocks()
    assert list(Incident.objects.filter(kind="clock_moved").values_list("thing", flat=True)) == [
        f"casedeadline:{far.pk}"
    ]


@pytest.mark.django_db(transaction=True)
def test_a_sweep_says_so_while_it_fires_a_storm_and_only_then(monkeypatch: pytest.MonkeyPatch) -> None:
    case = world().register(severity="major")
    shift_time(case, hours=6)
    other = connection.copy()
    stood: list[bool] = []

    def look(_model: object, limit: int, _after: object) -> list[object]:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [precedence._LOCK])
            stood.append(not cursor.fetchall()[0][0])
        return []

    monkeypatch.setattr(engine, "_claim", look)
    try:
        for size in (engine.FIRST_BATCH, engine.STORM_BATCH, engine.BATCH):
            engine._fire_batch(CaseDeadline, Door.SENTINEL, size, None)
    finally:
        other.close()
    assert stood == [False, True, True]
