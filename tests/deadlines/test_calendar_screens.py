"""D2 on the screen: a year at a glance, days, week and file; what would move is seen before anything is applied."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from service_desk.cases.models import Case
from service_desk.deadlines import applying
from service_desk.deadlines.calendar_file import parse_calendar_file
from service_desk.deadlines.models import Calendar, CalendarVersion, Rollout
from service_desk.deadlines.rules import RolloutState
from service_desk.rest.errors import NotAllowed
from tests.cases.pages import browser, text_of
from tests.deadlines.screens import JUNK
from tests.deadlines.working_week import desk_with_a_working_week
from tests.factories import World

YEAR = (
    "date,is_working,name\n"
    + "".join(f"2027-02-{n:02d},0,春节\n" for n in range(5, 13))
    + "2027-02-14,1,补班\n2027-10-01,0,国庆节\n"
)


@pytest.fixture
def desk(db: None) -> World:
    return desk_with_a_working_week()


@pytest.fixture
def calendar(desk: World) -> Calendar:
    return Calendar.objects.select_related("current").get()


def version(calendar: Calendar) -> CalendarVersion:
    found = Calendar.objects.get(pk=calendar.pk).current
    assert found is not None
    return found


def due_day(case: Case) -> date:
    return case.deadlines.get(kind="solution").due_at.date()


def send(client: Client, calendar: Calendar, what: str, **fields: Any) -> Any:
    data = {"base": version(calendar).pk, "note": "通知", **fields}
    return client.post(f"/calendars/{calendar.pk}/{what}/", {k: v for k, v in data.items() if v is not None})


def upload(client: Client, calendar: Calendar, content: bytes, **fields: Any) -> Any:
    return send(client, calendar, "import", file=SimpleUploadedFile("2027.csv", content), **fields)


def confirm(client: Client) -> Any:
    rollout = Rollout.objects.latest("pk")
    return client.post(f"/clock-changes/{rollout.pk}/confirm/", {"token": rollout.token}, follow=True)


def test_D2_the_year_shows_work_days_holidays_and_make_up_days_apart(desk: World, calendar: Calendar) -> None:
    html = browser(desk.auditor).get(f"/calendars/{calendar.pk}/?year=2026").content.decode()
    assert html.count('class="month"') == 12
    for day in ("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"):
        assert f"{day}" in html
    assert html.count("day--makeup") == 6 + 1, "six make-up days of 2026, and the legend"
    assert "day--holiday" in html
    assert len(html.encode()) < 100_000
    editor = browser(desk.admin).get(f"/calendars/{calendar.pk}/?year=2026").content
    assert f"/calendars/{calendar.pk}/day/?day=2026-02-14".encode() in editor
    assert len(editor) < 100_000


def test_D2_a_year_without_its_notice_is_a_loud_warning(desk: World, calendar: Calendar) -> None:
    client = browser(desk.admin)
    assert "The official holidays of 2028 are not loaded" in text_of(client.get(f"/calendars/{calendar.pk}/?year=2028"))
    assert "are not loaded" not in text_of(client.get(f"/calendars/{calendar.pk}/?year=2026"))
    assert "2027: the official holidays are not loaded" in text_of(client.get("/calendars/"))


@pytest.mark.parametrize("year", ["", "0", "99999", "banana", "１９９９", "\x00", "-1", "2101"])
def test_a_year_that_is_none_shows_this_one(desk: World, calendar: Calendar, year: str) -> None:
    assert browser(desk.admin).get(f"/calendars/{calendar.pk}/", {"year": year}).status_code == 200


def test_D2_a_day_is_changed_only_after_what_it_moves_was_seen(desk: World, calendar: Calendar) -> None:
    case = desk.register(severity="minor")
    before, first = case.deadlines.get(kind="solution").due_at, version(calendar)
    client = browser(desk.admin)
    answer = send(client, calendar, "day", day=due_day(case).isoformat(), kind="free", name="停电")
    page = text_of(client.get(answer.headers["Location"]))
    assert "1 day changes" in page
    assert case.number in page
    assert version(calendar) == first
    assert case.deadlines.get(kind="solution").due_at == before
    confirm(client)
    clock = case.deadlines.get(kind="solution")
    assert clock.due_at >= before + timedelta(days=1)
    assert clock.calendar_version == version(calendar)
    assert version(calendar).number == 2
    assert version(calendar).note == "通知"
    assert "calendar version 2 applied by" in text_of(browser(desk.agent).get(f"/cases/{case.number}/"))


def test_D2_clocks_that_begin_between_list_and_confirmation_follow(desk: World, calendar: Calendar) -> None:
    first = desk.register(severity="minor")
    client = browser(desk.admin)
    send(client, calendar, "day", day=due_day(first).isoformat(), kind="free", name="停电")
    late = desk.register(severity="minor")
    confirm(client)
    assert Rollout.objects.latest("pk").state == RolloutState.DONE
    assert due_day(late) == due_day(first)


def test_D2_several_days_a_name_hours_of_their_own_and_back_again(desk: World, calendar: Calendar) -> None:
    client = browser(desk.admin)
    send(
        client,
        calendar,
        "day",
        day="2026-12-05",
        until="2026-12-06",
        kind="work",
        name="盘点",
        hours="9:00-12:00，13：00～15:30",
    )
    confirm(client)
    work = version(calendar).work_calendar()
    assert [str(p) for p in work.minutes_of(date(2026, 12, 6))] == ["09:00-12:00", "13:00-15:30"]
    send(client, calendar, "day", day="2026-12-05", until="2026-12-06", kind="weekday")
    confirm(client)
    assert not version(calendar).work_calendar().minutes_of(date(2026, 12, 5))


def test_D2_the_week_has_several_periods_a_day(desk: World, calendar: Calendar) -> None:
    client = browser(desk.admin)
    form = client.get(f"/calendars/{calendar.pk}/week/").context["form"]
    fields = {name: form[name].value() for name in form.fields if name not in ("base", "note")}
    send(client, calendar, "week", **{**fields, "day5": "09:00-12:00 12:30-13:00"})
    assert "The pattern of the week changes" in text_of(
        client.get(f"/clock-changes/{Rollout.objects.latest('pk').pk}/")
    )
    confirm(client)
    assert version(calendar).data["week"][5] == ["09:00-12:00", "12:30-13:00"]
    refused = send(client, calendar, "week", **{f"day{n}": "" for n in range(7)})
    assert refused.status_code == 422


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"day": ""}, "required"),
        ({"day": "2026-02-31", "kind": "free"}, "valid date"),
        ({"day": "0001-01-01", "kind": "free"}, "between 2000 and 2100"),
        ({"day": "2026-02-03", "until": "2026-02-01", "kind": "free"}, "before the first"),
        ({"day": "2026-02-03", "until": "2099-02-01", "kind": "free"}, "enter them in parts"),
        ({"day": "2026-02-03", "kind": "free", "hours": "08:00-12:00"}, "Only a working day has hours"),
        ({"day": "2026-02-03", "kind": "work", "hours": "08:00-12:00 11:00-13:00"}, "overlap"),
        ({"day": "2026-02-03", "kind": "work", "hours": "12:00-08:00"}, "must start before it ends"),
        ({"day": "2026-02-03", "kind": "work", "hours": "soon"}, "write it like 08:30-12:00"),
        ({"day": "2026-02-03", "kind": "work", "hours": " ".join(["08:00-08:01"] * 9)}, "at most 6"),
        ({"day": "2026-02-03", "kind": "holiday"}, "not one of the available choices"),
        ({"day": "2026-02-03", "kind": "free", "note": ""}, "required"),
        ({"day": "2026-02-03", "kind": "free", "base": "x"}, "whole number"),
    ],
)
def test_what_is_wrong_with_a_day_is_said_beside_it(
    desk: World, calendar: Calendar, fields: dict[str, Any], said: str
) -> None:
    answer = send(browser(desk.admin), calendar, "day", **fields)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert Rollout.objects.count() == 0


@pytest.mark.parametrize("junk", JUNK)
def test_junk_in_any_field_is_an_answer_never_a_failure(desk: World, calendar: Calendar, junk: str) -> None:
    client = browser(desk.admin)
    client.raise_request_exception = False
    raw = junk.encode("utf-8", "surrogatepass")
    good = {"day": "2026-12-01", "until": "2026-12-02", "kind": "work", "name": "x", "hours": "08:00-12:00"}
    for name in (*good, "note", "base"):
        assert send(client, calendar, "day", **{**good, name: raw}).status_code in (302, 400, 412, 422), name
    for name in ("day0", "makeup", "note", "base"):
        assert send(client, calendar, "week", **{"day1": "08:00-12:00", name: raw}).status_code in (302, 400, 412, 422)
    assert client.get(f"/calendars/{calendar.pk}/day/", {"day": raw}).status_code == 200


def test_D2_a_years_file_is_seen_then_taken(desk: World, calendar: Calendar) -> None:
    client = browser(desk.admin)
    answer = upload(client, calendar, YEAR.encode("gbk"))
    page = text_of(client.get(answer.headers["Location"]))
    assert "Officially known from then on: 2027" in page
    assert "2027-02-14" in page
    assert 2027 not in version(calendar).data["confirmed_years"]
    confirm(client)
    work = version(calendar).work_calendar()
    assert 2027 in work.confirmed_years
    assert work.is_makeup_day(date(2027, 2, 14))
    named = {day for day in work.exceptions if day.year == 2027}
    assert date(2027, 5, 1) not in named, "a stand-in that the notice does not name is an ordinary day"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"date,is_working,name\n2027-02-31,0,x\n2027-01-01,maybe,x\n", "Line 2"),
        (b"\xff\xfe\x00\xd8", "not text"),
        (b"PK\x03\x04 workbook", "Excel workbook"),
        (b"2027-01-01,0," + b"x" * (5 * 1024 * 1024), "larger than"),
        (b"\x00" * 500, "not text"),
        (b"nothing of use", "header"),
        ("2027-01-01,0,元旦\n2027-01-01,1,元旦\n".encode(), "stands in line 1 already"),
    ],
)
def test_D2_a_file_with_a_fault_is_named_by_line_and_nothing_is_taken(
    desk: World, calendar: Calendar, content: bytes, said: str
) -> None:
    answer = upload(browser(desk.admin), calendar, content)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert Rollout.objects.count() == 0


def test_a_form_without_its_file_is_an_answer(desk: World, calendar: Calendar) -> None:
    assert send(browser(desk.admin), calendar, "import").status_code == 422


def test_D2_an_exported_year_is_read_again_as_it_was(desk: World, calendar: Calendar) -> None:
    answer = browser(desk.auditor).get(f"/calendars/{calendar.pk}/2026.csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    read = parse_calendar_file(answer.content)
    assert read.errors == ()
    work = version(calendar).work_calendar()
    assert {row.day: row.is_working for row in read.rows} == {
        day: special.is_working for day, special in work.exceptions.items() if day.year == 2026
    }


def test_no_cell_of_an_exported_year_is_a_formula(desk: World, calendar: Calendar) -> None:
    client = browser(desk.admin)
    upload(client, calendar, YEAR.replace("国庆节", "=1+1").encode())
    confirm(client)
    text = browser(desk.auditor).get(f"/calendars/{calendar.pk}/2027.csv").content.decode("utf-8-sig")
    assert "2027-10-01,0,'=1+1" in text


def test_D2_of_two_editors_the_second_looks_again(desk: World, calendar: Calendar) -> None:
    client, old = browser(desk.admin), version(calendar)
    send(client, calendar, "day", day="2026-12-01", kind="free", name="甲")
    confirm(client)
    mine = send(client, calendar, "day", day="2026-12-02", kind="free", name="乙", base=old.pk)
    assert mine.status_code == 412
    assert "Version 2 has come in force since you opened this page" in text_of(mine)
    assert 'value="乙"' in mine.content.decode()
    assert mine.context["form"]["base"].value() == str(version(calendar).pk)


def test_D2_two_lists_made_at_once_are_not_both_applied(desk: World, calendar: Calendar) -> None:
    client = browser(desk.admin)
    for name in ("甲", "乙"):
        send(client, calendar, "day", day="2026-12-01", kind="free", name=name)
    first, second = Rollout.objects.order_by("pk")
    client.post(f"/clock-changes/{first.pk}/confirm/", {"token": first.token})
    answer = client.post(f"/clock-changes/{second.pk}/confirm/", {"token": second.token}, follow=True)
    assert "has changed since you looked" in text_of(answer)
    assert version(calendar).number == 2
    assert Rollout.objects.latest("pk").base == version(calendar)


def test_only_an_administrator_changes_a_calendar_and_the_auditor_reads(desk: World, calendar: Calendar) -> None:
    for person in (desk.agent, desk.chief, desk.auditor):
        client = browser(person)
        assert client.get(f"/calendars/{calendar.pk}/").status_code == 200
        for what in ("day", "week", "import"):
            assert client.get(f"/calendars/{calendar.pk}/{what}/").status_code == 403
            assert send(client, calendar, what, day="2026-12-01", kind="free").status_code == 403
        with pytest.raises(NotAllowed):
            applying.preview_calendar(calendar=calendar, draft={}, note="", actor=person)
    assert Client().get(f"/calendars/{calendar.pk}/").status_code == 302


def test_a_year_costs_few_queries(desk: World, calendar: Calendar, django_assert_max_num_queries: Any) -> None:
    client = browser(desk.admin)
    client.get(f"/calendars/{calendar.pk}/")
    with django_assert_max_num_queries(9):
        client.get(f"/calendars/{calendar.pk}/?year=2026")
