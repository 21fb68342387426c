"""D6: the sums over many cases are those of the single cases, bounded, of what one may see, and linked to cases."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service_desk.cases import actions, stage_sums
from service_desk.cases.models import Case, CaseCycle, CasePause, HandOver
from service_desk.cases.stage_sums import KINDS, By, Period
from service_desk.cases.stages import Facts, Offer, StageKind, Wait, pieces
from service_desk.deadlines.clock import now
from service_desk.local.demo.past import history_may_be_written
from service_desk.rest import sums
from tests.cases.callers import fields, key, session
from tests.cases.pages import browser, text_of
from tests.factories import World, shift_time, world

URL, API = "/minutes/", "/api/v1/minutes/"


@pytest.fixture
def desk(db: None) -> World:
    return world()


def everything(moment: datetime) -> Period:
    return Period(moment.date() - timedelta(days=60), moment.date() + timedelta(days=1))


minutes = st.integers(0, 300)
spells = st.lists(st.tuples(minutes, minutes), max_size=3)
plans = st.lists(
    st.fixed_dictionaries(
        {
            "ended": st.none() | st.integers(0, 900),
            "offers": st.lists(
                st.tuples(minutes, minutes, st.sampled_from(["accepted", "declined", "withdrawn"]), st.integers(0, 2)),
                max_size=3,
            ),
            "waits": st.lists(st.tuples(minutes, minutes, st.sampled_from(["customer", "part", "third_party"]))),
            "closed": st.lists(st.tuples(minutes, minutes), max_size=1),
        }
    ),
    min_size=1,
    max_size=4,
)


def spelled(start: datetime, spans: Any) -> list[tuple[datetime, datetime, list[Any]]]:
    """One after the other: so long after the one before, so long."""
    found, at = [], start
    for before, lasting, *more in spans:
        since = at + timedelta(minutes=before)
        at = since + timedelta(minutes=lasting)
        found.append((since, at, more))
    return found


def build(desk: World, case: Case, plan: dict[str, Any], start: datetime) -> None:
    """Write this history of a case, as the database allows it."""
    people = [desk.agent, desk.colleague, desk.engineer]
    holder = case.handler
    offers = spelled(start, plan["offers"])
    for since, until, (state, whom) in offers:
        receiver = next(each for each in people[whom:] + people if each != holder)
        HandOver.objects.create(
            case=case, giver=holder, receiver=receiver, proposed_by=holder, done="a", remaining="b", promised="c",
            state=state, proposed_at=since, decided_at=until, decline_reason="d" if state == "declined" else "",
        )  # fmt: skip
        holder = receiver if state == "accepted" else holder
    for since, until, (kind,) in spelled(start, plan["waits"]):
        CasePause.objects.create(
            case=case, starts_at=since, ends_at=until, waiting_for=kind, reason="x", by=desk.colleague
        )
    for since, until, _more in spelled(start, plan["closed"]):
        CaseCycle.objects.create(
            case=case, cycle=1, state="closed", began_at=start, ended_at=since, reopened_at=until,
            reopened_by=desk.agent, reason="x",
        )  # fmt: skip
    ended = None if plan["ended"] is None else start + timedelta(minutes=plan["ended"])
    Case.objects.filter(pk=case.pk).update(
        accepted_at=start,
        handler=holder,
        state="in_progress" if ended is None else "cancelled",
        ended_at=ended,
        cancel_reason="" if ended is None else "x",
    )


def by_hand(case: Case, moment: datetime) -> dict[tuple[Any, str], timedelta]:
    """The minutes of one case, by the pure function."""
    case = Case.objects.get(pk=case.pk)
    offers = [
        Offer(each.giver_id, each.receiver_id, each.state, each.proposed_at, each.decided_at)
        for each in case.hand_overs.order_by("proposed_at", "id")
    ]
    waits = [Wait(each.waiting_for, each.starts_at, each.ends_at) for each in case.pauses.all()]
    waits += [Wait(StageKind.CLOSED, each.ended_at, each.reopened_at) for each in case.cycles.all() if each.ended_at]
    facts = Facts(case.accepted_at, case.ended_at, case.first_responder_id, case.handler_id)
    found: dict[tuple[Any, str], timedelta] = defaultdict(timedelta)
    for piece in pieces(facts, offers, waits, moment):
        column = next((name for name, kinds in KINDS.items() if piece.kind in kinds), "")
        if piece.whose is not None and piece.lasted:
            found[piece.whose, column] += piece.lasted
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=plans)
def test_D6_the_sums_are_those_of_the_single_cases(desk: World, drawn: list[dict[str, Any]]) -> None:
    with transaction.atomic():
        moment = now()
        wanted: dict[tuple[Any, str], timedelta] = defaultdict(timedelta)
        cases: dict[Any, set[int]] = defaultdict(set)
        with history_may_be_written():
            for plan in drawn:
                case = desk.register(desk.agent, severity="minor")
                build(desk, case, plan, moment - timedelta(hours=12))
                for (whose, column), lasted in by_hand(case, moment).items():
                    wanted[whose, column] += lasted
                    cases[whose].add(case.pk)
        rows = stage_sums.sums(desk.chief, everything(moment), now=moment)
        got = {(row.id, name): getattr(row, name) for row in rows for name in KINDS if getattr(row, name)}
        assert got == dict(wanted)
        assert {row.id: row.cases for row in rows if row.cases} == {whose: len(found) for whose, found in cases.items()}
        units = stage_sums.sums(desk.chief, everything(moment), By.UNIT, now=moment)
        assert sum((row.whole for row in units), timedelta()) == sum(wanted.values(), timedelta())
        transaction.set_rollback(True)


def test_D3_pauses_stand_with_whoever_set_them(desk: World) -> None:
    case = desk.register(severity="minor")
    actions.start(case=case, actor=desk.agent)
    actions.wait(case=case, actor=desk.chief, waiting_for="customer", text="等客户开门")
    shift_time(case, hours=2)
    moment = now()
    rows = {row.id: row for row in stage_sums.sums(desk.chief, everything(moment), now=moment)}
    assert (rows[desk.chief.pk].pauses, rows[desk.agent.pk].pauses) == (1, 0)
    assert rows[desk.chief.pk].paused >= timedelta(hours=2)
    assert rows[desk.agent.pk].customer >= timedelta(hours=2)  # it was the handler's case that waited


def test_D6_minutes_of_late_cases_are_told_apart(desk: World) -> None:
    late, fine = desk.register(severity="minor"), desk.register(severity="minor")
    shift_time(late, hours=1)  # half an hour for the first response is over
    moment = now()
    (row,) = stage_sums.sums(desk.chief, everything(moment), now=moment)
    assert (row.cases, row.late_cases) == (2, 1)
    assert timedelta(hours=1) <= row.late < row.whole
    behind = stage_sums.cases_behind(desk.chief, everything(moment), By.PERSON, desk.agent.pk, now=moment, late=True)
    assert [each.number for each in behind] == [late.number]
    assert fine.number in {
        each.number
        for each in stage_sums.cases_behind(desk.chief, everything(moment), By.PERSON, desk.agent.pk, now=moment)
    }


def test_D6_the_page_sorts_and_leads_to_the_cases(desk: World) -> None:
    case = desk.register(severity="minor")
    chief = browser(desk.chief)
    page = chief.get(URL, {"sort": "-whole", "by": "person"})
    assert 'aria-sort="descending"' in page.content.decode()
    (name, cells) = page.context["rows"][0]
    assert name == "员工agent"
    shown = text_of(chief.get(next(cell.url for cell in cells if cell.url)))
    assert case.number in shown
    assert "员工agent: Cases" in shown
    assert "热线一科" in text_of(chief.get(URL, {"by": "unit"}))
    assert "No cases in these days" in text_of(chief.get(URL, {"since": "2020-01-01", "until": "2020-01-02"}))


def test_P6_a_confidential_case_is_in_no_sum_of_others(desk: World) -> None:
    case = desk.register(severity="minor")
    Case.objects.filter(pk=case.pk).update(confidential=True)
    moment = now()
    assert stage_sums.sums(desk.chief, everything(moment), now=moment) == []
    assert stage_sums.cases_behind(desk.chief, everything(moment), By.PERSON, desk.agent.pk, now=moment) == []


def test_only_who_leads_or_inspects_sees_the_sums(desk: World) -> None:
    for person, status in (("chief", 200), ("inspector", 200), ("agent", 403), ("auditor", 403)):
        assert browser(desk.people[person]).get(URL).status_code == status
        assert browser(desk.people[person]).get(f"{URL}cases/").status_code == status
        assert session(desk.people[person]).get(API).status_code == status


def test_the_unit_counts_with_everything_below_it(desk: World) -> None:
    desk.register(severity="minor")
    moment = now()
    days = (moment.date(), moment.date() + timedelta(days=1))
    above = desk.unit.parent
    assert above is not None
    assert len(stage_sums.sums(desk.chief, Period(*days, unit=above.pk), now=moment)) == 1
    assert stage_sums.sums(desk.chief, Period(*days, service_line="none"), now=moment) == []


@pytest.mark.parametrize(
    "query",
    [
        {"since": "x"},
        {"since": "9999-12-31", "until": "9999-12-31"},
        {"since": "0001-01-01", "until": "0001-01-02"},
        {"since": "2026-11-20", "until": "2026-11-01"},
        {"since": "2020-01-01", "until": "2026-01-01"},
        {"unit": "9" * 30},
        {"unit": "-1"},
        {"unit": "x"},
        {"service_line": "无"},
    ],
)
def test_a_period_that_makes_no_sense_is_said_beside_its_field(desk: World, query: dict[str, str]) -> None:
    desk.register(severity="minor")
    answer = browser(desk.chief).get(URL, query)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()
    assert browser(desk.chief).get(f"{URL}cases/", query).status_code == 200
    refused = session(desk.chief).get(API, query)
    assert refused.status_code == 400, refused.content
    assert set(fields(refused)) <= {*query, "since"}


@pytest.mark.parametrize("query", [{"of": "x"}, {"of": "9" * 19}, {"kind": "no"}, {"by": "no"}, {"sort": "-no"}])
def test_an_address_that_names_nothing_is_read_as_usual(desk: World, query: dict[str, str]) -> None:
    assert browser(desk.chief).get(URL, query).status_code == 200
    assert browser(desk.chief).get(f"{URL}cases/", query).status_code == 200


def test_rest_tells_the_same_in_seconds(desk: World) -> None:
    case = desk.register(severity="minor")
    shift_time(case, hours=3)
    (row,) = key(desk.chief, "cases:read").get(API, {"by": "person"}).json()
    assert (row["id"], row["name"], row["cases"]) == (desk.agent.pk, "员工agent", 1)
    assert row["first_responder"] == pytest.approx(3 * 3600, abs=60)
    assert row["whole"] == row["first_responder"]


def test_the_page_asks_few_questions(desk: World, django_assert_max_num_queries: Any) -> None:
    desk.register(severity="minor")
    chief = browser(desk.chief)
    chief.get(URL)
    with django_assert_max_num_queries(13):
        chief.get(URL)


def test_a_desk_with_very_many_cases_is_asked_for_fewer_days_unless_somebody_wants_more(
    desk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = now()
    today = stage_sums.usual_period(moment).until
    for ago in (20, 3):
        case = desk.register()
        shift_time(case, days=ago)
    for most, days in ((2, 30), (1, 7), (0, 1)):
        monkeypatch.setattr(stage_sums, "SUMMED_IN_TIME", most)
        usual = stage_sums.usual_period(moment).since
        assert (today - usual).days == days, most


def test_what_takes_too_long_is_given_up_and_said_with_the_remedy(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage_sums, "_SUMS", "SELECT pg_sleep(5)")
    monkeypatch.setattr(sums, "STATEMENT_SECONDS", 0.05)
    page = browser(desk.chief).get(URL)
    assert page.status_code == 422
    assert "Choose fewer days, or one service line." in text_of(page)
    assert session(desk.chief).get(API).status_code == 400


@pytest.mark.django_db
def test_the_last_thirty_days_are_the_usual_period() -> None:
    moment = datetime.fromisoformat("2026-11-21T17:00:00+00:00")  # already the 22nd at the desk
    assert stage_sums.usual_period(moment) == Period(date(2026, 10, 23), date(2026, 11, 22))


def test_the_statement_leaves_time_limit_and_memory_as_they_were(desk: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '7s'")
        cursor.execute("SET LOCAL work_mem = '3MB'")
        stage_sums.sums(desk.chief, everything(now()), now=now())
        cursor.execute("SELECT current_setting('statement_timeout'), current_setting('work_mem')")
        assert cursor.fetchone() == ("7s", "3MB")
