"""A small company and its customers, as the tests need them; built by the product's own models and verbs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

from service_desk.cases.actions import Registration, register
from service_desk.cases.models import Case
from service_desk.customers.models import Customer
from service_desk.deadlines.clock import now
from service_desk.deadlines.models import Policy
from service_desk.local.demo.past import shift
from service_desk.local.reference import EMERGENCY_LADDER, LADDER, LADDERS
from service_desk.people.models import DutyShift, ProductType, Qualification, ServiceLine, Staff, Unit
from service_desk.people.rules import DutyRole, Role, UnitKind

PASSWORD = "correct horse battery"
_numbers = count(1)


def staff(username: str = "", *roles: str, **fields: Any) -> Staff:
    """A member of staff, front desk unless said otherwise."""
    username = username or f"staff{next(_numbers)}"
    fields.setdefault("full_name", f"员工{username}")
    fields.setdefault("email", f"{username}@desk.example")
    person = Staff(username=username, roles=list(roles) or [Role.FRONT_DESK], **fields)
    person.set_unusable_password()
    person.save()
    return person


@dataclass
class World:
    """A company with a chief, a head, both general managers, a full roster, one product and one customer."""

    line: ServiceLine
    product: ProductType
    customer: Customer
    unit: Unit
    people: dict[str, Staff] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Staff:
        try:
            person: Staff = self.__dict__["people"][name]
        except KeyError:
            raise AttributeError(name) from None
        return person

    def register(self, actor: Staff | None = None, **fields: Any) -> Case:
        """Register a case the way every door does."""
        fields.setdefault("fault", "整站断站")
        actor = actor or self.agent
        return register(actor=actor, data=Registration(customer=self.customer, product_type=self.product, **fields))


def world() -> World:
    """Build it."""
    line = ServiceLine.objects.create(code="telecom", name="通信", name_en="Telecom")
    company = Unit.objects.create(name="华信通服", kind=UnitKind.COMPANY)
    department = Unit.objects.create(name="客户服务部", kind=UnitKind.DEPARTMENT, parent=company)
    unit = Unit.objects.create(name="热线一科", kind=UnitKind.SECTION, parent=department)
    people = {
        "president": staff("president", Role.DEPARTMENT_HEAD, unit=company),
        "head": staff("head", Role.DEPARTMENT_HEAD, unit=department),
        "chief": staff("chief", Role.SUPERVISOR, unit=unit),
        "agent": staff("agent", Role.FRONT_DESK, unit=unit),
        "colleague": staff("colleague", Role.FRONT_DESK, unit=unit),
        "engineer": staff("engineer", Role.FIELD_ENGINEER, unit=unit),
        "manager": staff("manager", Role.SUPERVISOR, unit=department),
        "group": staff("group", Role.PRODUCT_EXPERT, unit=department),
        "gm_marketing": staff("gm_marketing", Role.GM_MARKETING, unit=company),
        "gm_product": staff("gm_product", Role.GM_PRODUCT, unit=company),
        "admin": staff("admin", Role.ADMINISTRATOR, unit=company),
        "auditor": staff("auditor", Role.AUDITOR, unit=company),
        "inspector": staff("inspector", Role.QUALITY_INSPECTOR, unit=company),
    }
    company.department_head = people["president"]
    department.department_head = people["head"]
    unit.section_chief = people["chief"]
    for place in (company, department, unit):
        place.save()
    product = ProductType.objects.create(name="基站主设备", service_line=line)
    for name in ("agent", "engineer"):
        Qualification.objects.create(staff=people[name], product_type=product)
    customer = Customer.objects.create(name="深圳市福田区政务服务中心")
    roster(people)
    policies(line)
    return World(line=line, product=product, customer=customer, unit=unit, people=people)


def roster(people: dict[str, Staff]) -> None:
    """Somebody on duty for every role, from a week ago to next month."""
    moment = now()
    who = {
        DutyRole.HOTLINE: "agent",
        DutyRole.FIELD_ENGINEER: "engineer",
        DutyRole.PRODUCT_EXPERT: "group",
        DutyRole.DUTY_MANAGER: "manager",
        DutyRole.EMERGENCY_GROUP: "group",
        DutyRole.GM_MARKETING: "gm_marketing",
        DutyRole.GM_PRODUCT: "gm_product",
    }
    for role, name in who.items():
        DutyShift.objects.create(
            role=role, staff=people[name], starts_at=moment - timedelta(days=7), ends_at=moment + timedelta(days=31)
        )


def policies(line: ServiceLine) -> None:
    """The shipped telecom targets, in elapsed time, and the emergency ladder of C7."""
    for severity, kind, hours, may_pause in (
        ("", "first_response", 0.5, False),
        ("critical", "restoration", 4, False),
        ("critical", "solution", 24, False),
        ("major", "restoration", 8, True),
        ("major", "solution", 48, True),
        ("minor", "solution", 120, True),
    ):
        Policy.objects.create(
            service_line=line,
            severity=severity,
            kind=kind,
            target_seconds=int(hours * 3600),
            may_pause=may_pause,
            steps=LADDER,
        )
    for kind, seconds in (("hand_over", 1800), ("promise", 86400), ("consultation", 1800)):
        Policy.objects.create(service_line=line, severity="", kind=kind, target_seconds=seconds, steps=LADDERS[kind])
    for kind in ("registration", "promise"):
        Policy.objects.create(
            service_line=line, subject="phone", severity="", kind=kind, target_seconds=86400, steps=LADDERS[kind]
        )
    Policy.objects.create(
        service_line=line, severity="", kind="emergency", target_seconds=4 * 3600, steps=EMERGENCY_LADDER
    )


def shift_time(case: Case, **ago: float) -> None:
    """Move a case and its clocks into the past, in the database: time passes without sleeping."""
    shift(case, timedelta(**ago))
