"""Calls to register, messages, violations, clocks that may move, notices: the rooms around the cases."""

from __future__ import annotations

from service_desk.calls.actions import NewMessage, settle_as_exception, take_message
from service_desk.deadlines import applying
from service_desk.deadlines.actions import edit_policy
from service_desk.deadlines.clock import now
from service_desk.deadlines.models import Calendar, Policy
from service_desk.notices.actions import NewNotice, send_many
from service_desk.notices.models import Notice
from service_desk.quality import actions as quality
from service_desk.quality.models import Violation
from tests.calls.test_registration import phone_of, talk
from tests.factories import World
from tests.schema.orders import Orders, order

_WHY = {"reason": "录音核实"}


def add(desk: World, orders: Orders) -> None:
    """All of them, and the customers and people that were there before."""
    calls(desk, orders)
    violations(desk, orders)
    clocks(desk, orders)
    notice = NewNotice(
        dedup_key="schema:1", chain="schema", kind="test", level="info", recipient_id=desk.chief.pk, needs_ack=True
    )
    send_many([notice])
    orders.add(
        {
            "customers/{id}/": {"id": desk.customer.pk},
            "staff/{id}/": {"id": desk.chief.pk},
            "notices/{key}/": {"key": str(Notice.objects.get(dedup_key="schema:1").key)},
        },
        {"POST customers/": order({"name": "南山区图书馆"})},
    )


def calls(desk: World, orders: Orders) -> None:
    """A call to register and one that was, and a message for the supervisor."""
    phone = phone_of(desk)
    waiting, settled = talk(phone, call_id="c1"), talk(phone, call_id="c2")
    settle_as_exception(actor=desk.agent, call=settled, reason="wrong_number")
    asked = NewMessage(for_whom=desk.chief, from_name="李工", from_number="13800138000", matter="请回电")
    message = take_message(actor=desk.agent, data=asked)
    orders.add(
        {"registrations/{ref}/": {"ref": waiting.ref}, "messages/{id}/": {"id": message.pk}},
        {
            "POST registrations/{ref}/settle/": order({"settled_as": "exception", "reason": "wrong_number"}),
            "POST registrations/{ref}/undo/": order({"why": "登错"}, ref=settled.ref),
            "POST messages/": order({"for_whom": desk.colleague.pk, "from_name": "李工", "matter": "请回电"}),
            "POST messages/{id}/answer/": order({"outcome": "已回电"}),
        },
    )


def _reported(desk: World, source: str) -> Violation:
    offence = "missed_registration"
    return quality.report(
        actor=desk.inspector, offence=offence, person=desk.agent, happened_at=now(), source=source, detail="未登记"
    )


def violations(desk: World, orders: Orders) -> None:
    """One that is suspected, one that was verified, one that was objected to."""
    suspected, verified, objected = (_reported(desk, f"抽查 {number}") for number in (1, 2, 3))
    for violation in (verified, objected):
        quality.verify(violation=violation, actor=desk.inspector, reason="属实")
    quality.object_to(violation=objected, actor=desk.agent, text="当时系统停机")
    orders.add(
        {"violations/{id}/": {"id": suspected.pk}},
        {
            "POST violations/{id}/verify/": order(_WHY, by="inspector"),
            "POST violations/{id}/dismiss/": order(_WHY, by="inspector"),
            "POST violations/{id}/object/": order(_WHY, by="agent", id=verified.pk),
            "POST violations/{id}/answer/": order({"upheld": True, **_WHY}, by="inspector", id=objected.pk),
        },
    )


def clocks(desk: World, orders: Orders) -> None:
    """A policy that was changed, and the list of what it would move."""
    policy = Policy.objects.get(severity="minor", kind="solution", service_line=desk.line, subject="call")
    newer = edit_policy(policy=policy, changes={"target_seconds": 3600}, actor=desk.admin)
    listed = applying.preview_policy(policy=newer, actor=desk.admin)
    orders.add(
        {
            "clock-changes/{id}/": {"id": listed.pk},
            "policies/{id}/": {"id": newer.pk},
            "calendars/{id}/": {"id": Calendar.objects.earliest("pk").pk},
        },
        {
            "POST clock-changes/": order({"policy": newer.pk}, by="admin"),
            "GET clock-changes/{id}/": order(by="admin"),
            "POST clock-changes/{id}/apply/": order({"token": listed.token}, by="admin"),
        },
    )
