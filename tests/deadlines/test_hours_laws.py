"""D1-D3, D9: the laws that working-time arithmetic keeps for any calendar, in any zone."""

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service_desk.deadlines.hours import (
    SegmentKind,
    WorkCalendar,
    add,
    between,
    explain,
    explain_between,
    explain_days,
    working_days_due,
)

from .calendars import calendars, draw_pauses, durations, instants, maybe_calendars

ZERO = timedelta(0)


@given(maybe_calendars, instants, durations, durations, st.data())
def test_D1_adding_in_two_steps_is_adding_at_once(calendar: Any, start: Any, one: Any, other: Any, data: Any) -> None:
    pauses = draw_pauses(data, start)
    assert add(calendar, start, one + other, pauses) == add(calendar, add(calendar, start, one, pauses), other, pauses)


@given(maybe_calendars, instants, durations, st.data())
def test_D1_between_gives_back_what_was_added(calendar: Any, start: Any, duration: Any, data: Any) -> None:
    pauses = draw_pauses(data, start)
    due = add(calendar, start, duration, pauses)
    assert due >= start
    assert between(calendar, start, due, pauses) == duration


@given(maybe_calendars, instants, durations, st.data())
def test_D1_the_due_time_is_the_earliest_that_counts_enough(
    calendar: Any, start: Any, duration: Any, data: Any
) -> None:
    pauses = draw_pauses(data, start)
    due = add(calendar, start, duration, pauses)
    if due > start:
        before = due - timedelta(microseconds=1)
        assert between(calendar, start, before, pauses) == duration - timedelta(microseconds=1)


@given(maybe_calendars, instants, durations, durations, st.data())
def test_D1_more_to_do_is_never_due_earlier(calendar: Any, start: Any, one: Any, other: Any, data: Any) -> None:
    pauses = draw_pauses(data, start)
    less, more = sorted((one, other))
    assert add(calendar, start, less, pauses) <= add(calendar, start, more, pauses)


@given(maybe_calendars, instants, instants, durations, st.data())
def test_D1_a_later_start_is_never_due_earlier(calendar: Any, one: Any, other: Any, duration: Any, data: Any) -> None:
    pauses = draw_pauses(data, one)
    first, last = sorted((one, other))
    assert add(calendar, first, duration, pauses) <= add(calendar, last, duration, pauses)


@given(calendars, instants, durations)
def test_D2_a_due_time_lies_in_working_time_or_at_its_close(calendar: Any, start: Any, duration: Any) -> None:
    due = add(calendar, start, duration)
    day = calendar.local_date(due)
    spans = [span for offset in (-1, 0) for span in calendar.periods_of(day + timedelta(days=offset))]
    assert duration == ZERO or any(opens < due <= closes for opens, closes in spans)


@given(maybe_calendars, instants, instants, instants)
def test_D1_time_between_adds_up_and_turns_its_sign(calendar: Any, one: Any, two: Any, three: Any) -> None:
    assert between(calendar, one, two) + between(calendar, two, three) == between(calendar, one, three)
    assert between(calendar, one, two) == -between(calendar, two, one)


@given(maybe_calendars, instants, durations, st.data())
def test_D3_only_the_overlap_of_a_pause_with_counted_time_is_subtracted(
    calendar: Any, start: Any, length: Any, data: Any
) -> None:
    end = start + length
    pauses = draw_pauses(data, start, closed=False)
    # Cut the span at every edge of a pause: a piece counts in full, or not at all if any pause lies over it.
    edges = {start, end} | {edge for pause in pauses for edge in pause[:2] if edge and start < edge < end}
    expected = ZERO
    for low, high in zip(sorted(edges), sorted(edges)[1:], strict=False):
        if not any(pause.start <= low and (pause.end is None or high <= pause.end) for pause in pauses):
            expected += between(calendar, low, high)
    assert between(calendar, start, end, pauses) == expected


@given(maybe_calendars, instants, durations, st.data())
def test_D3_overlapping_and_repeated_pauses_count_once(calendar: Any, start: Any, duration: Any, data: Any) -> None:
    pauses = draw_pauses(data, start)
    again = data.draw(st.permutations(pauses + pauses))
    assert add(calendar, start, duration, again) == add(calendar, start, duration, pauses)


@given(calendars, instants, durations, st.data())
def test_D3_a_pause_outside_working_time_moves_nothing(calendar: Any, start: Any, duration: Any, data: Any) -> None:
    free = [
        s for s in explain(calendar, start, duration) if s.kind not in (SegmentKind.COUNTED, SegmentKind.MAKEUP_DAY)
    ]
    if free:
        night = data.draw(st.sampled_from(free))
        assert add(calendar, start, duration, [(night.start, night.end)]) == add(calendar, start, duration)


@given(maybe_calendars, instants, durations, st.data())
def test_D9_the_explanation_has_no_gap_and_adds_up(calendar: Any, start: Any, duration: Any, data: Any) -> None:
    pauses = draw_pauses(data, start)
    due = add(calendar, start, duration, pauses)
    segments = explain(calendar, start, duration, pauses)
    cursor, total = start, ZERO
    for segment in segments:
        counts = segment.kind in (SegmentKind.COUNTED, SegmentKind.MAKEUP_DAY)
        total += segment.counted
        assert segment.start == cursor < segment.end
        assert segment.counted == (segment.end - segment.start if counts else ZERO)
        assert segment.total == total
        cursor = segment.end
    assert (cursor, total) == (due, duration)


@given(calendars, instants, durations, st.data())
def test_D9_each_segment_is_what_it_says(calendar: Any, start: Any, length: Any, data: Any) -> None:
    pauses = draw_pauses(data, start, closed=False)
    for segment in explain_between(calendar, start, start + length, pauses):
        worked = between(calendar, segment.start, segment.end)
        if segment.kind is SegmentKind.PAUSED:
            assert worked == segment.end - segment.start
            assert any(p.start <= segment.start and (p.end is None or segment.start < p.end) for p in pauses)
        else:
            assert worked == segment.counted


@given(calendars, instants, st.integers(1, 40))
def test_D2_the_nth_working_day_after_the_start_day_at_its_close(calendar: Any, start: Any, count: Any) -> None:
    day, left = calendar.local_date(start), count
    while left:
        day += timedelta(days=1)
        left -= bool(calendar.periods_of(day))
    due = working_days_due(calendar, start, count)
    assert due == calendar.periods_of(day)[-1][1]
    lines = explain_days(calendar, start, count)
    assert sum(line.counted for line in lines) == lines[-1].number == count
    assert lines[-1].closes_at == due
    assert [line.day for line in lines] == [lines[0].day + timedelta(days=i) for i in range(len(lines))]


@given(calendars)
def test_D8_a_calendar_frozen_as_json_is_the_same_calendar(calendar: Any) -> None:
    thawed = WorkCalendar.from_json(calendar.to_json())
    assert thawed == calendar
    assert hash(thawed) == hash(calendar)
