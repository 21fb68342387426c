"""Many at once on one case as it comes due: a serial history, no deadlock, each clock met or breached, never both."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.db.models import F

from service_desk.audit.models import AuditEntry
from service_desk.cases import actions
from service_desk.cases.actions.bulk import bulk
from service_desk.cases.models import Case, CaseClockEvent, CaseDeadline, CaseEvent, HandOver
from service_desk.deadlines import engine
from service_desk.deadlines.clock import now
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.models import Incident
from service_desk.deadlines.rules import Door
from service_desk.notices.models import Notice
from service_desk.rest.errors import Refusal
from tests.factories import World, shift_time, world

FACTS: dict[str, Any] = {"done": "一", "remaining": "二", "promised": "三"}
#: What a refusal under concurrency may be; anything else would have been a failure on somebody's screen.
IN_ORDER = {"not_possible", "not_allowed", "already_handler", "stale"}

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk() -> World:
    return world()


def together(deeds: list[Callable[[], Any]]) -> list[str]:
    """Do all of this at the same moment, each on a connection of its own; how each ended, in their order."""
    barrier = threading.Barrier(len(deeds))

    def run(deed: Callable[[], Any]) -> str:
        try:
            barrier.wait()
            deed()
        except Refusal as refusal:
            return refusal.code
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


def deeds_of_fifty(desk: World, case: Case) -> Iterator[Callable[[], Any]]:
    """Transfers, answers to them, pauses, resumes, restorations, ends, reopenings, notes, and sweeps in between."""
    other = {desk.agent.pk: desk.colleague, desk.colleague.pk: desk.agent}

    def hand_over() -> None:
        holder = Case.objects.get(pk=case.pk).handler_id
        actions.hand_over(case=case, actor=desk.chief, receiver=other[holder], **FACTS)

    def accept() -> None:
        offer = HandOver.objects.filter(case=case, state="proposed").select_related("receiver").first()
        actions.accept(case=case, actor=offer.receiver if offer else desk.agent)

    plain: dict[str, dict[str, Any]] = {
        "wait": {"waiting_for": "customer", "text": "等"},
        "resume": {},
        "restore": {"text": "恢复"},
        "resolve": {"outcome": "更换"},
        "reply": {"reply": "好了", "channel": "phone"},
        "close": {},
        "reopen": {"text": "又坏了"},
        "note": {"text": "记一笔"},
    }

    def move(verb: str) -> Callable[[], Any]:
        return lambda: getattr(actions, verb)(case=case, actor=desk.chief, **plain[verb])

    for turn in range(5):
        yield hand_over
        yield accept
        yield from (move(verb) for verb in plain)
        if turn % 2 == 0:
            yield lambda: sweep(Door.SENTINEL)
            yield lambda: sweep(Door.CELERY)


@pytest.mark.parametrize("severity", ["major", "critical"])
def test_fifty_at_once_on_a_case_that_comes_due_leave_a_serial_history(desk: World, severity: str) -> None:
    case = desk.register(severity=severity)
    actions.start(case=case, actor=desk.agent)
    first_version = Case.objects.get(pk=case.pk).version
    changes = 0
    for _round in range(3):
        _just_before(case)
        deeds = list(deeds_of_fifty(desk, case))
        ends = together(deeds)
        assert set(ends) <= IN_ORDER | {"done"}, ends
        sweeps = sum(1 for number in range(5) if number % 2 == 0) * 2
        changes += ends.count("done") - sweeps
        sweep(Door.AUDITOR)
        _is_serial(case, first_version, changes)
        _clocks_are_sound(case)
    assert changes > 10  # the rounds were not all refusals
    assert not Incident.objects.exists()


def _just_before(case: Case) -> None:
    """Let time pass until the nearest open clock is due in a blink."""
    nearest = case.deadlines.filter(state="running").order_by("due_at").first()
    if nearest is not None:
        left = _left(nearest)
        if left > timedelta(0):
            shift_time(case, seconds=left.total_seconds() - 0.05)


def _left(clock: CaseDeadline) -> timedelta:
    return clock.due_at - now()


def _is_serial(case: Case, first_version: int, changes: int) -> None:
    """Each change raised the version by one, wrote its line and its audit entry; and the story can be told in order."""
    row = Case.objects.get(pk=case.pk)
    assert row.version == first_version + changes
    audited = AuditEntry.objects.filter(thing=f"case:{case.pk}", outcome="done", verb__startswith="case.")
    assert audited.exclude(verb="case.register").count() == row.version - 1
    state, handler, offered, up = "registered", row.first_responder_id, False, False
    for event in CaseEvent.objects.filter(case=case).order_by("id"):
        assert event.type in NEXT[state] | ANYWHERE, (state, event.type)
        state = STATE_AFTER.get(event.type, state)
        up = up if event.type not in ("restored", "reopened") else event.type == "restored"
        if event.type == "resumed" and up:
            state = "restored"  # service ran while the case waited
        if event.type == "hand_over":
            assert not offered
            offered = True
        elif event.type == "accepted":
            assert offered
            offered = False
    for offer in HandOver.objects.filter(case=case, state="accepted").order_by("decided_at", "id"):
        assert offer.giver_id == handler
        handler = offer.receiver_id
    assert (row.handler_id, row.hand_over_pending) == (handler, offered)
    assert row.state == state


#: Which lines may follow while the case is so, told independently of the table of moves.
NEXT = {
    "registered": {"started"},
    "in_progress": {"waiting", "restored", "resolved"},
    "waiting": {"resumed", "restored"},
    "restored": {"waiting", "resolved", "reopened"},
    "resolved": {"replied", "reopened"},
    "replied": {"closed", "reopened"},
    "closed": {"reopened"},
}
ANYWHERE = {"registered", "graded", "note", "hand_over", "accepted", "emergency"}
STATE_AFTER = {
    "started": "in_progress",
    "waiting": "waiting",
    "resumed": "in_progress",
    "restored": "restored",
    "resolved": "resolved",
    "replied": "replied",
    "closed": "closed",
    "reopened": "in_progress",
}


def _clocks_are_sound(case: Case) -> None:
    """Met or breached and never both, as the times say; no step fired twice; nothing overdue left unfired."""
    row = Case.objects.get(pk=case.pk)
    for clock in CaseDeadline.objects.filter(case=case):
        if clock.state == "met":
            assert clock.breached_at is None
            assert clock.ended_at is not None
            assert clock.ended_at <= clock.due_at
        if clock.state == "breached":
            assert clock.breached_at is not None
            assert clock.breached_at >= clock.due_at
        ends = CaseClockEvent.objects.filter(deadline=clock, type__in=["met", "breached", "cancelled"]).count()
        assert ends == (0 if clock.is_open else 1)
        assert clock.history.count() == clock.version  # each change of the row has its line
    if row.state == "waiting":
        assert not case.deadlines.filter(state="running", policy__may_pause=True).exists()
    else:
        assert not case.deadlines.filter(state="paused").exists()
        assert not case.pauses.filter(ends_at=None).exists()
    if row.state == "closed":
        assert not case.deadlines.filter(ended_at=None).exists()
    chains = Notice.objects.filter(about=f"case:{case.pk}").values_list("dedup_key", flat=True)
    assert len(chains) == len(set(chains))


def test_a_pause_and_the_breach_at_one_moment_agree(desk: World) -> None:
    """Either the pause came first and nothing is late, or the time was over first and the breach stands."""
    for _round in range(5):
        case = desk.register(severity="major")
        actions.start(case=case, actor=desk.agent)
        clock = case.deadlines.get(kind="restoration")
        shift_time(case, seconds=_left(clock).total_seconds() - 0.01)
        wait = {"waiting_for": "part", "text": "等"}
        ends = together([
            lambda case=case, wait=wait: actions.wait(case=case, actor=desk.agent, **wait),  # type: ignore[misc]
            *[lambda: sweep(Door.SENTINEL)] * 5,
        ])  # fmt: skip
        assert ends == ["done"] * 6
        clock.refresh_from_db()
        paused_at: datetime = case.pauses.get().starts_at
        assert clock.state == "paused"
        assert (clock.breached_at is None) or clock.breached_at >= clock.due_at
        actions.resume(case=case, actor=desk.agent)
        sweep(Door.AUDITOR)
        clock.refresh_from_db()
        if clock.breached_at is None:
            assert clock.due_at > paused_at  # what was left when it paused is left still


def test_D5_crossing_merges_leave_one_survivor_and_no_loop(desk: World) -> None:
    for _round in range(4):
        one, two, three = (desk.register(severity="major") for _ in range(3))
        pairs = [(one, two), (two, one), (two, three), (three, two), (three, one), (one, three)]
        ends = together([
            lambda a=a, b=b: actions.merge(case=a, actor=desk.agent, into=b.number, text="重复") for a, b in pairs  # type: ignore[misc]
        ])  # fmt: skip
        assert set(ends) <= {"done", "itself", "merged", "not_at_work", "not_possible"}, ends
        rows = Case.objects.filter(pk__in=[one.pk, two.pk, three.pk])
        standing = [row for row in rows if row.merged_into_id is None]
        assert len(standing) == 1
        assert ends.count("done") == 2
        assert set(
            CaseDeadline.objects.filter(case__in=rows).exclude(case=standing[0]).values_list("state", flat=True)
        ) == {"merged"}
        assert not standing[0].deadlines.exclude(state="running").exists()
        earliest = min(row.accepted_at for row in rows)
        assert (standing[0].earliest_accepted_at or standing[0].accepted_at) == earliest


def test_notes_written_while_a_case_is_merged_are_in_one_of_the_two(desk: World) -> None:
    case, survivor = desk.register(), desk.register(severity="minor")
    ends = together([
        *[lambda: actions.note(case=case, actor=desk.agent, text="记一笔")] * 10,
        lambda: actions.merge(case=case, actor=desk.agent, into=survivor.number, text="重复"),
    ])  # fmt: skip
    assert set(ends) <= {"done", "merged"}
    notes = CaseEvent.objects.filter(case__in=[case, survivor], type="note").count()
    assert notes == ends[:10].count("done")


def test_two_bulk_runs_in_opposite_order_do_not_wait_for_each_other(desk: World) -> None:
    numbers = [desk.register(severity="minor").number for _ in range(12)]
    runs = [numbers, numbers[::-1], numbers, numbers[::-1]]
    ends = together([
        lambda run=run: bulk(verb="note", numbers=run, actor=desk.agent, answers={"text": "记"}) for run in runs  # type: ignore[misc]
    ])  # fmt: skip
    assert ends == ["done"] * 4
    assert CaseEvent.objects.filter(type="note").count() == 48


def test_parent_and_child_in_both_directions_at_once_make_no_loop(desk: World) -> None:
    for _round in range(4):
        one, two = desk.register(), desk.register()
        ends = together([
            lambda a=a, b=b: actions.link(case=a, actor=desk.agent, other=b.number, relation="parent")  # type: ignore[misc]
            for a, b in ((one, two), (two, one))
        ])  # fmt: skip
        assert sorted(ends) == ["done", "loop"]
        assert not Case.objects.filter(pk__in=[one.pk, two.pk], parent__parent=F("pk")).exists()


def test_what_somebody_held_and_died_with_is_fired_by_the_sweep_that_passed_over_it(
    desk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A storm can keep one sweep at work for minutes; what it passed over at the beginning cannot wait for its end."""
    cases = [desk.register(severity="major") for _ in range(4)]
    for case in cases:
        shift_time(case, hours=5)
    sweep(Door.SENTINEL)  # steps of other clocks, so that only the ones looked at are due
    for number, case in enumerate(cases):
        shift_time(case, hours=1, minutes=len(cases) - number)  # the first one's step is the oldest
    held = cases[0].deadlines.get(kind="restoration")
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM cases_casedeadline WHERE id = %s FOR UPDATE", [held.pk])
        fire, batches = engine._fire_batch, []

        def until_the_other_dies(*given: Any) -> engine.Sweep:
            batches.append(fire(*given))
            if len(batches) == 2:
                other.close()
            return batches[-1]

        monkeypatch.setattr(engine, "_fire_batch", until_the_other_dies)
        monkeypatch.setattr(engine, "LOOK_BACK_SECONDS", 0.0)
        sweep(Door.SENTINEL, batch=1)
    finally:
        other.close()
    assert Notice.objects.filter(chain__startswith=f"case_deadline:{held.pk}:").count() == 1
    assert Notice.objects.filter(kind="clock_warning").count() == len(cases)
