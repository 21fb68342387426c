"""Every figure is what a plain count over every row finds, on histories told by the product's own verbs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings as django
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from service_desk.calls.models import CallSettlement
from service_desk.cases import actions
from service_desk.cases.models import Case
from service_desk.complaints.models import Instance
from service_desk.deadlines.clock import now
from service_desk.deadlines.words import line_word
from service_desk.knowledge.models import BookRelease, LanguageFinding
from service_desk.local.demo.past import advance
from service_desk.notices.actions import acknowledge
from service_desk.notices.models import Notice
from service_desk.people.models import Staff
from service_desk.reports.behind import Narrower, behind
from service_desk.reports.figures import FIGURES, answer, question, report
from service_desk.reports.periods import Period
from service_desk.rest.errors import Refusal
from service_desk.telephony.models import Call, CallFact, Integration
from tests.complaints.making import complaint, decided
from tests.complaints.making import desk as desk_with_complaints
from tests.factories import World
from tests.reports.plain import PLAIN, Fact, Seen, summed

ZONE = ZoneInfo(django.TIME_ZONE)


@pytest.fixture
def desk(db: None) -> World:
    return desk_with_complaints()


# --- A history, told by verbs ---------------------------------------------------------------------------------

VERBS = (
    "start",
    "restore",
    "resolve",
    "reopen",
    "hand",
    "accept",
    "decline",
    "promise",
    "keep",
    "move",
    "ack",
    "cancel",
    "split",
    "merge",
)
steps = st.lists(st.tuples(st.sampled_from(VERBS), st.integers(1, 400)), max_size=9)
plans = st.lists(
    st.tuples(st.sampled_from(["critical", "major", "minor", ""]), st.sampled_from([0, 3, 30]), steps),
    min_size=1,
    max_size=3,
)


def live(desk: World, severity: str, late_by: int, told: list[tuple[str, int]]) -> Case:
    """A case as it goes: what is refused did not happen; minutes pass after each step, and clocks fire."""
    accepted = now() - timedelta(hours=late_by) if late_by else None
    case = desk.register(severity=severity or None, accepted_at=accepted)
    for verb, minutes in told:
        case.refresh_from_db()
        with suppress(Refusal), transaction.atomic():
            _do(desk, case, verb)
        advance(case, timedelta(minutes=minutes))
    case.refresh_from_db()
    return case


def _do(desk: World, case: Case, verb: str) -> None:
    """The verb as whoever holds the case does it; of what is not there nothing happens."""
    who: dict[str, Any] = {"case": case, "actor": case.handler}
    promise = case.promises.filter(settled_at=None).order_by("id").first()
    offer = case.hand_overs.filter(state="proposed").first()
    other = desk.colleague if case.handler_id != desk.colleague.pk else desk.agent
    soon = now() + timedelta(minutes=90)
    ways: dict[str, Any] = {
        "start": lambda: actions.start(**who),
        "cancel": lambda: actions.cancel(**who, text="重复"),
        "restore": lambda: actions.restore(**who, text="业务恢复"),
        "resolve": lambda: actions.resolve(**who, outcome="更换板件"),
        "reopen": lambda: actions.reopen(**who, text="又断了"),
        "hand": lambda: actions.hand_over(**who, receiver=other, done="a", remaining="b", promised="c"),
        "accept": lambda: offer and actions.accept(case=case, actor=offer.receiver),
        "decline": lambda: offer and actions.decline(case=case, actor=offer.receiver, text="忙"),
        "promise": lambda: actions.promise(**who, text="回电", due_at=soon),
        "keep": lambda: promise and actions.keep(**who, promise=promise.pk, text="已回电"),
        "move": lambda: (
            promise and actions.postpone(**who, promise=promise.pk, due_at=soon, text="改约", channel="phone")
        ),
        "ack": lambda: _answer(case),
        "split": lambda: actions.split(**who, fault="另一块板", text="分开处理"),
        "merge": lambda: _merge(case, who),
    }
    ways[verb]()


def _answer(case: Case) -> None:
    notice = Notice.objects.waiting().filter(about=f"case:{case.pk}", recipient__isnull=False).order_by("id").first()
    if notice is not None and notice.recipient is not None:
        acknowledge(notice=notice, actor=notice.recipient, via="screen")


def _merge(case: Case, who: dict[str, Any]) -> None:
    """Into the newest other case that is open, such as the part that was split off."""
    other = Case.objects.open().exclude(pk=case.pk).order_by("-pk").first()
    if other is not None:
        actions.merge(**who, into=other.number, text="同一故障")


def inside(facts: Iterable[Fact], period: Period) -> list[Fact]:
    return [f for f in facts if period.since <= f.at.astimezone(ZONE).date() <= period.until]


def grouped(facts: list[Fact], by: str) -> dict[str, list[Fact]]:
    found: dict[str, list[Fact]] = defaultdict(list)
    names = dict(Staff.objects.values_list("pk", "full_name"))
    units = dict(Staff.objects.values_list("pk", "unit__name"))
    graded = {"critical": "Critical", "major": "Major", "minor": "Minor", None: "not graded yet"}
    for f in facts:
        found[
            names.get(f.who or 0, "nobody")
            if by == "person"
            else units.get(f.who or 0, "without a unit")
            if by == "unit"
            else graded[f.case.severity if f.case else None]
        ].append(f)
    return found


# --- What is true of every figure -----------------------------------------------------------------------------


def check(user: Staff, name: str, period: Period, by: str) -> None:
    figure = FIGURES[name]
    everything = list(PLAIN[name](Seen.by(user)))
    facts = inside(everything, period)
    found = report(user, name, period, by)
    width = len(summed([], figure))
    total, before, _difference = found.table("total").rows
    assert total.values == summed(facts, figure), name
    assert before.values == summed(inside(everything, period.before()), figure), name
    assert sum(row.values[0] for row in found.table("time").rows) == len(facts), name  # type: ignore[misc]
    told_apart = {row.label: row.values[:width] for row in found.table("group").rows}
    assert told_apart == {label: summed(some, figure) for label, some in grouped(facts, by).items()}, (name, by)


FULL = [  # entered late; reopened; handed over, accepted late; a promise broken; an emergency that was answered
    ("major", 30, [("start", 5), ("hand", 100), ("accept", 5), ("resolve", 60), ("reopen", 5), ("resolve", 5)]),
    ("critical", 0, [("ack", 20), ("start", 300), ("promise", 100), ("keep", 5), ("restore", 60), ("reopen", 10)]),
]
TIED = [  # a part split off, which is late; the older case merged into it: its clocks, promises and acceptance go over
    ("minor", 3, [("split", 300), ("start", 5), ("promise", 5), ("resolve", 5)]),
    ("major", 30, [("start", 5), ("promise", 100), ("merge", 50)]),
]


@example(drawn=FULL, seconds=[None, 60, 0], hide=False)
@example(drawn=FULL, seconds=[], hide=True)
@example(drawn=TIED, seconds=[30, 45, 60, None], hide=True)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=plans, seconds=st.lists(st.none() | st.integers(0, 600), max_size=4), hide=st.booleans())
def test_every_figure_is_what_a_plain_count_finds(desk: World, drawn: Any, seconds: Any, hide: bool) -> None:
    with transaction.atomic():
        cases = [live(desk, *plan) for plan in drawn]
        calls_of(desk, seconds, cases)
        findings_in(cases, desk.agent)
        if hide:
            Case.objects.filter(pk=cases[0].pk).update(confidential=True)
        today = now().astimezone(ZONE).date()
        for name, figure in FIGURES.items():
            by = "severity" if "severity" in figure.dimensions and len(name) % 2 else "person"
            check(desk.chief, name, Period(today - timedelta(days=20), today), by)
            check(desk.chief, name, Period(today - timedelta(days=1), today), "unit")
        transaction.set_rollback(True)


def calls_of(desk: World, seconds: list[int | None], cases: list[Case]) -> None:
    """One inbound call each, answered after five seconds or not at all, with a fact; told of a day later.

    Each fourth has lost its beginning. One is registered as a case, one was so and is so no more, one as another case.
    """
    system = Integration.objects.create(name="交换机", kind="native")
    for number, lasted in enumerate(seconds):
        at = now() - timedelta(hours=20 * number)
        answered = None if lasted is None else at + timedelta(seconds=5)
        call = Call.objects.create(
            integration=system, call_id=f"c{number}", direction="inbound", agent=desk.agent if lasted else None,
            state="missed" if lasted is None else "ended", started_at=at if number % 4 else None, answered_at=answered,
            ended_at=at + timedelta(seconds=5 + (lasted or 0)),
        )  # fmt: skip
        CallFact.objects.create(call=call, rule="T1", verdict="kept" if (lasted or 0) % 2 else "breached")
        CallFact.objects.create(call=call, rule="T2", verdict="due", withdrawn_at=now() if number % 2 else None)
        if number < 3:
            CallSettlement.objects.create(
                call=call, settled_as="case", case=cases[number // 2 % len(cases)], by=desk.agent, counts_at=at,
                **({"undone_at": now(), "undone_by": desk.chief, "undone_why": "登记错了"} if number == 1 else {}),
            )  # fmt: skip


def findings_in(cases: list[Case], author: Staff) -> None:
    release = BookRelease.objects.create(number=1, content={}, sha256="x", entries=0)
    for number, case in enumerate(cases):
        LanguageFinding.objects.create(
            release=release, entry="B1", form="喂", start=0, end=1, excerpt="喂", category="impolite", severity="warn",
            how="exact", direction="to_customer", speaker="agent", thing=f"case:{case.pk}", said_by=author,
            outcome="open" if number else "dismissed", decided_at=None if number else now(),
        )  # fmt: skip


def test_P6_complaints_count_for_their_circle_alone(desk: World) -> None:
    first = complaint(desk, desk.manager, level="serious", about_product=desk.product)
    complaint(desk, about_unit=desk.unit)
    decided(first, Instance.objects.get(complaint=first).owner, "unfounded")
    today = now().astimezone(ZONE).date()
    check(desk.manager, "complaints", Period(today, today), "person")
    known = report(desk.manager, "complaints", Period(today, today), "level").table("group").rows
    assert [(row.label, row.values[0]) for row in known] == [("Serious", 1)]
    for name in ("complaints", "arrivals", "clocks"):
        assert report(desk.gm_product, name, Period(today, today)).table("total").rows[0].values[0] == 0


def test_D4_a_reopened_case_counts_once_a_cycle_and_keeps_its_first_result(desk: World) -> None:
    told = [("start", 5), ("resolve", 60), ("reopen", 10), ("resolve", 1)]
    live(desk, "major", 0, told)
    today = now().astimezone(ZONE).date()
    values = report(desk.chief, "solution", Period(today - timedelta(days=3), today)).table("total").rows[0].values
    assert values[:2] == (2, 2)  # both in time
    assert (
        report(desk.chief, "first-response", Period(today - timedelta(days=3), today)).tables[0].rows[0].values[0] == 1
    )


def test_a_report_costs_the_same_statements_however_much_there_is(desk: World, django_assert_num_queries: Any) -> None:
    for number in range(3):
        live(desk, "major", 30 * number, [("start", 5), ("resolve", 60)])
    today = now().astimezone(ZONE).date()
    for name in FIGURES:
        asked = question(desk.chief, name, Period(today - timedelta(days=40), today), "unit")
        summed_up = answer(asked).table("group").rows
        with django_assert_num_queries(5 + bool(summed_up)):  # a savepoint, the time limit set and taken away, the sum
            answer(asked)


def test_calls_are_told_apart_by_what_they_were_registered_as(desk: World) -> None:
    """Line, customer, product and severity are those of the case; a call without one stands apart, in every figure."""
    case = live(desk, "major", 0, [])
    calls_of(desk, [30, 30, 30, 30], [case])  # two registered as it, one no more, one not yet
    today = now().astimezone(ZONE).date()
    period = Period(today - timedelta(days=9), today)
    labels = {"line": line_word(case.service_line), "customer": case.customer.name, "severity": "Major"}
    for name in ("calls", "call-rules"):
        for by, label in labels.items():
            asked = question(desk.chief, name, period, by, {"rule": "T1"} if name == "call-rules" else {})
            rows = {row.label: row.values[0] for row in answer(asked).table("group").rows}
            assert rows[label] == 2, (name, by)
            assert sum(rows.values()) == 4, (name, by)  # type: ignore[arg-type]
            assert behind(asked, Narrower()).number == 4
    lines = behind(question(desk.chief, "calls", period, "line"), Narrower()).lines
    assert all(line.url.startswith("/calls/") for line in lines)
    assert sum(case.number in line.text for line in lines) == 2
