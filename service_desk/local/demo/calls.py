"""Today's telephone calls of the demo company: told as a phone system tells them, some registered, a few not yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from service_desk.calls import actions
from service_desk.calls.actions import NewMessage
from service_desk.cases.models import Case
from service_desk.customers.models import Customer
from service_desk.deadlines.clock import now
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.rules import Door
from service_desk.local.demo.organisation import Company
from service_desk.notices.models import Delivery
from service_desk.notices.rules import DeliveryState
from service_desk.telephony.actions import NewIntegration, add_extension, create_integration, receive_event
from service_desk.telephony.models import Call, Integration
from service_desk.telephony.reading import read_event
from service_desk.telephony.rules import AuthMode

NAME = "总机（演示）"
#: Who sits at which extension.
EXTENSIONS = (
    ("8001", "chenjing"), ("8002", "liufang"), ("8003", "yangyang"), ("8011", "wuting"), ("8012", "xulei"),
    ("8013", "aygul"), ("8021", "songyan"),
)  # fmt: skip


@dataclass(frozen=True)
class Ring:
    """A call: how long ago (minutes), at which phone, from whom (a customer's name or a number), and what became of it."""

    ago: float
    phone: str
    caller: str
    rings: float = 6.0
    talked: int = 180
    hold: float = 0
    ended_by: str = "customer"
    became: str = ""  # case | an exemption | message | missed | '' is still to be registered


CALLS = (
    Ring(27 * 60, "8003", "13911112222", became=""),
    Ring(19 * 60, "8002", "广东移动深圳分公司网络运维中心", rings=11),
    Ring(460, "8001", "广东移动深圳分公司网络运维中心", became="case"),
    Ring(415, "8011", "招商银行股份有限公司深圳分行", rings=27, hold=42, became="case"),
    Ring(380, "8012", "13700001234", talked=12, became="wrong_number"),
    Ring(335, "8001", "深圳市福田区政务服务数据管理局", hold=14, became="case"),
    Ring(290, "8013", "新疆维吾尔自治区广播电视局乌鲁木齐传输台", rings=16, ended_by="agent", became="case"),
    Ring(240, "8002", "02886543210", talked=35, became="nuisance"),
    Ring(195, "8021", "13612345678", rings=31, talked=0, became="missed"),
    Ring(150, "8001", "重庆长江轨道交通运营有限公司", talked=95, became="message"),
    Ring(95, "8003", "13823456789", talked=240),
    Ring(48, "8001", "0755-8291 8888", rings=9, hold=65),
    Ring(20, "8011", "+86 138 8012 6677", talked=310),
)


def build(company: Company, customers: dict[str, Customer]) -> None:
    """Set the phone system up and let the day's calls come in, oldest first."""
    chief = company.staff["luopeng"]
    data = NewIntegration(name=NAME, auth_mode=AuthMode.SIGNED, silent_minutes=0)
    integration = create_integration(actor=chief, data=data).integration
    moment = now()
    for extension, username in EXTENSIONS:
        add_extension(
            actor=chief,
            integration=integration,
            extension=extension,
            staff=company.staff[username],
            valid_from=moment - timedelta(days=30),
        )
    for number, ring in enumerate(CALLS):
        call = _ring(integration, f"demo-{number:03d}", ring, moment, customers)
        _settle(call, ring, company, customers)
    sweep(Door.AUDITOR)
    Delivery.objects.filter(state=DeliveryState.PENDING).update(
        state=DeliveryState.SENT, sent_at=now(), attempts=1, fence=1
    )


@transaction.atomic
def _ring(integration: Integration, call_id: str, ring: Ring, moment: datetime, customers: dict[str, Customer]) -> Call:
    start = moment - timedelta(minutes=ring.ago)
    for kind, second, said in _told(ring, _number(ring.caller, customers)):
        item = {
            "id": f"{call_id}:{kind}",
            "type": f"call.{kind}",
            "timestamp": (start + timedelta(seconds=second)).isoformat(),
            "data": {"call_id": call_id, **said},
        }
        receive_event(integration=integration, event=read_event(item))
    # The desk heard of each as it happened: it is only told late, since it is told all at once.
    call = Call.objects.select_for_update().get(integration=integration, call_id=call_id)
    Call.objects.filter(pk=call.pk).update(heard_at=start, last_heard_at=start)
    call.refresh_from_db()
    actions.keep(call)
    return call


def _told(ring: Ring, number: str) -> Iterator[tuple[str, float, dict[str, Any]]]:
    """The events of the call, second by second."""
    yield (
        "ringing",
        0,
        {"direction": "inbound", "customer_number": number, "extension": ring.phone, "queue": "客户服务"},
    )
    if ring.became == "missed":
        yield "ended", ring.rings, {"ended_by": "customer", "cause": "abandoned"}
        return
    yield "answered", ring.rings, {"extension": ring.phone}
    if ring.hold:
        yield "held", ring.rings + 20, {}
        yield "resumed", ring.rings + 20 + ring.hold, {}
    yield "ended", ring.rings + ring.talked + ring.hold, {"ended_by": ring.ended_by, "cause": "normal"}


def _number(caller: str, customers: dict[str, Customer]) -> str:
    known = customers[caller[:6]].numbers.first() if caller[:6] in customers else None
    return known.raw if known is not None else caller


def _settle(call: Call, ring: Ring, company: Company, customers: dict[str, Customer]) -> None:
    agent: Any = company.staff[dict(EXTENSIONS)[ring.phone]]
    if ring.became == "case":
        case = Case.objects.visible_to(agent).filter(customer=customers[ring.caller[:6]]).order_by("-id").first()
        if case is not None:
            actions.settle_as_case(actor=agent, call=call, case=case)
    elif ring.became == "message":
        contact = customers[ring.caller[:6]].contacts.first()
        message = NewMessage(
            for_whom=company.staff["linfeng"],
            from_name=contact.name if contact else ring.caller[:20],
            from_number=call.customer_number,
            matter="询问隧道段 5G 室分系统扩容方案的评审结论，请林工回电。",
            call_back_by=now() + timedelta(hours=2),
            customer=customers[ring.caller[:6]],
        )
        actions.take_message(actor=agent, data=message, call=call)
    elif ring.became not in ("", "missed"):
        actions.settle_as_exception(actor=agent, call=call, reason=ring.became)
