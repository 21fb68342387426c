"""One statement writes a batch and all its ways out: each once, none forgotten."""

from __future__ import annotations

import pytest
from django.db import transaction

from service_desk.notices.actions import choose_mailbox, send_many
from service_desk.notices.models import ChannelAddress, Delivery, Notice
from service_desk.people.models import Staff
from tests.notices.conftest import Company, new, send


def channels(notice: Notice) -> list[tuple[str, str]]:
    return sorted(notice.deliveries.values_list("channel", "state"))


def test_a_notice_is_written_once_whatever_is_sent_again(company: Company) -> None:
    one, other = new(company.agent), new(company.chief)
    with transaction.atomic():
        assert len(send_many([one, other, one])) == 2
        assert send_many([one, other]) == []
    assert Notice.objects.count() == 2
    assert Delivery.objects.count() == 2


def test_numbers_come_back_in_order_and_facts_survive(company: Company) -> None:
    batch = [new(company.agent, facts={"customer": f'客户 "{n}" \\ \''}) for n in range(5)]
    with transaction.atomic():
        ids = send_many(batch)
    rows = list(Notice.objects.filter(pk__in=ids).order_by("pk"))
    assert ids == [row.pk for row in rows]
    assert [row.facts["customer"] for row in rows] == [each.facts["customer"] for each in batch]


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_written() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        send_many([])
    assert Notice.objects.count() == 0


def test_email_needs_no_address_row(company: Company) -> None:
    notice = send(company.agent)
    delivery = notice.deliveries.get()
    assert (delivery.channel, delivery.target, delivery.state) == ("email", "agent@desk.example", "pending")
    assert delivery.dedup_key == f"{notice.dedup_key}:email"
    assert delivery.message_id.startswith("<")
    assert delivery.message_id.endswith("@localhost>")


def test_a_mailbox_of_ones_own_and_a_level_are_respected(company: Company) -> None:
    choose_mailbox(actor=company.agent, target="home@example.com", min_level="breach", enabled=True)
    assert send(company.agent, level="breach").deliveries.get().target == "home@example.com"
    assert channels(send(company.agent, level="warning")) == []


def test_D11_an_emergency_goes_to_email_whatever_is_switched_off(company: Company) -> None:
    choose_mailbox(actor=company.agent, target="", min_level="emergency", enabled=False)
    assert channels(send(company.agent, level="breach")) == []
    emergency = send(company.agent, level="emergency")
    assert emergency.deliveries.get().target == "agent@desk.example"


def test_D11_a_grave_notice_without_any_mailbox_is_a_dead_letter(company: Company) -> None:
    Staff.objects.filter(pk=company.agent.pk).update(email="")
    assert channels(send(company.agent, level="info")) == []
    grave = send(company.agent, level="breach")
    assert grave.deliveries.get().last_error == "no_address"
    assert channels(send(company.agent, level="info", needs_ack=True)) == [("email", "dead")]


def test_D10_nobody_found_still_makes_a_row(company: Company) -> None:
    notice = send(None, slot="gm_marketing")
    assert channels(notice) == [("email", "dead")]
    assert notice.deliveries.get().last_error == "no_recipient"
    assert list(Notice.objects.to_nobody()) == [notice]


def test_own_robots_get_what_is_grave_enough(company: Company) -> None:
    ChannelAddress.objects.create(kind="wecom", staff=company.agent, target="wecombot://abc", min_level="breach")
    ChannelAddress.objects.create(kind="feishu", staff=company.agent, target="feishu://abc", enabled=False)
    assert channels(send(company.agent, level="warning")) == [("email", "pending")]
    assert channels(send(company.agent, level="breach")) == [("email", "pending"), ("wecom", "pending")]


def test_a_groups_robot_is_told_each_step_once(company: Company) -> None:
    ChannelAddress.objects.create(kind="dingtalk", target="dingtalk://abc")
    with transaction.atomic():
        send_many(
            [
                new(company.agent, slot="gm_marketing", chain="clock:1:1:due:gm_marketing"),
                new(company.chief, slot="gm_product", chain="clock:1:1:due:gm_product"),
                new(company.chief, slot="gm_product", chain="clock:1:1:late:gm_product"),
            ]
        )
    assert Delivery.objects.filter(channel="dingtalk").count() == 2
    assert Delivery.objects.filter(channel="email").count() == 3


def test_a_units_robot_hears_of_its_own_people_alone(company: Company) -> None:
    ChannelAddress.objects.create(kind="feishu", unit=company.section, target="feishu://abc")
    assert ("feishu", "pending") in channels(send(company.agent))
    assert channels(send(company.outsider)) == [("email", "pending")]


def test_P6_a_private_notice_stays_off_the_robots_of_groups(company: Company) -> None:
    ChannelAddress.objects.create(kind="feishu", unit=company.section, target="feishu://abc")
    ChannelAddress.objects.create(kind="wecom", target="wecombot://abc")
    ChannelAddress.objects.create(kind="dingtalk", staff=company.agent, target="dingtalk://abc")
    assert channels(send(company.agent, private=True)) == [("dingtalk", "pending"), ("email", "pending")]


def test_an_emergency_overtakes_a_queue_of_lesser_matters(company: Company) -> None:
    first, second = send(company.agent, level="info"), send(company.agent, level="emergency")
    order = list(Delivery.objects.order_by("next_attempt_at", "id").values_list("notice_id", flat=True))
    assert order == [second.pk, first.pk]


def test_only_what_is_to_be_acknowledged_repeats(company: Company) -> None:
    assert send(company.agent).next_repeat_at is None
    repeating = send(company.agent, needs_ack=True, repeat_seconds=900)
    assert repeating.next_repeat_at is not None
    assert (repeating.next_repeat_at - repeating.created_at).total_seconds() == pytest.approx(900, abs=0.01)
