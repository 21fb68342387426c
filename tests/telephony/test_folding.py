"""T1 to T7: a call is a function of the set of its events; arrival order, repeats and gaps mean nothing."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service_desk.telephony.call_facts import HandedOver, facts_of
from service_desk.telephony.folding import Folded, Happening, counted_at, fold
from service_desk.telephony.rules import CallEventType, Limits

START = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
WHO = {"direction": "inbound", "customer_number": "013865479012"}


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def happened(kind: str, second: float, seq: int = -1, **data: Any) -> Happening:
    if kind in ("started", "ringing"):
        data = {**WHO, **data}
    return Happening(f"call.{kind}", at(second), seq, data.get("extension", ""), data)


def folded(*events: Happening, record: dict[str, Any] | None = None, **more: Any) -> Folded:
    return fold(events, record, ring_cycle=5.0, **more)


def facts(call: Folded, **handed: Any) -> dict[str, str]:
    return {rule: found.verdict for rule, found in facts_of(call, Limits(), HandedOver(**handed)).items()}


RING, ANSWER = happened("ringing", 0, extension="8006"), happened("answered", 8, extension="8006")
END = happened("ended", 60, ended_by="customer", cause="normal")

kinds = st.sampled_from([kind.removeprefix("call.") for kind in CallEventType.values])
extensions = st.sampled_from(["", "8006", "8010"])
events = st.builds(
    lambda kind, second, seq, extension, by: happened(
        kind, second, seq, extension=extension, by=by, ended_by=by, cause="normal", transfer_to="8010"
    ),
    kinds,
    st.integers(0, 8),
    st.integers(-1, 3),
    extensions,
    st.sampled_from(["customer", "agent", "unknown"]),
)


def natural(event: Happening) -> tuple[str, str, datetime]:
    return (event.type, event.extension, event.at)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.lists(events, max_size=9, unique_by=natural), st.randoms(use_true_random=False))
def test_T7_every_order_ends_in_the_same_row_and_the_same_facts(
    happenings: list[Happening], luck: random.Random
) -> None:
    shuffled = [*happenings]
    luck.shuffle(shuffled)
    assert folded(*shuffled) == folded(*happenings)
    assert facts_of(folded(*shuffled), Limits()) == facts_of(folded(*happenings), Limits())


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.lists(events, max_size=8, unique_by=natural))
def test_T7_no_set_of_events_is_without_a_state(happenings: list[Happening]) -> None:
    call = folded(*happenings)
    assert (call.state in ("ended", "missed")) == (call.ended_at is not None)
    assert all(stretch >= 0 for stretch in call.hold_seconds)
    assert call.state != "missed" or call.answered_at is None


@pytest.mark.parametrize(
    ("happenings", "state"),
    [
        ([happened("started", 0)], "new"),
        ([happened("queued", 0)], "queued"),
        ([RING], "ringing"),
        ([RING, ANSWER], "answered"),
        ([RING, ANSWER, happened("held", 10)], "held"),
        ([RING, ANSWER, happened("held", 10), happened("resumed", 20)], "answered"),
        ([RING, ANSWER, END], "ended"),
        ([RING, END], "missed"),
        ([END], "missed"),
        ([ANSWER], "answered"),
        ([RING, replace(END, data={"ended_by": "system", "cause": "answered_elsewhere"})], "ended"),
    ],
)
def test_state_follows_from_the_events_whichever_are_there(happenings: list[Happening], state: str) -> None:
    assert folded(*happenings).state == state


def test_a_late_answer_turns_missed_into_ended_and_nothing_reopens_an_ended_call() -> None:
    assert folded(RING, END).state == "missed"
    assert folded(RING, END, happened("answered", 61, extension="8006")).state == "ended"
    assert folded(RING, ANSWER, END, happened("ringing", 70)).state == "ended"


def test_first_answered_and_first_ended_win() -> None:
    late = happened("answered", 9, extension="8010"), happened("ended", 61, ended_by="agent", cause="failed")
    call = folded(*late, END, ANSWER, RING)
    assert (call.extension, call.answered_at, call.ended_by) == ("8006", at(8), "customer")


def test_equal_times_are_read_by_seq_then_in_the_tables_order() -> None:
    call = folded(
        happened("ended", 5, ended_by="agent", cause="normal"), happened("answered", 5), happened("ringing", 5)
    )
    assert (call.state, call.ring_seconds) == ("ended", 0.0)
    holds = folded(ANSWER, happened("resumed", 20, seq=2), happened("held", 20, seq=1), END)
    assert holds.hold_seconds == (0.0,)


@pytest.mark.parametrize(("second", "rings"), [(0, 1), (4.9, 1), (5, 2), (14.999, 3), (15, 4), (20, 5), (26.752, 6)])
def test_T1_rings_are_reckoned_in_cycles_from_the_first_ringing(second: float, rings: int) -> None:
    later = happened("ringing", 3, extension="8010")
    assert folded(later, RING, happened("answered", second)).ring_count == rings


def test_T1_what_the_phone_system_counted_goes_before_what_is_reckoned() -> None:
    assert folded(RING, happened("answered", 60, ring_count=2)).ring_count == 2
    assert folded(RING, happened("answered", 60, ring_seconds=7.5)).ring_count == 2


@pytest.mark.parametrize(("rings", "verdict"), [(1, "kept"), (3, "kept"), (4, "breached")])
def test_T1_answer_within_three_rings(rings: int, verdict: str) -> None:
    assert facts(folded(RING, happened("answered", 1, ring_count=rings)))["T1"] == verdict


@pytest.mark.parametrize(("rings", "due"), [(4, None), (5, "due"), (9, "due")])
def test_T2_apology_is_due_from_the_fifth_ring(rings: int, due: str | None) -> None:
    assert facts(folded(RING, happened("answered", 1, ring_count=rings))).get("T2") == due


@pytest.mark.parametrize(("rings", "verdict"), [(5, "breached"), (6, "kept"), (7, "kept"), (8, "breached")])
def test_T3_an_outbound_call_rings_six_times(rings: int, verdict: str) -> None:
    ring = happened("ringing", 0, direction="outbound")
    end = happened("ended", 30, ended_by="agent", cause="no_answer", ring_count=rings)
    assert facts(folded(ring, end)) == {"T3": verdict}


def test_T3_is_not_judged_when_the_other_side_or_nobody_known_hung_up() -> None:
    ring = happened("ringing", 0, direction="outbound")
    for party in ("customer", "system", "unknown"):
        assert facts(folded(ring, happened("ended", 3, ended_by=party, cause="busy", ring_count=1))) == {}


@pytest.mark.parametrize(("seconds", "verdict"), [(15, "kept"), (17, "kept"), (17.5, "breached"), (120, "breached")])
def test_T4_a_stretch_on_hold_without_a_word(seconds: float, verdict: str) -> None:
    held = happened("held", 10), happened("resumed", 10 + seconds)
    assert facts(folded(RING, ANSWER, *held))["T4"] == verdict


def test_T4_stretches_are_separate_and_end_with_the_call() -> None:
    steps = [happened("held", 10), happened("resumed", 25), happened("held", 30), happened("held", 35)]
    call = folded(RING, ANSWER, *steps, END)
    assert call.hold_seconds == (15.0, 30.0)
    assert facts(call)["T4"] == "breached"
    assert folded(RING, ANSWER, END, happened("held", 99)).hold_seconds == ()


def test_T4_who_is_held_was_answered_even_if_that_event_was_lost() -> None:
    call = folded(RING, happened("held", 20), END)
    assert (call.state, call.answered_at) == ("ended", at(20))


@pytest.mark.parametrize(
    ("ended_by", "verdict"), [("customer", "kept"), ("agent", "breached"), ("unknown", None), ("system", None)]
)
def test_T5_the_caller_hangs_up_first(ended_by: str, verdict: str | None) -> None:
    end = happened("ended", 60, ended_by=ended_by, cause="normal")
    assert facts(folded(RING, ANSWER, end)).get("T5") == verdict


def test_T5_is_not_judged_on_transferred_missed_and_outbound_calls() -> None:
    end = happened("ended", 60, ended_by="agent", cause="normal")
    assert "T5" not in facts(folded(RING, ANSWER, happened("transferred", 50, transfer_to="8010"), end))
    assert "T5" not in facts(folded(RING, end))
    assert "T5" not in facts(folded(happened("ringing", 0, direction="outbound"), ANSWER, end))


def test_T6_a_transfer_without_name_and_matter_is_a_breach_once_the_colleague_answers() -> None:
    call = folded(RING, ANSWER, happened("transferred", 40, transfer_to="8010"))
    assert facts(call)["T6"] == "due"
    assert facts(call, answered_at=at(45))["T6"] == "breached"
    assert facts(call, answered_at=at(45), noted_at=at(41))["T6"] == "kept"
    assert facts(call, answered_at=at(45), noted_at=at(46))["T6"] == "breached"
    assert facts(call, noted_at=at(41))["T6"] == "kept"


def test_a_fact_is_refuted_by_what_is_heard_later() -> None:
    assert facts(folded(RING, ANSWER, replace(END, data={"ended_by": "agent", "cause": "normal"})))["T5"] == "breached"
    earlier = happened("ended", 59, ended_by="customer", cause="normal")
    call = folded(RING, ANSWER, replace(END, data={"ended_by": "agent", "cause": "normal"}), earlier)
    assert facts(call)["T5"] == "kept"


def test_a_record_fills_what_was_lost() -> None:
    call = folded(
        RING, record={**WHO, "answered_at": at(8), "ended_at": at(60), "ended_by": "agent", "cause": "normal"}
    )
    assert (call.state, call.answered_at, call.ring_count) == ("ended", at(8), 2)
    assert call.differences == ()


def test_a_record_overrules_and_the_difference_is_kept() -> None:
    call = folded(RING, ANSWER, END, record={"ended_at": at(61), "ended_by": "agent", "hold_seconds": [40.0]})
    assert (call.ended_at, call.ended_by, call.hold_seconds) == (at(61), "agent", (40.0,))
    assert [name for name, _said, _is in call.differences] == ["ended_at", "ended_by"]
    assert facts(call)["T4"] == "breached"


def test_a_record_may_tell_of_transfers_and_ends_a_hold() -> None:
    call = folded(RING, ANSWER, happened("held", 10), record={"ended_at": at(50), "transferred_to": ["8010", "8010"]})
    assert [transfer.to for transfer in call.transfers] == ["8010"]
    assert (call.state, call.held_since) == ("ended", None)


def test_a_call_given_up_ends_as_failed_until_its_true_end_comes() -> None:
    call = folded(RING, ANSWER, given_up_at=at(14_400))
    assert (call.state, call.cause, call.ended_by, call.is_stale) == ("ended", "failed", "unknown", True)
    assert facts(call).get("T5") is None
    true = folded(RING, ANSWER, END, given_up_at=at(14_400))
    assert (true.is_stale, true.ended_at) == (False, at(60))


def test_a_clock_that_runs_ahead_counts_from_the_arrival() -> None:
    assert counted_at(at(120), at(0)) == at(120)
    assert counted_at(at(121), at(0)) == at(0)
    assert counted_at(at(-9_999), at(0)) == at(-9_999)
