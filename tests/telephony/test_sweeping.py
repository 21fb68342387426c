"""What the desk finds out by itself: calls without an end, transfers left open, phone systems that fall silent."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from service_desk.deadlines.clock import now
from service_desk.deadlines.models import Calendar, CalendarVersion
from service_desk.deadlines.work_calendar import Interval, WorkCalendar
from service_desk.notices.models import Notice
from service_desk.people.rules import Role
from service_desk.telephony.actions import give_up_stale, tell_silence
from service_desk.telephony.models import Call, CallFact, CallLink
from service_desk.telephony.silence import silent_systems
from service_desk.telephony.tasks import purge_deliveries, sweep_calls
from tests.cases.pages import browser
from tests.factories import staff
from tests.telephony.senders import Script, pbx

pytestmark = pytest.mark.django_db
FOUR_HOURS = timedelta(hours=4)


def heard_ago(call: Call, ago: timedelta) -> None:
    Call.objects.filter(pk=call.pk).update(last_heard_at=now() - ago)


def test_a_call_without_an_end_is_given_up_after_four_hours_and_told() -> None:
    supervisor, phone = staff("", Role.SUPERVISOR), pbx()
    phone.post(Script(call_id="stuck").event("answered", 0))
    phone.post(Script(call_id="talking").event("answered", 0))
    stuck = Call.objects.get(call_id="stuck")
    heard_ago(stuck, FOUR_HOURS + timedelta(minutes=1))
    assert give_up_stale() == 1
    assert give_up_stale() == 0
    stuck.refresh_from_db()
    assert (stuck.state, stuck.cause, stuck.ended_by, stuck.is_stale) == ("ended", "failed", "unknown", True)
    assert Call.objects.open().get().call_id == "talking"
    notice = Notice.objects.of(supervisor).get(kind="call_stale")
    listed = browser(supervisor).get(notice.link)
    assert [row["call"].ref for row in listed.context["rows"]] == [stuck.ref]


def test_the_true_end_overrules_the_desks() -> None:
    phone, script = pbx(), Script()
    phone.post(script.event("ringing", 0))
    phone.post(script.event("answered", 2))
    heard_ago(Call.objects.get(), FOUR_HOURS * 2)
    give_up_stale()
    phone.post(script.event("ended", 20, ended_by="agent"))
    call = Call.objects.get()
    assert (call.is_stale, call.cause, call.ended_by) == (False, "normal", "agent")
    assert CallFact.objects.breached().filter(rule="T5").exists()


def test_T6_a_transfer_whose_answer_was_not_told_on_is_mended_by_the_sweep() -> None:
    phone, script = pbx(), Script(call_id="a")
    phone.post(script.event("answered", 0))
    phone.post(script.event("transferred", 5, transfer_to="8010"))
    phone.post(Script(call_id="b").event("answered", 9, parent_call_id="a"))
    assert CallLink.objects.count() == 1
    fact = CallFact.objects.get(call__call_id="a", rule="T6")
    assert fact.verdict == "due", "what follows the commit did not run in this test"
    give_up_stale()
    fact.refresh_from_db()
    assert fact.verdict == "breached"


def test_silence_is_told_once_to_administrators_and_supervisors() -> None:
    supervisor, agent = staff("", Role.SUPERVISOR), staff()
    phone, quiet, never = pbx(), pbx(silent_minutes=0), pbx()
    for one in (phone, quiet):
        one.post(Script().event("ringing", 0))
    assert tell_silence() == 0
    _age_events(timedelta(minutes=61))
    assert [each.integration for each in silent_systems(now())] == [phone.integration]  # as the board asks
    assert tell_silence() == 2, "supervisor and administrator, of one system"
    assert tell_silence() == 0
    notice = Notice.objects.of(supervisor).get(kind="phone_silent")
    assert notice.facts["name"] == phone.integration.name
    assert not Notice.objects.of(agent).exists()
    assert never.integration.pk


def test_silence_outside_of_working_hours_is_no_alarm() -> None:
    staff("", Role.SUPERVISOR)
    _calendar()
    pbx().post(Script().event("ringing", 0))
    _age_events(timedelta(days=3))
    assert tell_silence() == 0


def _age_events(ago: timedelta) -> None:
    """History cannot be changed; a test may."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE telephony_callevent SET received_at = received_at - make_interval(secs => %s)",
            [ago.total_seconds()],
        )
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def _calendar() -> None:
    """Working time for one minute a week, on a day that is not today."""
    day = (now() + timedelta(days=3)).weekday()
    week = tuple((Interval(0, 1),) if number == day else () for number in range(7))  # Monday first
    calendar = Calendar.objects.create(name="办公时间")
    data = WorkCalendar(zone=ZoneInfo("Asia/Shanghai"), week=week).to_json()
    calendar.current = CalendarVersion.objects.create(calendar=calendar, number=1, data=data)
    calendar.save()


def test_the_workers_doors_open() -> None:
    pbx().post(Script().event("ringing", 0))
    sweep_calls()
    purge_deliveries()
    assert Call.objects.get().state == "ringing"
