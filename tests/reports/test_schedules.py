"""Reports that are sent by themselves: when, once each, what goes out, and who stops receiving."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from service_desk.audit.models import AuditEntry
from service_desk.deadlines.clock import now
from service_desk.notices.channels.mail import compose
from service_desk.notices.letters import letter_for
from service_desk.notices.models import ChannelAddress, Delivery, Notice
from service_desk.people.models import Staff
from service_desk.people.rules import Role
from service_desk.reports import actions, mailing, schedules, vault
from service_desk.reports.figures import report
from service_desk.reports.models import ReportSchedule, SentReport
from service_desk.reports.periods import Period
from service_desk.reports.rules import MAX_TRIES, Every, Slots
from service_desk.rest.errors import Conflict, Invalid, NotAllowed, NotFound
from tests.cases.pages import browser, text_of
from tests.factories import World, world

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.fixture
def desk(db: None, settings: Any, tmp_path: Path) -> World:
    settings.EXPORTS_DIR = tmp_path / "exports"
    return world()


def make(person: Staff, **more: Any) -> ReportSchedule:
    given: dict[str, Any] = {"name": "登记周报", "report": "registration", "every": "daily", "at": time(8)} | more
    return actions.schedule_report(actor=person, **given)


def is_due(schedule: ReportSchedule, **ago: int) -> None:
    ReportSchedule.objects.filter(pk=schedule.pk).update(next_at=Now() - timedelta(**(ago or {"seconds": 1})))


def letter_of(notice: Notice | None) -> Any:
    row = Delivery.objects.select_related("notice__recipient", "notice__instead_of", "address").get(notice=notice)
    return letter_for(row)


@pytest.mark.parametrize(
    ("slots", "after", "expected"),
    [
        (Slots("daily", time(0, 5)), "2026-11-21 23:59", "2026-11-22 00:05"),  # across midnight, local
        (Slots("daily", time(0, 5)), "2026-11-22 00:05", "2026-11-23 00:05"),
        (Slots("weekly", time(8), weekday=1), "2026-11-23 07:59", "2026-11-23 08:00"),
        (Slots("weekly", time(8), weekday=1), "2026-12-28 08:00", "2027-01-04 08:00"),
        (Slots("monthly", time(8), day=31), "2026-11-22 12:00", "2026-11-30 08:00"),
        (Slots("monthly", time(8), day=31), "2026-11-30 08:00", "2026-12-31 08:00"),
        (Slots("monthly", time(8), day=30), "2027-02-01 00:00", "2027-02-28 08:00"),
        (Slots("monthly", time(8), day=29), "2028-02-01 00:00", "2028-02-29 08:00"),
    ],
)
def test_the_next_time_is_one_of_the_desks_calendar(slots: Slots, after: str, expected: str) -> None:
    found = slots.first_after(at(after).astimezone(UTC), SHANGHAI)
    assert found == at(expected)
    assert slots.last_until(found, SHANGHAI) == found
    assert slots.last_until(found - timedelta(seconds=1), SHANGHAI) <= at(after)


def test_a_zone_with_summer_time_keeps_the_hour_of_the_wall() -> None:
    berlin, slots = ZoneInfo("Europe/Berlin"), Slots("daily", time(8))
    before = slots.first_after(at("2027-03-27 00:00", berlin), berlin)
    after = slots.first_after(before, berlin)
    assert (after - before, after.astimezone(berlin).hour) == (timedelta(hours=23), 8)


def test_a_due_report_goes_out_once_as_page_and_workbook(desk: World, settings: Any) -> None:
    desk.register()
    schedule = make(desk.chief)
    is_due(schedule)
    assert (schedules.send_due(), schedules.send_due()) == (1, 0)
    sent = SentReport.objects.get()
    today = now().astimezone(SHANGHAI).date()
    assert (sent.since, sent.until, sent.late_by_seconds) == (
        today - timedelta(days=1),
        today - timedelta(days=1),
        None,
    )
    row = ReportSchedule.objects.get(pk=schedule.pk)
    assert row.next_at > now()
    letter = letter_of(sent.notice)
    assert letter.target == desk.chief.email
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    compose(letter).send()
    message: Any = mail.outbox[0]
    assert "登记周报" in message.alternatives[0][0]
    name, content, kind = message.attachments[0]
    assert (name[-5:], "spreadsheetml" in kind) == (".xlsx", True)
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None
    assert AuditEntry.objects.get(verb="report.sent").actor_id == desk.chief.pk


def test_the_period_just_ended_is_that_of_the_desks_day_week_and_month(desk: World) -> None:
    today = now().astimezone(SHANGHAI).date()
    for every, more in (("daily", {}), ("weekly", {"weekday": 3}), ("monthly", {"day": 31})):
        is_due(make(desk.chief, every=every, **more))
    schedules.send_due()
    found = {sent.schedule.every: sent for sent in SentReport.objects.select_related("schedule")}
    assert found[Every.DAILY].until == today - timedelta(days=1)
    assert (found[Every.WEEKLY].since.isoweekday(), found[Every.WEEKLY].until.isoweekday()) == (1, 7)
    assert found[Every.MONTHLY].since.day == 1
    assert (found[Every.MONTHLY].until + timedelta(days=1)).day == 1


def test_D12_a_desk_that_was_down_sends_it_once_and_says_how_late(desk: World) -> None:
    schedule = make(desk.chief)
    is_due(schedule, days=9)
    schedules.send_due()
    sent = SentReport.objects.get()
    moment = now()
    slot = schedule.slots.last_until(moment, SHANGHAI)
    assert sent.until == slot.astimezone(SHANGHAI).date() - timedelta(days=1)
    late = (moment - slot).total_seconds()
    assert (sent.late_by_seconds or 0) == pytest.approx(late if late > 300 else 0, abs=5)
    assert schedules.send_due() == 0


def test_once_for_each_period_whoever_asks(desk: World) -> None:
    schedule = make(desk.chief)
    for _ in range(2):
        is_due(schedule)
        schedules.send_due()
    sent = SentReport.objects.get()
    assert Notice.objects.filter(kind="report_sent").count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        SentReport.objects.create(schedule=schedule, since=sent.since, until=sent.until, size=1)


@pytest.mark.parametrize("lost", [{"roles": [Role.FRONT_DESK]}, {"is_active": False}])
def test_who_loses_the_right_or_leaves_stops_receiving(desk: World, lost: dict[str, Any]) -> None:
    schedule = make(desk.chief)
    Staff.objects.filter(pk=desk.chief.pk).update(**lost)
    is_due(schedule)
    schedules.send_due()
    row = ReportSchedule.objects.get(pk=schedule.pk)
    assert (row.trouble, row.paused_at is None) == ("not_allowed", False)
    assert not SentReport.objects.exists()
    told = Notice.objects.filter(kind="report_not_sent", recipient=desk.chief).exists()
    assert told == ("roles" in lost)


def test_P6_it_holds_what_its_owner_may_see_when_it_is_written(desk: World) -> None:
    cases = [desk.register() for _ in range(3)]
    today = now().astimezone(SHANGHAI).date()
    type(cases[0]).objects.filter(pk=cases[0].pk).update(confidential=True)
    found = report(desk.chief, "registration", Period(today, today))
    key = "00000000-0000-4000-8000-000000000001"
    mailing.keep(key, found, name="日报", link="/")
    sheet = zipfile.ZipFile(vault.folder_of(key) / "report.xlsx").read("xl/worksheets/sheet1.xml").decode()
    assert "<v>2</v>" in sheet
    assert "<f>" not in sheet


def test_what_cannot_be_computed_is_tried_again_then_given_up_and_told(
    desk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: Any, **_more: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(schedules, "report", broken)
    first, other = make(desk.chief), make(desk.manager, name="别的")
    is_due(first, hours=1)
    is_due(other)
    assert schedules.send_due() == 2  # one that fails does not keep the other
    row = ReportSchedule.objects.get(pk=first.pk)
    assert (row.trouble, row.tries, row.paused_at) == ("failed", 1, None)
    assert schedules.send_due() == 0  # not before its time
    ReportSchedule.objects.filter(pk=first.pk).update(tries=MAX_TRIES - 1, retry_at=Now() - timedelta(seconds=1))
    schedules.send_due()
    row = ReportSchedule.objects.get(pk=first.pk)
    assert (row.tries, row.retry_at, row.next_at > now()) == (0, None, True)
    assert Notice.objects.get(kind="report_not_sent").recipient_id == desk.chief.pk
    assert not SentReport.objects.exists()


def test_who_gets_no_mail_is_told_so_on_the_page(desk: World) -> None:
    schedule = make(desk.chief)
    ChannelAddress.objects.create(kind="email", staff=desk.chief, min_level="breach", enabled=True)
    is_due(schedule)
    schedules.send_due()
    assert ReportSchedule.objects.get(pk=schedule.pk).trouble == "no_mailbox"
    assert "No e-mail went out" in text_of(browser(desk.chief).get("/exports/schedules/"))


def test_after_a_week_the_letter_goes_without_its_files(desk: World) -> None:
    is_due(make(desk.chief))
    schedules.send_due()
    sent = SentReport.objects.get()
    vault.discard(str(sent.key))
    letter = letter_of(sent.notice)
    assert (letter.html, letter.files) == ("", ())
    assert compose(letter).attachments == []


def test_one_now_beside_its_times(desk: World, django_assert_max_num_queries: Any) -> None:
    schedule = make(desk.chief)
    chief = browser(desk.chief)
    assert chief.post(f"/exports/schedules/{schedule.pk}/send/").status_code == 302
    assert chief.post(f"/exports/schedules/{schedule.pk}/send/").status_code == 409  # not twice a minute
    is_due(schedule)
    schedules.send_due()
    assert sorted(SentReport.objects.values_list("by_hand", flat=True)) == [False, True]
    with django_assert_max_num_queries(14):
        page = chief.get("/exports/schedules/")
    assert "登记周报" in text_of(page)


def test_it_is_paused_gone_on_with_and_taken_away_by_its_owner_alone(desk: World) -> None:
    schedule = make(desk.chief)
    chief, base = browser(desk.chief), f"/exports/schedules/{schedule.pk}"
    for verb in ("pause", "resume", "delete", "send"):
        assert browser(desk.head).post(f"{base}/{verb}/").status_code == 404
        assert chief.get(f"{base}/{verb}/").status_code == 405
    assert chief.post(f"{base}/pause/").status_code == 302
    is_due(schedule, days=3)
    assert schedules.send_due() == 0
    assert chief.post(f"{base}/pause/").status_code == 409
    assert chief.post(f"{base}/resume/").status_code == 302
    assert schedules.send_due() == 0  # nothing is sent after
    assert chief.post(f"{base}/delete/").status_code == 302
    with pytest.raises(NotFound):
        actions.pause(actor=desk.chief, pk=schedule.pk)
    verbs = set(AuditEntry.objects.filter(thing=f"schedule:{schedule.pk}").values_list("verb", flat=True))
    assert verbs == {"report.schedule", "report.pause", "report.resume", "report.unschedule"}


def test_it_is_changed_by_its_owner_and_sends_no_period_twice(desk: World) -> None:
    schedule = make(desk.chief)
    is_due(schedule)
    schedules.send_due()
    chief, path = browser(desk.chief), f"/exports/schedules/{schedule.pk}/change/"
    shown = chief.get(path).context["form"]
    assert (shown["name"].value(), shown["by"].value()) == ("登记周报", "unit")
    right = {"name": "按人", "every": "daily", "at": "23:59", "by": "person", "unit": str(desk.unit.pk)}
    for wrong, form, field in (
        ({"name": "\x00"}, "form", "name"), ({"every": "weekly", "weekday": ""}, "form", "weekday"),
        ({"at": "x"}, "form", "at"), ({"by": "moon"}, "form", "by"), ({"unit": "9" * 30}, "narrow", "unit"),
        ({"severity": "mild"}, "narrow", "severity"), ({"customer": "\x00"}, "narrow", "customer"),
    ):  # fmt: skip
        answer = chief.post(path, right | wrong)
        assert (answer.status_code, field in answer.context[form].errors) == (422, True), wrong
    assert ReportSchedule.objects.get().name == "登记周报"
    assert browser(desk.head).post(path, right).status_code == browser(desk.head).get(path).status_code == 404
    assert chief.post(path, right).headers["Location"] == "/exports/schedules/"
    row = ReportSchedule.objects.get()
    assert (row.name, row.by, row.filters, row.at) == ("按人", "person", {"unit": desk.unit.pk}, time(23, 59))
    assert row.next_at == row.slots.first_after(now(), SHANGHAI)
    is_due(schedule)
    schedules.send_due()
    assert SentReport.objects.count() == 1
    entry = AuditEntry.objects.get(verb="report.reschedule")
    assert entry.detail["changed"]["at"] == ["08:00", "23:59"]
    assert "every" not in entry.detail["changed"]


def test_who_may_not_read_it_may_not_have_it_sent(desk: World) -> None:
    with pytest.raises(NotAllowed):
        make(desk.agent)
    with pytest.raises(NotAllowed):
        make(desk.admin, by="person")
    assert browser(desk.agent).get("/exports/schedules/").status_code == 403
    assert browser(desk.agent).get("/exports/report/registration.csv").status_code == 403


def test_the_form_says_what_is_wrong_beside_its_field(desk: World) -> None:
    chief, path = browser(desk.chief), f"/exports/schedules/new/registration/?unit={desk.unit.pk}&by=person"
    right = {"name": "周报", "every": "weekly", "weekday": "1", "at": "08:30"}
    for wrong, field in (
        ({"name": ""}, "name"), ({"name": "\x00"}, "name"), ({"every": "hourly"}, "every"), ({"at": "25:00"}, "at"),
        ({"weekday": "8"}, "weekday"), ({"weekday": ""}, "weekday"), ({"every": "monthly", "day": "32"}, "day"),
        ({"every": "monthly", "day": ""}, "day"), ({"name": "x" * 81}, "name"),
    ):  # fmt: skip
        answer = chief.post(path, right | wrong)
        assert (answer.status_code, field in answer.context["form"].errors) == (422, True), wrong
    assert chief.post(path, right).headers["Location"] == "/exports/schedules/"
    made = ReportSchedule.objects.get()
    assert (made.by, made.filters, made.weekday, made.day) == ("person", {"unit": desk.unit.pk}, 1, None)
    assert chief.get("/exports/schedules/new/nothing/").status_code == 404
    with pytest.raises(Invalid):
        make(desk.chief, filters={"moon": 1})
    for number in range(19):
        make(desk.chief, name=f"报表{number}")
    with pytest.raises(Conflict):
        make(desk.chief)


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_a_report_is_taken_along_as_its_page_shows_it(desk: World, kind: str) -> None:
    desk.register()
    Staff.objects.filter(pk=desk.agent.pk).update(full_name="=HYPERLINK(1)")
    answer = browser(desk.chief).get(f"/exports/report/registration.{kind}?by=person&since=x&unit=99999999999999999999")
    content = b"".join(answer)
    assert answer.status_code == 200
    if kind == "csv":
        assert "'=HYPERLINK(1)" in content.decode("utf-8-sig")
    else:
        book = zipfile.ZipFile(io.BytesIO(content))
        assert not any("<f>" in book.read(name).decode() for name in book.namelist() if "/sheet" in name)
    assert AuditEntry.objects.get(verb="report.export").detail["format"] == kind


def test_the_database_holds_what_must_never_be_false(desk: World) -> None:
    schedule = make(desk.chief)
    for wrong in ({"every": "hourly"}, {"weekday": 3}, {"every": "monthly", "day": 32}, {"name": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ReportSchedule.objects.filter(pk=schedule.pk).update(**wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        SentReport.objects.create(schedule=schedule, since=date(2026, 2, 1), until=date(2026, 1, 1), size=1)
