"""Whatever happened to the cases of a desk, in whatever order: every figure is what looking at each row finds."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service_desk.cases import actions
from service_desk.cases.models import Case, CircleWhy, admit
from service_desk.dashboard.board import agents
from service_desk.dashboard.board.figures import FIGURES, counts
from service_desk.deadlines.clock import now
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.rules import Door
from service_desk.notices.actions import acknowledge
from service_desk.notices.models import Notice
from service_desk.rest.errors import Refusal
from tests.dashboard.test_board import brute
from tests.factories import World, shift_time, world

STEPS = ("wait", "resume", "cancel", "restore", "solve", "reopen", "hand_over", "accept", "withdraw", "promise",
         "answer", "hide", "admit", "merge")  # fmt: skip
WHO = ("chief", "head", "inspector", "agent", "auditor")
histories = st.lists(
    st.tuples(
        st.sampled_from(["critical", "major", "minor"]),
        st.integers(0, 400),
        st.lists(st.sampled_from(STEPS), max_size=5),
    ),
    min_size=1,
    max_size=5,
)


@pytest.fixture
def desk(db: None) -> World:
    return world()


def happen(desk: World, case: Case, step: str) -> None:
    """One thing, if the rules allow it."""
    moment = now()
    newest = Case.objects.latest("pk")
    verbs: dict[str, Callable[[], Any]] = {
        "wait": lambda: actions.wait(case=case, actor=desk.agent, waiting_for="customer", text="等待"),
        "resume": lambda: actions.resume(case=case, actor=desk.agent),
        "cancel": lambda: actions.cancel(case=case, actor=desk.agent, text="重复"),
        "restore": lambda: actions.restore(case=case, actor=desk.agent, text="恢复"),
        "solve": lambda: actions.resolve(case=case, actor=desk.agent, outcome="更换单板"),
        "reopen": lambda: actions.reopen(case=case, actor=desk.agent, text="又来了"),
        "hand_over": lambda: actions.hand_over(
            case=case, actor=desk.agent, receiver=desk.colleague, done="a", remaining="b", promised="c"
        ),
        "accept": lambda: actions.accept(case=case, actor=desk.colleague),
        "withdraw": lambda: actions.withdraw(case=case, actor=desk.agent),
        "promise": lambda: actions.promise(
            case=case, actor=desk.agent, text="回电", due_at=moment + timedelta(minutes=30)
        ),
        "merge": lambda: actions.merge(case=case, actor=desk.agent, into=newest.number, text="同一件"),
        "answer": lambda: [
            acknowledge(notice=notice, actor=desk.chief, via="screen")
            for notice in Notice.objects.waiting().filter(about=f"case:{case.pk}")[:1]
        ],
        "hide": lambda: Case.objects.filter(pk=case.pk).update(confidential=True),
        "admit": lambda: admit(case.pk, [desk.chief.pk], CircleWhy.OFFERED),
    }
    with suppress(Refusal):
        verbs[step]()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=histories, who=st.sampled_from(WHO))
def test_every_figure_of_any_history_is_what_looking_at_each_row_finds(
    desk: World, told: list[tuple[str, int, list[str]]], who: str
) -> None:
    for severity, minutes, steps in told:
        case = desk.register(severity=severity, fault=f"{severity}{minutes}")
        shift_time(case, minutes=minutes)  # entered, then time passed: some late, some soon
        sweep(Door.SENTINEL)
        for step in steps:
            happen(desk, case, step)
    person = desk.people[who]
    found, wanted = counts(person, FIGURES.values()), brute(desk, person, now())
    assert {key: found[key] for key in wanted} == wanted
    held: dict[int, int] = {}
    for case in Case.objects.visible_to(person).open():
        held[case.handler_id] = held.get(case.handler_id, 0) + 1
    assert agents.loads(person, [each.pk for each in desk.people.values()]) == held
