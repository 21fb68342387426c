"""D2: China's days off and make-up days as data, years without a notice, and calendars from spreadsheets."""

from datetime import date, timedelta
from typing import Any

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_desk.deadlines.calendar_data import (
    china_calendar,
    confirmed_years,
    days_of_year,
    parse_calendar_file,
)
from service_desk.deadlines.hours import HoursError


def _dates(year: Any) -> Any:
    return [date(year, 1, 1) + timedelta(days=n) for n in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)]


def test_D2_the_makeup_days_of_2026() -> None:
    data = days_of_year(2026)
    assert data.confirmed
    assert [row.day for row in data.days if row.is_working] == [
        date(2026, 1, 4),
        date(2026, 2, 14),
        date(2026, 2, 28),
        date(2026, 5, 9),
        date(2026, 9, 20),
        date(2026, 10, 10),
    ]
    first = next(row for row in data.days if row.day == date(2026, 2, 14))
    assert (first.name_zh, first.name_en) == ("春节调休上班", "Make-up working day, Spring Festival")


@pytest.mark.parametrize("year", range(2004, 2027))
def test_D2_a_year_lists_only_days_that_differ_from_plain_weeks(year: Any) -> None:
    data = days_of_year(year)
    assert data.confirmed
    assert all(row.is_working == (row.day.weekday() >= 5) for row in data.days)
    assert all(not row.is_working and row.day.weekday() >= 5 for row in data.weekend_holidays)
    assert all(row.name_zh and row.name_en and row.day.year == year for row in data.all_days)
    assert len({row.day for row in data.all_days}) == len(data.all_days)


@pytest.mark.parametrize("year", range(2020, 2027))
def test_D2_two_sources_agree_on_every_day(year: Any) -> None:
    calendar = china_calendar([year])
    other = holidays.country_holidays("CN", years=year)
    assert [day for day in _dates(year) if calendar.is_working_day(day) != other.is_working_day(day)] == []


def test_D2_a_year_without_a_notice_has_statutory_days_unconfirmed_and_no_makeup_days() -> None:
    data = days_of_year(2027)
    assert not data.confirmed
    assert not any(row.is_working for row in data.all_days)
    named = {row.day: (row.name_zh, row.name_en) for row in data.all_days}
    assert named[date(2027, 6, 9)] == ("端午节", "Dragon Boat Festival")
    assert date(2027, 2, 6) in {row.day for row in data.weekend_holidays}
    assert date(2027, 5, 3) in {row.day for row in data.days}  # the law moves a holiday off the week-end


def test_D2_a_calendar_over_the_turn_of_the_known_years() -> None:
    calendar = china_calendar(range(2026, 2029))
    assert calendar.confirmed_years == {2026}
    assert 2026 in confirmed_years()
    assert calendar.is_working_day(date(2026, 10, 10))
    assert calendar.is_makeup_day(date(2026, 10, 10))
    assert not calendar.is_working_day(date(2027, 10, 1))
    assert calendar.is_provisional(date(2027, 10, 1))
    assert calendar.name_of(date(2026, 2, 21)) == "春节"  # a Saturday: who works on Saturdays is off as well


@pytest.mark.parametrize("year", [1969, 2101, 0])
def test_D2_years_nobody_knows_are_refused(year: Any) -> None:
    with pytest.raises(HoursError, match="1970 to 2100"):
        days_of_year(year)


# --- Files ---------------------------------------------------------------------------------------------

ROWS = [(date(2027, 2, 5), False, "春节"), (date(2027, 2, 20), True, "补班")]


def read(content: Any) -> Any:
    found = parse_calendar_file(content if isinstance(content, bytes) else content.encode())
    return [(row.day, row.is_working, row.name) for row in found.rows], [(e.line, e.message) for e in found.errors]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize(
    "text",
    [
        "date,is_working,name\n2027-02-05,0,春节\n2027-02-20,1,补班\n",
        "日期;是否上班;名称\r\n2027/2/5;休;春节\r\n\r\n2027/2/20;班;补班",
        "名称\t日期\t是否上班\r春节\t2027年2月5日\t否\r补班\t2027年2月20日\t是\r",
        "2027-02-05,false,春节\n2027-02-20,TRUE,补班\n,,\n",
        '"date","is_working","name"\n"20270205","0","春节"\n"２０２７-０２-２０","１"," 补班 "\n',
        "日期，是否上班，名称\n2027.2.5，放假，春节\n2027.2.20，上班，补班",
    ],
)
def test_a_spreadsheet_is_read_as_people_write_it(text: Any, encoding: Any) -> None:
    assert read(text.encode(encoding)) == (ROWS, [])


def test_each_wrong_line_is_named_and_the_others_are_read() -> None:
    rows, errors = read(
        "date,is_working,name\n2027-02-30,0,x\n2027-02-05,0,春节\nsoon,1\n2027-02-06,maybe,x\n"
        "2027-02-05,1,again\n1999-01-01,0,old\n2027-02-20,1,补班\n2027-02-21,0,a\u202eb\n"
        f"2027-02-22,0,{'长' * 81}\n2027-02-23\n"
    )
    assert rows == ROWS
    assert [line for line, _ in errors] == [2, 4, 5, 6, 7, 9, 10, 11]
    expected = [
        "no day “2027-02-30”",
        "like 2027-02-06",
        "write 1 or 0",
        "line 3 already",
        "between 2000",
        "control",
        "80",
        "1 or 0",
    ]
    assert all(part in message for part, (_, message) in zip(expected, errors, strict=True))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no day"),
        (b"date,is_working,name\n", "holds no day"),
        (b"PK\x03\x04....", "Excel workbook"),
        (b"2027-02-05,0,a\0b", "not text"),
        (b"\xff\xfe\x00", "not text"),
        (b"\x81\xff\xff\x00", "not text"),
        (b'2027-02-05,0,"open\n2027-02-06,0,x', "quotation mark"),
        (b"hello,world\n2027-02-05,0", "must be the header"),
        (b"," * 600_000, "512 KB"),
        (b"2027-02-05,0,x\n" * 5001, "more than 5000"),
        (b"2027-02-05,0," + b"x" * 200_000, "cannot be read"),
    ],
)
def test_a_file_that_is_none_is_refused_in_plain_words(content: Any, message: Any) -> None:
    rows, errors = read(content)
    assert rows == []
    assert len(errors) == 1
    assert message in errors[0][1]


def test_a_file_full_of_faults_stops_after_a_hundred() -> None:
    assert len(read("date,is_working\n" + "x,1\n" * 400)[1]) == 100


def test_line_numbers_are_those_of_the_editor() -> None:
    assert [line for line, _ in read('2027-02-05,0,"two\nlines"\n2027-02-06,?,x\n')[1]] == [1, 3]


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))))
def test_no_file_breaks_the_reader(content: Any) -> None:
    found = parse_calendar_file(content)
    assert found.rows or found.errors
