"""Complaints as the tests need them, made by the product's own verbs."""

from __future__ import annotations

from typing import Any

from service_desk.complaints.actions import Acceptance, accept, decide, write_clear
from service_desk.complaints.models import Complaint
from service_desk.complaints.rules import FiveClear
from service_desk.deadlines.calendar_data import china_calendar
from service_desk.deadlines.models import Calendar, CalendarVersion
from service_desk.local.reference import load_complaint_policies
from tests.factories import World, world

SECRET = "客户投诉热线员态度恶劣"
WHO = "张投诉人"
PHONE = "13800138000"


def calendar() -> Calendar:
    """China's, with its holidays and make-up days."""
    made = Calendar.objects.create(name="中国工作日历")
    made.current = CalendarVersion.objects.create(
        calendar=made, number=1, data=china_calendar(range(2024, 2029)).to_json()
    )
    made.save()
    return made


def desk() -> World:
    """The company, with the policies of complaints."""
    here = world()
    load_complaint_policies(here.line.pk, calendar())
    return here


def complaint(here: World, actor: Any = None, **fields: Any) -> Complaint:
    """A complaint of the customer about a colleague, accepted by the agent."""
    given: dict[str, Any] = {
        "channel": "phone",
        "level": "ordinary",
        "matter": SECRET,
        "wanted": "书面道歉",
        "description": "来电时被挂断两次",
        "customer": here.customer,
        "name": WHO,
        "phone": PHONE,
        "address": "深圳市福田区福中三路一号",
    }
    if not any(name.startswith("about_") for name in fields):
        given["about_staff"] = here.colleague
    return accept(actor=actor or here.agent, data=Acceptance(**{**given, **fields}))


def fill(made: Complaint, actor: Any, *, without: str = "") -> None:
    """The five clears."""
    for clear in FiveClear:
        if clear != without:
            write_clear(complaint=made, actor=actor, clear=clear, text=f"做了：{clear}")


def decided(made: Complaint, actor: Any, finding: str = "substantiated") -> Complaint:
    """The open instance decided."""
    return decide(
        complaint=made,
        actor=actor,
        finding=finding,
        reasons="录音证实",
        remedy="当面道歉并补偿",
        reply="已向客户说明处理结果",
        channel="phone",
    )
