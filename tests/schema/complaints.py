"""Complaints at each step of their ladder, and what each operation on them takes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from service_desk.complaints import actions
from service_desk.complaints.models import Complaint
from service_desk.deadlines.clock import now
from service_desk.local.reference import load_complaint_policies
from tests.complaints.making import WHO, calendar, complaint, decided, fill
from tests.factories import World
from tests.schema.orders import Orders, order

_SAID = {"text": "已与客户核实"}
_DECISION = {"finding": "partly", "reasons": "录音", "remedy": "道歉", "reply": "已说明", "channel": "phone"}


def add(desk: World, orders: Orders) -> None:
    """The complaints, and the rows of their operations."""
    load_complaint_policies(desk.line.pk, calendar())
    fresh, referred, found, wide = (_accepted(desk) for _ in range(4))
    actions.identify(complaint=referred, actor=desk.chief, owner="12345", value="7", type="referral")
    later = now() + timedelta(days=3)
    fill(found, desk.chief)
    decided(found, desk.chief)
    mended = actions.correct(complaint=found, actor=desk.chief, owner=desk.chief, text="培训", due_at=later)
    actions.call_in(complaint=wide, actor=desk.chief, staff=desk.manager, text="协助核实")
    answered = found.case.number
    somebody: dict[str, Any] = {"staff": desk.engineer.pk, **_SAID}
    orders.add(
        {"complaints/{number}/": {"number": fresh.case.number}},
        {
            "POST complaints/": order(
                {"channel": "phone", "level": "ordinary", "matter": "仍漏水", "wanted": "重修", "name": WHO,
                 "phone": "13800138000", "about_service": "telecom"}
            ),
            "POST complaints/{number}/assign/": order({"owner": desk.manager.pk, **_SAID}),
            "POST complaints/{number}/call_in/": order(somebody),
            "POST complaints/{number}/let_go/": order(
                {"staff": desk.manager.pk, **_SAID}, by="manager", number=wide.case.number  # and so knows no more of it
            ),
            "POST complaints/{number}/concern/": order({"staff": desk.inspector.pk, **_SAID}),
            "POST complaints/{number}/clear/": order({"clear": "ask", **_SAID}),
            "POST complaints/{number}/correct/": order(
                {"owner": desk.chief.pk, "due_at": later.isoformat(), **_SAID}, number=answered
            ),
            "POST complaints/{number}/finish_correction/": order({"action": mended.pk, **_SAID}, number=answered),
            "POST complaints/{number}/satisfaction/": order({"satisfied": False, **_SAID}, number=answered),
            "POST complaints/{number}/decide/": order(_DECISION),
            "POST complaints/{number}/escalate/": order(_SAID),
            "POST complaints/{number}/identify/": order({"owner": "12315", "id": "2026112200017"}),
            "POST complaints/{number}/raise_level/": order({"level": "serious", **_SAID}),
            "POST complaints/{number}/regulator_time/": order(
                {"due_at": later.isoformat(), **_SAID}, number=referred.case.number
            ),
            "POST complaints/{number}/reveal/": order({"reason": "回访"}),
        },
    )  # fmt: skip
    _suggestions(desk, fresh, orders)


def _accepted(desk: World) -> Complaint:
    return complaint(desk, actor=desk.chief, about_service=desk.line)


def _suggestions(desk: World, made: Complaint, orders: Orders) -> None:
    later = now() + timedelta(days=2)
    sent, answered = (
        actions.suggest(case=made.case, actor=desk.chief, unit=desk.unit, text=text, due_at=later)
        for text in ("增加夜间值守", "增加窗口")
    )
    actions.answer(suggestion=answered, actor=desk.chief, text="下月起实行")
    orders.add(
        {"suggestions/{id}/": {"id": sent.pk}},
        {
            "POST suggestions/": order(
                {"case": made.case.number, "unit": desk.unit.pk, "text": "延长时间", "due_at": later.isoformat()}
            ),
            "POST suggestions/{id}/answer/": order(_SAID),
            "POST suggestions/{id}/return/": order(_SAID, id=answered.pk),
        },
    )
