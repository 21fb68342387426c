"""The pages of reports: for whom, what leads where, what odd questions get, what a policy and a printer need."""

from __future__ import annotations

import re
import sys
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models.functions import Now

from service_desk.cases import actions
from service_desk.cases.models import Case
from service_desk.people.models import Staff
from service_desk.people.rules import Role
from service_desk.reports import behind, charts, summing
from service_desk.reports.actions import sums as asked_for
from service_desk.reports.actions.sums import compute_next, forget
from service_desk.reports.figures import FIGURES, report
from service_desk.reports.heat import weekdays_in
from service_desk.reports.models import LongSum
from service_desk.reports.periods import Grain, Period, checked, just_ended, month_of, week_of
from service_desk.reports.rules import SUM_KEPT
from service_desk.reports.shapes import Table
from service_desk.reports.staffing import answered_within, needed, waits
from service_desk.rest import sums
from service_desk.rest.errors import Invalid, NotAllowed
from tests.cases.pages import HTMX, browser, text_of
from tests.factories import World, shift_time, world

PERIOD = Period(date.today() - timedelta(days=20), date.today() + timedelta(days=1))  # noqa: DTZ011 - any day will do
WAITS = HTMX | {"HX-Trigger": "report-wait"}
DAYS = f"since={PERIOD.since}&until={PERIOD.until}"


@pytest.fixture
def desk(db: None) -> World:
    here = world()
    for number, severity in enumerate(("critical", "major", "minor")):
        case = here.register(severity=severity)
        actions.start(case=case, actor=here.agent)
        shift_time(case, days=number)
    late = here.register(severity="minor", accepted_at=None)
    shift_time(late, days=6)
    return here


def numbers(table: Table) -> list[tuple[int, str]]:
    """Every number that leads somewhere, and where."""
    keys = [column.key for column in table.columns]
    return [
        (row.values[keys.index(key)], link)  # type: ignore[misc]
        for row in table.rows
        for key, link in (row.links or {}).items()
    ]


@pytest.mark.parametrize("name", ["registration", "first-response", "clocks", "arrivals"])
def test_the_list_behind_each_number_has_as_many_rows(desk: World, name: str) -> None:
    chief = browser(desk.chief)
    found = report(desk.chief, name, PERIOD, "person")
    leading = [pair for table in found.tables for pair in numbers(table)]
    assert len(leading) >= 6
    for number, link in leading:
        shown = chief.get(link).context["found"]
        assert shown.number == len(shown.lines) == number, link


def test_a_list_of_facts_goes_on_page_by_page(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service_desk.reports.behind.PAGE_SIZE", 3)
    chief, seen, address = browser(desk.chief), [], f"/reports/registration/facts/?{DAYS}"
    while address:
        shown = chief.get(address)
        seen += [line.title for line in shown.context["found"].lines]
        assert shown.context["found"].number == 4
        address = shown.context["next_url"] and f"/reports/registration/facts/{shown.context['next_url']}"
    assert sorted(seen) == sorted(Case.objects.values_list("number", flat=True))


def test_those_who_lead_inspect_or_audit_see_reports_and_persons_only_those_who_lead(desk: World) -> None:
    for who, pages, people in ((desk.agent, 403, 403), (desk.auditor, 200, 403), (desk.chief, 200, 200)):
        visitor = browser(who)
        for address in ("/reports/", "/reports/heat/", "/reports/ahead/", "/reports/solution/", "/reports/calls/card/"):
            assert visitor.get(address).status_code == pages, address
        assert visitor.get("/reports/solution/?by=person").status_code == people
        assert visitor.get(f"/reports/clocks/facts/?{DAYS}&by=person&key={desk.agent.pk}").status_code == people
    for narrowed in ({"by": "person"}, {"filters": {"person": desk.agent.pk}}):
        with pytest.raises(NotAllowed):
            report(desk.auditor, "solution", PERIOD, **narrowed)
    page = browser(desk.auditor).get("/reports/registration/")
    assert desk.agent.full_name not in text_of(page)
    assert "person" not in page.context["form"].fields
    assert desk.agent.full_name not in text_of(browser(desk.auditor).get(f"/reports/registration/facts/?{DAYS}"))


def test_P6_what_is_confidential_is_counted_and_listed_nowhere(desk: World) -> None:
    secret = Case.objects.get(severity="critical")
    Case.objects.filter(pk=secret.pk).update(confidential=True)
    for name in ("registration", "arrivals", "first-response", "clocks"):
        listed = browser(desk.chief).get(f"/reports/{name}/facts/?{DAYS}")
        assert secret.number not in text_of(listed)
    assert report(desk.chief, "arrivals", PERIOD).table("total").rows[0].values[0] == 3
    assert browser(desk.chief).get("/reports/ahead/").context["found"].total == sum(
        1 for case in Case.objects.visible_to(desk.chief) for clock in case.deadlines.all() if clock.is_open
        and PERIOD.until - timedelta(days=1) <= clock.due_at.astimezone(summing.zone()).date()
    )  # fmt: skip


ODD = [
    "since=2026-02-30", "since=9999-12-31&until=9999-12-31", "since=2026-05-02&until=2026-05-01", "unit=x", "unit=0",
    "since=2020-01-01&until=2026-01-01", "line=%00", "customer=999999999999999999999999", "severity=grave", "since=%00",
    "product=-1", "person=%F0%9F%98%80", "customer_text=%00", "line=%ED%A0%80", "since=0001-01-01",
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_question_is_answered_beside_its_field(desk: World, odd: str) -> None:
    for address in (f"/reports/registration/?{odd}", f"/reports/registration/facts/?{odd}"):
        shown = browser(desk.chief).get(address)
        assert shown.status_code == 422, address
    page = browser(desk.chief).get(f"/reports/registration/?{odd}")
    assert "field--wrong" in page.content.decode() or page.context["form"].non_field_errors()


@pytest.mark.parametrize(
    "address",
    ["nothing/", "registration%00/", "registration/facts/?outcome=nothing", "registration/facts/?step=yesterday",
     "registration/facts/?key=%00", "registration/facts/?step=2026-01-01T00:00:00Z", "due-ahead/", "x" * 3000 + "/"],
)  # fmt: skip
def test_an_address_that_is_none_is_not_found(desk: World, address: str) -> None:
    assert browser(desk.chief).get(f"/reports/{address}").status_code == 404


@pytest.mark.parametrize("cursor", ["x", "\x00", "9" * 80, "1e400_1", "nan_1", "1_\ud83d", "-99999999999999_1"])
def test_a_cursor_that_is_none_shows_a_page(desk: World, cursor: str) -> None:
    query: dict[str, Any] = {
        "after": cursor.encode("utf-8", "surrogatepass"),
        "since": PERIOD.since,
        "until": PERIOD.until,
    }
    assert browser(desk.chief).get("/reports/registration/facts/", query).status_code == 200


def test_unknown_groupings_and_filters_are_refused_by_name(desk: World) -> None:
    for field, value in (("by", "moon"), ("moon", 1), ("unit", "1;"), ("customer", 2**70), ("line", "\x00")):
        given: Any = {"by": value} if field == "by" else {"filters": {field: value}}
        with pytest.raises(Invalid) as refused:
            report(desk.chief, "registration", PERIOD, **given)
        assert refused.value.errors[0].field == field
    with pytest.raises(Invalid):
        report(desk.chief, "complaints", PERIOD, filters={"severity": "minor"})  # it has a level instead


def test_filters_narrow_down_and_stand_in_words_on_the_report(desk: World) -> None:
    filters = {"severity": "minor", "unit": desk.unit.parent_id, "customer": desk.customer.pk, "line": desk.line.pk}
    found = report(desk.chief, "registration", PERIOD, "severity", filters)
    assert [(row.label, row.values[0]) for row in found.table("group").rows] == [("Minor", 2)]
    assert dict(found.given)["Customer unit"] == desk.customer.name
    assert (
        report(desk.chief, "registration", PERIOD, filters={"unit": desk.admin.unit_id})
        .table("total")
        .rows[0]
        .values[0]
        == 4
    )
    nobody = report(desk.chief, "registration", PERIOD, filters={"person": desk.engineer.pk})
    assert nobody.table("total").rows[0].values == (0, 0, 0, None, None, None)


def test_every_number_leads_to_as_many_facts_also_those_of_the_period_before(desk: World) -> None:
    period = Period(PERIOD.until - timedelta(days=2), PERIOD.until)  # some lie before it
    found = report(desk.chief, "arrivals", period, "severity")
    links = [
        (row.values[place], (row.links or {}).get(column.key, ""))
        for table in found.tables
        for row in (*table.rows, *([table.total] if table.total else []))
        for place, column in enumerate(table.columns)
    ]
    leading = [(number, url) for number, url in links if url]
    assert sum("until=" + str(period.before().until) in url for _number, url in leading) >= 2
    assert all(url for number, url in links if isinstance(number, int) and number)
    chief = browser(desk.chief)
    for number, url in leading:
        assert chief.get(url).context["found"].number == number, url


@pytest.mark.parametrize(
    ("name", "given"),
    [("clocks", "clock=first_response"), ("call-rules", "rule=T7"), ("language", "category=impolite&line=telecom"),
     ("complaints", "level=serious&channel=phone&instance=complaint&about=staff"), ("escalations", "clock=solution")],
)  # fmt: skip
def test_a_figure_is_narrowed_down_by_its_own_kinds_too(desk: World, name: str, given: str) -> None:
    chief, address = browser(desk.chief), f"/reports/{name}/?{DAYS}&by=unit"
    page = chief.get(f"{address}&{given}")
    assert (page.status_code, len(page.context["report"].given)) == (200, given.count("=")), page.context["form"].errors
    everything = chief.get(address).context["report"].table("total").rows[0].values[0]
    assert page.context["report"].table("total").rows[0].values[0] <= everything
    if name == "clocks":
        kinds = report(desk.chief, name, PERIOD, "clock", {"clock": "first_response"}).table("group").rows
        assert [(row.label, row.values[0]) for row in kinds] == [("First response", everything and kinds[0].values[0])]
        assert kinds[0].values[0] == page.context["report"].table("group").total.values[0]
    for wrong in ("moon", "\x00", "x" * 500):
        assert chief.get(address, {"by": "unit", given.partition("=")[0]: wrong}).status_code == 422


@pytest.mark.parametrize(
    ("most", "marks"),
    [(0, [0, 1]), (4, [0, 1, 2, 3, 4]), (3000, [0, 900, 1800, 2700, 3600]),
     (90_000, [0, 21600, 43200, 64800, 86400, 108000]),
     (40 * 86_400, [0, 8 * 86400, 16 * 86400, 24 * 86400, 32 * 86400, 40 * 86400])],
)  # fmt: skip
def test_a_scale_of_times_has_marks_as_people_count_them(most: float, marks: list[float]) -> None:
    assert charts._even_times(most) == marks


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A desk on which each sum takes a fifth of a second, which is too long for a page."""
    monkeypatch.setattr(sums, "STATEMENT_SECONDS", 0.05)
    told = summing._FACTS.replace("WITH f", "WITH slow AS MATERIALIZED (SELECT pg_sleep(0.2)), f")
    monkeypatch.setattr(summing, "_FACTS", told.replace("FROM f LEFT", "FROM slow, f LEFT"))


def test_what_takes_too_long_is_computed_beside_and_kept(desk: World, slow: None) -> None:
    address = f"/reports/registration/?{DAYS}"
    chief, told = browser(desk.chief), "it is being computed"
    assert told in text_of(chief.get(address))
    assert chief.get(address, headers=WAITS).status_code == 204  # what is typed stays
    assert told in text_of(chief.get(address))
    assert LongSum.objects.count() == 1  # however often it is asked
    assert (compute_next(), compute_next()) == (True, False)
    page = chief.get(address, headers=WAITS)
    assert "what changed since is not in it" in text_of(page)
    assert page.context["report"].tables == report(desk.chief, "registration", PERIOD, seconds=5).tables
    assert Case.objects.count() == 4  # the transaction goes on
    assert chief.get(f"/exports/report/registration.csv?{DAYS}").status_code == 200
    LongSum.objects.update(done_at=Now() - SUM_KEPT)
    assert told in text_of(chief.get(address))  # an old answer is none


def test_where_a_figure_could_be_computed_its_facts_can_be_listed(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number is that of the sum; the facts are read back in time: here nothing that reads more than two ends."""
    monkeypatch.setattr(sums, "STATEMENT_SECONDS", 0.4)
    many = ", slow AS MATERIALIZED (SELECT pg_sleep(CASE WHEN count(*) > 2 THEN 1 ELSE 0 END) FROM f), g AS ("
    told = summing._FACTS.replace(", g AS (", many)
    monkeypatch.setattr(summing, "_FACTS", told.replace("FROM f LEFT", "FROM slow, f LEFT"))
    monkeypatch.setattr(behind, "PAGE_SIZE", 3)
    chief, address = browser(desk.chief), f"/reports/registration/facts/?{DAYS}"
    assert chief.get(f"/reports/registration/?{DAYS}").context["computing"]
    assert compute_next()
    first = chief.get(address)
    found, following = first.context["found"], first.context["next_url"]
    assert (found.number, len(found.lines)) == (4, 3)
    rest = chief.get(f"/reports/registration/facts/{following}").context["found"]
    assert (rest.number, len(rest.lines), rest.following) == (4, 1, "")
    times = [line.at for line in (*found.lines, *rest.lines)]
    assert times == sorted(set(times), reverse=True)
    assert chief.get(f"{address}&step=9999-12-31T00:00:00").context["found"].lines == []
    file = chief.post(f"/exports/new/report-facts/?figure=registration&{DAYS}", {"format": "csv"})
    assert b"".join(file).count(b"CALL-") == 4


def test_P6_a_sum_computed_beside_is_its_askers_alone(desk: World, slow: None) -> None:
    address = f"/reports/registration/?{DAYS}&by=person"
    for person in (desk.chief, desk.head):
        assert "it is being computed" in text_of(browser(person).get(address))
    assert LongSum.objects.count() == 2
    Case.objects.filter(severity="critical").update(confidential=True)
    Staff.objects.filter(pk=desk.head.pk).update(roles=[Role.FRONT_DESK])
    assert [compute_next(), compute_next(), compute_next()] == [True, True, False]
    assert [row.answer and row.answer["total"][0] for row in LongSum.objects.order_by("id")] == [3, None]
    Staff.objects.filter(pk=desk.chief.pk).update(roles=[Role.FRONT_DESK])
    assert browser(desk.chief).get(address).status_code == 403  # whoever loses the right loses the answer


def test_what_cannot_be_computed_at_all_is_said_in_words(
    desk: World, slow: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked_for, "PATIENT_SECONDS", 0.05)
    chief = browser(desk.chief)
    for day in range(4):
        address = f"/reports/registration/?since=2026-11-0{day + 1}&until=2026-11-09"
        page = chief.get(address)
    assert (page.status_code, "Choose fewer days" in text_of(page)) == (422, True)  # three at once are enough
    while compute_next():
        pass
    page = chief.get("/reports/registration/?since=2026-11-01&until=2026-11-09")
    assert (page.status_code, "even in a minute" in text_of(page)) == (422, True)
    assert forget() == 0
    with pytest.raises(IntegrityError), transaction.atomic():
        LongSum.objects.update(problem="")


def test_another_error_of_the_database_is_none_of_ours_to_hide(db: None) -> None:
    with pytest.raises(OperationalError), connection.execute_wrapper(_broken):
        summing.ask("SELECT 1", [])


def _broken(*_args: Any) -> None:
    raise OperationalError("server closed the connection unexpectedly")


def test_a_page_draws_its_charts_without_script_or_style_of_their_own(desk: World) -> None:
    html = browser(desk.chief).get(f"/reports/first-response/?{DAYS}&by=severity").content.decode()
    drawings = re.findall(r"<svg[^>]*pygal-chart.*?</svg>", html, re.DOTALL)
    assert len(drawings) == 3  # how they went over time, how long they took, and by severity
    for drawing in drawings:
        assert not re.search(r"<style|<script|\sstyle=|\sid=|javascript|github", drawing)
        assert 'role="img" aria-label="Chart: ' in drawing
    assert "<title>Critical: 1</title>" in drawings[2]
    assert html.count('report-table"><caption') == 3
    assert "print-only" in html
    assert "data-print" in html
    assert not any(type(finder).__module__ == "pygal" for finder in sys.meta_path)


def test_what_is_typed_into_names_is_text_in_a_chart(desk: World) -> None:
    desk.customer.name = '<script>alert("喂")</script>' * 3
    desk.customer.save()
    html = browser(desk.chief).get(f"/reports/registration/?{DAYS}&by=customer").content.decode()
    assert "<script>alert" not in html
    assert charts._columns(charts._cut("深圳市福田区政务服务中心综合受理大厅")) <= 29


def test_a_part_is_drawn_for_htmx_and_an_empty_desk_says_so(desk: World) -> None:
    part = browser(desk.chief).get(f"/reports/promises/?{DAYS}", headers={"HX-Request": HTMX["HX-Request"]})
    assert part.content.decode().startswith('<div class="stack report"')
    assert "Nothing in these days" in text_of(part)
    assert "pygal-chart" not in part.content.decode()


def test_the_map_of_arrivals_counts_each_hour_and_leads_to_its_cases(desk: World) -> None:
    chief = browser(desk.chief)
    found = chief.get(f"/reports/heat/?{DAYS}&minutes=30").context["found"]
    cells = [cell for _hour, cells in found.rows for cell in cells if cell.count]
    assert sum(cell.count for cell in cells) == found.total == 4
    assert all(cell.need.people == 1 and cell.shade for cell in cells)
    assert all(chief.get(cell.url).context["found"].number == cell.count for cell in cells)
    for odd in ("of=moon", "minutes=0", "minutes=99999999999999999999", "since=x"):
        assert chief.get(f"/reports/heat/?{odd}").status_code == 422
    assert chief.get("/reports/heat/?of=calls").status_code == 200


def test_the_calendar_ahead_leads_to_as_many_clocks(desk: World) -> None:
    chief = browser(desk.chief)
    found = chief.get("/reports/ahead/").context["found"]
    assert found.total == sum(day.whole.count for day in found.days) > 0
    for slot in [slot for day in found.days for slot in (*day.slots, day.whole) if slot.count]:
        shown = chief.get(slot.url)
        assert shown.context["found"].number == slot.count
        assert shown.context["back"] == "/reports/ahead/"


def test_every_card_of_the_overview_answers(desk: World) -> None:
    chief = browser(desk.chief)
    assert len(chief.get("/reports/").context["figures"]) == len(FIGURES)
    for name in FIGURES:
        assert chief.get(f"/reports/{name}/card/").status_code == 200


def test_periods_have_their_days_their_steps_and_what_was_before() -> None:
    month = month_of(date(2026, 3, 15))
    assert (month, month.before(), month.after()) == (
        Period(date(2026, 3, 1), date(2026, 3, 31)), month_of(date(2026, 2, 3)), month_of(date(2026, 4, 3)),
    )  # fmt: skip
    assert week_of(date(2026, 11, 22)) == Period(date(2026, 11, 16), date(2026, 11, 22))
    assert week_of(date(2026, 11, 22)).before() == week_of(date(2026, 11, 15))
    assert just_ended("day", date(2026, 1, 1)) == Period(date(2025, 12, 31), date(2025, 12, 31))
    assert just_ended("month", date(2024, 3, 1)) == Period(date(2024, 2, 1), date(2024, 2, 29))
    assert checked(date(2023, 7, 1), date(2024, 6, 30)).days == 366
    for days, grain, steps in ((1, Grain.HOUR, 24), (30, Grain.DAY, 30), (46, Grain.WEEK, 7), (366, Grain.MONTH, 13)):
        period = Period(date(2026, 6, 3), date(2026, 6, 3) + timedelta(days=days - 1))
        assert (period.grain, len(period.buckets())) == (grain, steps)
    assert weekdays_in(Period(date(2026, 11, 20), date(2026, 11, 28))) == [1, 1, 1, 1, 2, 2, 1]


def test_erlang_c_gives_what_the_tables_give() -> None:
    assert waits(3, 2) == pytest.approx(4 / 9)  # M/M/3 with two erlang
    assert waits(10, 8) == pytest.approx(0.40918, abs=1e-5)
    assert (waits(2, 2), waits(5, 0), answered_within(2, 3, 60)) == (1.0, 0.0, 0.0)
    assert needed(0, 300).people == needed(10, 0).people == 0
    for arrivals in (1, 7, 20, 300, 4000):
        need = needed(arrivals, 300)
        load = arrivals * 300 / 3600
        assert need.load <= 0.7
        assert need.answered >= 0.8
        assert need.people == 1 or load / (need.people - 1) > 0.7 or answered_within(need.people - 1, load, 300) < 0.8
    assert needed(1e9, 300).people == 10_000
