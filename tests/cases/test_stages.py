"""D6: whose minutes they were; the stages of a case have no gap, no overlap, and sum to the whole time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service_desk.cases.rules import HandOverState, WaitingFor
from service_desk.cases.stages import Facts, Offer, Stage, StageKind, Wait, in_minutes, stages

START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def told(found: list[Stage]) -> list[tuple[str, Any, float]]:
    return [(stage.kind.value, stage.who, stage.lasted / timedelta(minutes=1)) for stage in found]


def facts(ended: float | None = None, handler: str = "林") -> Facts:
    return Facts(START, None if ended is None else at(ended), "陈", handler)


def offer(since: float, until: float | None, state: str = "accepted", giver: str = "陈", receiver: str = "林") -> Offer:
    return Offer(giver, receiver, state, at(since), None if until is None else at(until))


def test_D6_a_case_that_nobody_handed_over_is_its_first_responders() -> None:
    assert told(stages(facts(handler="陈"), [], [], at(90))) == [("first_responder", "陈", 90)]


def test_D6_first_responder_then_hand_over_then_handler_then_the_customer() -> None:
    found = stages(facts(120), [offer(20, 35)], [Wait("customer", at(60), at(100))], at(999))
    assert told(found) == [
        ("first_responder", "陈", 20),
        ("hand_over", "林", 15),
        ("handler", "林", 25),
        ("customer", None, 40),
        ("handler", "林", 20),
    ]


def test_D6_a_declined_offer_leaves_the_case_where_it_was_and_a_way_back_is_the_first_responders() -> None:
    offers = [offer(10, 20, "declined"), offer(30, 40), offer(50, 60, giver="林", receiver="陈")]
    found = told(stages(facts(handler="陈"), offers, [], at(70)))
    assert [kind for kind, _who, _minutes in found] == [
        *("first_responder", "hand_over") * 2,
        "handler",
        "hand_over",
        "first_responder",
    ]


def test_D6_waiting_for_the_customer_comes_before_a_hand_over_that_waits() -> None:
    found = told(stages(facts(handler="陈"), [offer(10, None, "proposed")], [Wait("part", at(20), at(30))], at(60)))
    assert found == [
        ("first_responder", "陈", 10),
        ("hand_over", "林", 10),
        ("part", None, 10),
        ("hand_over", "林", 30),
    ]


def test_D6_every_kind_of_waiting_has_a_stage() -> None:
    assert {str(kind) for kind in WaitingFor} <= set(StageKind.values)


MINUTES = st.floats(-100, 2000, allow_nan=False)
NAMES = st.sampled_from(["陈", "林", "刘"])
WAITS = st.builds(
    lambda kind, a, b: Wait(kind, at(a), None if b is None else at(b)),
    st.sampled_from(WaitingFor.values),
    MINUTES,
    st.none() | MINUTES,
)
OFFERS = st.builds(
    lambda giver, receiver, state, a, b: Offer(giver, receiver, state, at(a), None if state == "proposed" else at(b)),
    NAMES,
    NAMES,
    st.sampled_from(HandOverState.values),
    MINUTES,
    MINUTES,
)


@given(
    offers=st.lists(OFFERS, max_size=6),
    waits=st.lists(WAITS, max_size=6),
    ended=st.none() | st.floats(0, 1500),
    now=st.floats(0, 1500),
)
def test_D6_stages_sum_to_the_whole_time_and_do_not_overlap(
    offers: list[Offer], waits: list[Wait], ended: float | None, now: float
) -> None:
    found = stages(facts(ended), offers, waits, at(now))
    whole = at(now if ended is None else ended) - START
    assert sum((stage.lasted for stage in found), timedelta(0)) == whole
    assert sum((stage.minutes for stage in found), timedelta(0)) == in_minutes(START, START + whole)
    assert all(one.end == other.start for one, other in pairwise(found))
    assert all(stage.lasted > timedelta(0) for stage in found)
    assert all((one.kind, one.who) != (other.kind, other.who) for one, other in pairwise(found))
