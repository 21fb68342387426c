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
    person = _somebody(username, *roles, **fields)
    person.save()
    return person


def _somebody(username: str = "", *roles: str, **fields: Any) -> Staff:
    username = username or f"staff{next(_numbers)}"
    fields.setdefault("full_name", f"员工{username}")
    fields.setdefault("email", f"{username}@desk.example")
    person = Staff(username=username, roles=list(roles) or [Role.FRONT_DESK], **fields)
    person.set_unusable_password()
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
        "president": _somebody("president", Role.DEPARTMENT_HEAD, unit=company),
        "head": _somebody("head", Role.DEPARTMENT_HEAD, unit=department),
        "chief": _somebody("chief", Role.SUPERVISOR, unit=unit),
        "agent": _somebody("agent", Role.FRONT_DESK, unit=unit),
        "colleague": _somebody("colleague", Role.FRONT_DESK, unit=unit),
        "engineer": _somebody("engineer", Role.FIELD_ENGINEER, unit=unit),
        "manager": _somebody("manager", Role.SUPERVISOR, unit=department),
        "group": _somebody("group", Role.PRODUCT_EXPERT, unit=department),
        "gm_marketing": _somebody("gm_marketing", Role.GM_MARKETING, unit=company),
        "gm_product": _somebody("gm_product", Role.GM_PRODUCT, unit=company),
        "admin": _somebody("admin", Role.ADMINISTRATOR, unit=company),
        "auditor": _somebody("auditor", Role.AUDITOR, unit=company),
        "inspector": _somebody("inspector", Role.QUALITY_INSPECTOR, unit=company),
    }
    Staff.objects.bulk_create(people.values())  # thousands of tests begin with this: few statements
    company.department_head = people["president"]
    department.department_head = people["head"]
    unit.section_chief = people["chief"]
    Unit.objects.bulk_update([company, department, unit], ["department_head", "section_chief"])
    product = ProductType.objects.create(name="基站主设备", service_line=line)
    Qualification.objects.bulk_create(
        Qualification(staff=people[name], product_type=product) for name in ("agent", "engineer")
    )
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
    begins, ends = moment - timedelta(days=7), moment + timedelta(days=31)
    DutyShift.objects.bulk_create(
        DutyShift(role=role, staff=people[name], starts_at=begins, ends_at=ends) for role, name in who.items()
    )


def policies(line: ServiceLine) -> None:
    """The shipped telecom targets, in elapsed time, and the emergency ladder of C7."""
    wanted = [
        Policy(
            service_line=line,
            severity=severity,
            kind=kind,
            target_seconds=int(hours * 3600),
            may_pause=may_pause,
            steps=LADDER,
        )
        for severity, kind, hours, may_pause in (
            ("", "first_response", 0.5, False),
            ("critical", "restoration", 4, False),
            ("critical", "solution", 24, False),
            ("major", "restoration", 8, True),
            ("major", "solution", 48, True),
            ("minor", "solution", 120, True),
        )
    ]
    wanted += [
        Policy(service_line=line, kind=kind, target_seconds=seconds, steps=LADDERS[kind])
        for kind, seconds in (("hand_over", 1800), ("promise", 86400), ("consultation", 1800))
    ]
    wanted += [
        Policy(service_line=line, subject="phone", kind=kind, target_seconds=86400, steps=LADDERS[kind])
        for kind in ("registration", "promise")
    ]
    wanted.append(Policy(service_line=line, kind="emergency", target_seconds=4 * 3600, steps=EMERGENCY_LADDER))
    Policy.objects.bulk_create(wanted)


def shift_time(case: Case, **ago: float) -> None:
    """Move a case and its clocks into the past, in the database: time passes without sleeping."""
    shift(case, timedelta(**ago))
