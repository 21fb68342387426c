"""Exactly once in the database, at least once on the wire: against a real mail server that refuses, hangs and drops."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from service_desk.audit.models import AuditEntry
from service_desk.notices import outbox
from service_desk.notices.actions import escalate_failures, redrive, send_many
from service_desk.notices.models import ChannelAddress, Delivery, Notice
from service_desk.notices.outbox import Dispatch, Outcome, deliver_due, mark
from service_desk.notices.rules import RETRY_SECONDS, DeliveryState, retry_after
from service_desk.notices.tasks import deliver_due as celery_door
from service_desk.people.models import DutyShift
from service_desk.rest.errors import Conflict, NotAllowed
from tests.notices.conftest import Company, build, new, send, sooner
from tests.notices.sinks import MailSink, WebSink, free_port


def part(mail: EmailMessage, kind: str) -> str:
    """The text of one of the two forms of a message."""
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content())


def waits() -> float:
    """Seconds until the next attempt of the only delivery, by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM next_attempt_at - statement_timestamp()) FROM notices_delivery")
        [(seconds,)] = cursor.fetchall()
    return float(seconds)


def test_a_message_goes_out_in_the_readers_language(company: Company, mail_sink: MailSink, settings: Any) -> None:
    notice = send(company.agent, level="emergency", needs_ack=True, link="/cases/7/", instead_of_id=company.chief.pk)
    counts = deliver_due("test")
    assert (counts.claimed, counts.sent) == (1, 1)
    [mail] = mail_sink.all()
    delivery = notice.deliveries.get()
    assert delivery.state == "sent"
    assert delivery.sent_at is not None
    assert mail["Message-ID"] == delivery.message_id
    assert mail["To"] == "agent@desk.example"
    assert mail["Subject"] == "[Emergency] Test notice"
    text = part(mail, "plain")
    page = part(mail, "html")
    for each in (text, page):
        assert f"{settings.SITE_URL}/cases/7/" in each
        assert f"{settings.SITE_URL}/n/" in each
        assert "员工chief" in each


def test_each_recipient_has_a_message_of_their_own(company: Company, mail_sink: MailSink) -> None:
    for staff in (company.agent, company.chief, company.head):
        send(staff)
    assert deliver_due("test").sent == 3
    assert sorted(mail["To"] for mail in mail_sink.all()) == [
        "agent@desk.example",
        "chief@desk.example",
        "head@desk.example",
    ]


def test_a_run_goes_on_until_nothing_is_due_or_its_limit_is_reached(company: Company, mail_sink: MailSink) -> None:
    with transaction.atomic():
        send_many([new(company.agent) for _each in range(30)])
    assert deliver_due("test", limit=10).sent == 10
    assert deliver_due("test").sent == 20


def test_one_refused_recipient_is_tried_again_and_the_others_are_not(company: Company, mail_sink: MailSink) -> None:
    mail_sink.refused_recipients["agent@desk.example"] = "451 try later"
    refused, other = send(company.agent), send(company.chief)
    counts = deliver_due("test")
    assert (counts.sent, counts.retried) == (1, 1)
    assert refused.deliveries.get().last_error == "SMTP 451 try later"
    mail_sink.refused_recipients.clear()
    sooner()
    assert deliver_due("test").sent == 1
    assert [mail["To"] for mail in mail_sink.all()] == ["chief@desk.example", "agent@desk.example"]
    assert other.deliveries.get().attempts == 1


def test_a_final_refusal_is_not_tried_again(company: Company, mail_sink: MailSink) -> None:
    mail_sink.refused_recipients["agent@desk.example"] = "550 no such user"
    notice = send(company.agent)
    assert deliver_due("test").given_up == 1
    delivery = notice.deliveries.get()
    assert (delivery.state, delivery.attempts, delivery.last_error) == ("dead", 1, "SMTP 550 no such user")


def test_the_waiting_times_follow_the_schedule_within_a_fifth(company: Company, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    notice = send(company.agent)
    for expected in RETRY_SECONDS:
        sooner()
        assert deliver_due("test").retried == 1
        assert 0.79 * expected <= waits() <= 1.21 * expected
    sooner()
    assert deliver_due("test").given_up == 1
    delivery = notice.deliveries.get()
    assert (delivery.state, delivery.attempts) == ("dead", 6)
    assert "Refused" in delivery.last_error


@pytest.mark.parametrize("chance", [0.0, 0.5, 0.999])
def test_the_schedule_is_five_steps_and_then_nothing(chance: float) -> None:
    found = [retry_after(attempts, chance) for attempts in range(1, 7)]
    assert found[-1] is None
    for step, expected in zip(found, (5, 15, 45, 120, 300), strict=False):
        assert step == pytest.approx(expected * (0.8 + 0.4 * chance))


def test_a_hanging_server_counts_as_perhaps_arrived(company: Company, mail_sink: MailSink) -> None:
    mail_sink.hang = True
    notice = send(company.agent)
    assert deliver_due("test", seconds=1.5).retried == 1
    delivery = notice.deliveries.get()
    assert (delivery.state, delivery.repeat_possible) == ("pending", True)
    assert delivery.last_error == "No answer in time."


def test_a_connection_dropped_after_the_message_is_repeated_under_the_same_id(
    company: Company, mail_sink: MailSink
) -> None:
    mail_sink.answers = ["drop"]
    notice = send(company.agent)
    assert deliver_due("test").retried == 1
    sooner()
    assert deliver_due("test").sent == 1
    first, second = mail_sink.all()
    delivery = notice.deliveries.get()
    assert first["Message-ID"] == second["Message-ID"] == delivery.message_id
    assert delivery.repeat_possible is True


def test_given_up_after_an_attempt_that_may_have_arrived_is_unknown_not_dead(
    company: Company, mail_sink: MailSink
) -> None:
    notice = send(company.agent)
    mail_sink.answers = ["drop", "550 no"]
    deliver_due("test")
    sooner()
    deliver_due("test")
    assert notice.deliveries.get().state == "unknown"


def test_a_lost_lease_is_sent_again_with_the_same_message_id(company: Company, mail_sink: MailSink) -> None:
    notice = send(company.agent)
    lost = Dispatch("killed")
    lost._take_off = lambda row, fence: None  # type: ignore[method-assign]  # dies between claim and sending
    assert lost.launch(10) == 1
    lost.close()
    assert notice.deliveries.get().state == "sending"
    assert deliver_due("test").claimed == 0
    sooner()
    assert deliver_due("test").sent == 1
    delivery = notice.deliveries.get()
    assert (delivery.state, delivery.repeat_possible, delivery.fence) == ("sent", True, 2)
    assert [mail["Message-ID"] for mail in mail_sink.all()] == [delivery.message_id]


def test_a_zombie_that_was_overtaken_changes_nothing(company: Company, mail_sink: MailSink) -> None:
    notice = send(company.agent)
    zombie = Dispatch("zombie")
    claimed: list[tuple[int, int]] = []
    zombie._take_off = lambda row, fence: claimed.append((row.pk, fence))  # type: ignore[method-assign]
    zombie.launch(10)
    zombie.close()
    sooner()
    deliver_due("test")
    [(pk, fence)] = claimed
    before = Delivery.objects.filter(pk=pk).values().get()
    for state in ("sent", "pending", "dead"):
        assert mark([Outcome(pk, fence, state, error="late")]).overtaken == 1
    assert Delivery.objects.filter(pk=pk).values().get() == before
    assert notice.deliveries.get().state == "sent"


def test_a_letter_that_kills_its_sender_each_time_is_given_up(company: Company) -> None:
    notice = send(company.agent)
    Delivery.objects.update(state="sending", attempts=6, fence=6, lease_until=Now())
    sooner()
    assert deliver_due("test").claimed == 0
    delivery = notice.deliveries.get()
    assert (delivery.state, delivery.last_error) == ("unknown", "lease_expired")


def test_a_poisonous_notice_does_not_stop_the_rest(company: Company, mail_sink: MailSink) -> None:
    # %(subject)s of a failed delivery is drawn from the other notice's facts, which are missing here.
    poison = send(company.agent, kind="delivery_failed", facts={}, level="emergency")
    well = send(company.chief)
    counts = deliver_due("test")
    assert (counts.sent, counts.given_up) == (1, 1)
    assert "KeyError" in poison.deliveries.get().last_error
    assert well.deliveries.get().state == "sent"


def test_a_hung_mail_server_does_not_hold_up_the_webhook(
    company: Company, mail_sink: MailSink, web_sink: WebSink
) -> None:
    mail_sink.hang = True
    ChannelAddress.objects.create(kind="webhook", staff=company.agent, target=f"{web_sink.url}/hook")
    for _each in range(6):  # more than the lanes of e-mail
        send(company.agent)
    dispatch = Dispatch("test", seconds=60.0)
    dispatch.launch(100)
    started = time.monotonic()
    while Delivery.objects.filter(channel="webhook", state="sent").count() < 6 and time.monotonic() - started < 45:
        dispatch.wait(1.0)
        dispatch.land()
        dispatch.launch(100)
    assert Delivery.objects.filter(channel="webhook", state="sent").count() == 6
    assert Delivery.objects.filter(channel="email", state="sending").count() == 4
    assert Delivery.objects.filter(channel="email", state="pending").count() == 2
    dispatch.close()


def test_a_repeat_answered_while_it_waits_to_be_retried_is_not_sent(company: Company, mail_sink: MailSink) -> None:
    notice = send(company.agent, repeat_no=1, needs_ack=True)
    Notice.objects.filter(pk=notice.pk).update(stopped_at=Now())
    assert deliver_due("test").cancelled == 1
    assert mail_sink.all() == []
    assert notice.deliveries.get().state == "cancelled"


def test_D11_a_dead_letter_is_told_to_the_duty_manager_once(company: Company, mail_sink: MailSink) -> None:
    mail_sink.refused_recipients["agent@desk.example"] = "550 no such user"
    send(company.agent, level="emergency")
    deliver_due("test")
    assert escalate_failures() == 1
    assert escalate_failures() == 0
    told = Notice.objects.get(kind="delivery_failed")
    assert (told.recipient, told.level, told.needs_ack) == (company.manager, "emergency", True)
    deliver_due("test")
    [mail] = mail_sink.all()
    assert mail["Subject"].strip() == "[Emergency] Not delivered to 员工agent: Test notice"
    assert "SMTP 550" in part(mail, "plain")


def test_the_report_of_a_failure_is_not_reported_itself(company: Company, mail_sink: MailSink) -> None:
    mail_sink.refused_recipients = {f"{name}@desk.example": "550 no" for name in ("agent", "manager")}
    send(company.agent)
    for _round in range(4):
        deliver_due("test")
        escalate_failures()
    assert Notice.objects.filter(kind="delivery_failed").count() == 1
    assert Delivery.objects.undelivered().count() == 2


def test_the_duty_managers_own_dead_letter_goes_to_their_superior(company: Company, mail_sink: MailSink) -> None:
    mail_sink.refused_recipients["manager@desk.example"] = "550 no"
    company.manager.unit = company.section
    company.manager.save()
    send(company.manager)
    deliver_due("test")
    escalate_failures()
    told = Notice.objects.get(kind="delivery_failed")
    assert (told.recipient, told.instead_of) == (company.chief, company.manager)


def test_without_a_duty_manager_the_failure_stands_as_a_notice_to_nobody(company: Company) -> None:
    DutyShift.objects.all().delete()
    send(None)
    escalate_failures()
    assert Notice.objects.to_nobody().filter(kind="delivery_failed").count() == 1


def test_redrive_starts_again_under_the_same_key(company: Company, mail_sink: MailSink) -> None:
    mail_sink.refused_recipients["agent@desk.example"] = "550 no such user"
    notice = send(company.agent)
    deliver_due("test")
    escalate_failures()
    dead = notice.deliveries.get()
    with pytest.raises(NotAllowed):
        redrive(delivery=dead, actor=company.agent)
    mail_sink.refused_recipients.clear()
    redrive(delivery=dead, actor=company.supervisor)
    assert deliver_due("test").sent == 2  # the letter and the report of its failure
    again = notice.deliveries.get()
    assert (again.dedup_key, again.message_id, again.state) == (dead.dedup_key, dead.message_id, "sent")
    assert AuditEntry.objects.get(verb="notice.redrive").detail["was"] == "dead"
    with pytest.raises(Conflict):
        redrive(delivery=again, actor=company.supervisor)


def test_redrive_takes_the_address_that_was_missing(company: Company, mail_sink: MailSink) -> None:
    company.agent.email = ""
    company.agent.save()
    dead = send(company.agent).deliveries.get()
    with pytest.raises(Conflict) as refused:
        redrive(delivery=dead, actor=company.supervisor)
    assert refused.value.code == "no_address"
    company.agent.email = "new@desk.example"
    company.agent.save()
    redrive(delivery=dead, actor=company.supervisor)
    deliver_due("test")
    assert [mail["To"] for mail in mail_sink.all()] == ["new@desk.example"]


@pytest.mark.django_db(transaction=True)
def test_two_dispatchers_send_each_letter_once(mail_sink: MailSink) -> None:
    company = build()
    with transaction.atomic():
        send_many([new(company.agent) for _each in range(40)])
    totals: list[outbox.Counts] = []

    def run(name: str) -> None:
        try:
            totals.append(deliver_due(name))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[f"dispatch-{n}"]) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    ids = [mail["Message-ID"] for mail in mail_sink.all()]
    assert len(ids) == len(set(ids)) == 40
    assert sum(counts.sent for counts in totals) == 40
    assert not Delivery.objects.exclude(state=DeliveryState.SENT, fence=1, attempts=1).exists()


def test_the_celery_door_leaves_fresh_letters_to_the_dispatcher(company: Company, mail_sink: MailSink) -> None:
    notice = send(company.agent)
    celery_door()
    assert notice.deliveries.get().state == "pending"
    Delivery.objects.update(created_at=F("created_at") - timedelta(seconds=6))
    celery_door()
    delivery = notice.deliveries.get()
    assert (delivery.state, delivery.door) == ("sent", "celery")


def test_a_channel_with_nothing_to_send_does_not_read_the_queue_of_the_others(company: Company) -> None:
    """Five claims a turn: with a storm of letters waiting, those of the idle channels cost most of the time."""
    notice = send(company.agent)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO notices_delivery (notice_id, channel, dedup_key, message_id)"
            " SELECT %s, 'email', 'queue:' || g, '<' || g || '@desk>' FROM generate_series(1, 2000) g",
            [notice.pk],
        )
        cursor.execute("ANALYZE notices_delivery")
        claim: dict[str, Any] = {"door": "x", "lease": 60, "channel": "wecom", "age": 0, "most": 6, "limit": 4}
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {outbox._CLAIM}", claim)
        [(plan,)] = cursor.fetchall()
    assert "delivery_due_by_channel" in str(plan)
    assert plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"] <= 20
