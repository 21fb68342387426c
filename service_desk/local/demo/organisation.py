"""The demo company 华信通服: units with chiefs, staff of every role, products, qualifications, a duty roster."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.hashers import make_password

from service_desk.people.models import Absence, DutyShift, ProductType, Qualification, ServiceLine, Staff, Unit
from service_desk.people.rules import DutyRole, Role, UnitKind

#: name, kind, belongs to
UNITS = (
    ("华信通服科技有限公司", UnitKind.COMPANY, None),
    ("营销事业部", UnitKind.DEPARTMENT, "华信通服科技有限公司"),
    ("产品事业部", UnitKind.DEPARTMENT, "华信通服科技有限公司"),
    ("客户服务部", UnitKind.DEPARTMENT, "华信通服科技有限公司"),
    ("热线受理一科", UnitKind.SECTION, "客户服务部"),
    ("热线受理二科", UnitKind.SECTION, "客户服务部"),
    ("无线产品子中心", UnitKind.PRODUCT_CENTRE, "产品事业部"),
    ("传输与数据产品子中心", UnitKind.PRODUCT_CENTRE, "产品事业部"),
    ("深圳代表处", UnitKind.FIELD_OFFICE, "营销事业部"),
    ("成都代表处", UnitKind.FIELD_OFFICE, "营销事业部"),
    ("乌鲁木齐代表处", UnitKind.FIELD_OFFICE, "营销事业部"),
    ("物业服务中心", UnitKind.SECTION, "客户服务部"),
)
#: user name, name, unit, roles
STAFF = (
    ("zhaoguoqiang", "赵国强", "华信通服科技有限公司", [Role.DEPARTMENT_HEAD]),
    ("sunlihua", "孙丽华", "营销事业部", [Role.GM_MARKETING, Role.DEPARTMENT_HEAD]),
    ("zhoujianming", "周建明", "产品事业部", [Role.GM_PRODUCT, Role.DEPARTMENT_HEAD]),
    ("wangxiuying", "王秀英", "客户服务部", [Role.DEPARTMENT_HEAD]),
    ("lina", "李娜", "热线受理一科", [Role.SUPERVISOR]),
    ("chenjing", "陈静", "热线受理一科", [Role.FRONT_DESK]),
    ("liufang", "刘芳", "热线受理一科", [Role.FRONT_DESK]),
    ("yangyang", "杨洋", "热线受理一科", [Role.FRONT_DESK]),
    ("huangmin", "黄敏", "热线受理二科", [Role.SUPERVISOR]),
    ("wuting", "吴婷", "热线受理二科", [Role.FRONT_DESK]),
    ("xulei", "徐磊", "热线受理二科", [Role.FRONT_DESK]),
    ("aygul", "阿依古丽·买买提", "热线受理二科", [Role.FRONT_DESK]),
    ("zhangwei", "张伟", "无线产品子中心", [Role.PRODUCT_EXPERT, Role.SUPERVISOR]),
    ("linfeng", "林峰", "无线产品子中心", [Role.PRODUCT_EXPERT]),
    ("hexue", "何雪", "传输与数据产品子中心", [Role.PRODUCT_EXPERT, Role.SUPERVISOR]),
    ("guoliang", "郭亮", "传输与数据产品子中心", [Role.PRODUCT_EXPERT]),
    ("tangtao", "唐涛", "深圳代表处", [Role.FIELD_ENGINEER, Role.SUPERVISOR]),
    ("fengbo", "冯波", "深圳代表处", [Role.FIELD_ENGINEER]),
    ("dengchao", "邓超", "成都代表处", [Role.FIELD_ENGINEER, Role.SUPERVISOR]),
    ("penghao", "彭浩", "成都代表处", [Role.FIELD_ENGINEER]),
    ("yibulayin", "伊布拉音·卡德尔", "乌鲁木齐代表处", [Role.FIELD_ENGINEER, Role.SUPERVISOR]),
    ("majun", "马俊", "物业服务中心", [Role.SUPERVISOR, Role.FIELD_ENGINEER]),
    ("songyan", "宋燕", "物业服务中心", [Role.FRONT_DESK]),
    ("gaoxin", "高欣", "客户服务部", [Role.QUALITY_INSPECTOR]),
    ("luopeng", "罗鹏", "客户服务部", [Role.ADMINISTRATOR]),
    ("xiehong", "谢红", "华信通服科技有限公司", [Role.AUDITOR]),
)
#: unit, section chief, department head
CHIEFS = (
    ("华信通服科技有限公司", None, "zhaoguoqiang"),
    ("营销事业部", None, "sunlihua"),
    ("产品事业部", None, "zhoujianming"),
    ("客户服务部", None, "wangxiuying"),
    ("热线受理一科", "lina", None),
    ("热线受理二科", "huangmin", None),
    ("无线产品子中心", "zhangwei", None),
    ("传输与数据产品子中心", "hexue", None),
    ("深圳代表处", "tangtao", None),
    ("成都代表处", "dengchao", None),
    ("乌鲁木齐代表处", "yibulayin", None),
    ("物业服务中心", "majun", None),
)
#: name, service line, product centre, who may grade its faults
PRODUCTS = (
    (
        "GSM 基站",
        "telecom",
        "无线产品子中心",
        ("chenjing", "liufang", "wuting", "zhangwei", "linfeng", "fengbo", "tangtao"),
    ),
    (
        "5G 室内分布系统",
        "telecom",
        "无线产品子中心",
        ("chenjing", "xulei", "zhangwei", "linfeng", "penghao", "dengchao"),
    ),
    (
        "SDH 传输设备",
        "telecom",
        "传输与数据产品子中心",
        ("liufang", "yangyang", "hexue", "guoliang", "fengbo", "yibulayin"),
    ),
    (
        "IP 承载网路由器",
        "telecom",
        "传输与数据产品子中心",
        ("chenjing", "wuting", "xulei", "hexue", "guoliang", "tangtao"),
    ),
    ("核心网软交换", "telecom", "传输与数据产品子中心", ("chenjing", "hexue", "guoliang")),
    ("动力与环境监控", "telecom", "无线产品子中心", ("yangyang", "aygul", "linfeng", "dengchao", "yibulayin")),
    ("电梯", "property", None, ("songyan", "majun", "chenjing")),
    ("给排水系统", "property", None, ("songyan", "majun", "liufang")),
    ("公共照明", "property", None, ("songyan", "majun")),
)
#: duty, who takes turns by day
TURNS = (
    (DutyRole.HOTLINE, ("chenjing", "liufang", "wuting", "xulei")),
    (DutyRole.FIELD_ENGINEER, ("fengbo", "penghao", "tangtao")),
    (DutyRole.PRODUCT_EXPERT, ("linfeng", "guoliang")),
    (DutyRole.DUTY_MANAGER, ("lina", "huangmin")),
    (DutyRole.EMERGENCY_GROUP, ("zhangwei", "hexue")),
    (DutyRole.GM_MARKETING, ("sunlihua",)),
    (DutyRole.GM_PRODUCT, ("zhoujianming",)),
)
#: A demo roster reaches this many days ahead; one evening is left open, so that the gap is seen.
DAYS_BEHIND, DAYS_AHEAD, GAP_DAY = 8, 28, 9


@dataclass
class Company:
    """What the demo's cases are told with."""

    staff: dict[str, Staff] = field(default_factory=dict)
    products: dict[str, ProductType] = field(default_factory=dict)


def build(password: str, moment: datetime) -> Company:
    """Write the organisation; `moment` is the database's now."""
    units = _units()
    staff = _staff(units, password)
    for name, chief, head in CHIEFS:
        unit = units[name]
        unit.section_chief = staff.get(chief or "")
        unit.department_head = staff.get(head or "")
        unit.save()
    products = _products(units, staff)
    _roster(staff, moment)
    Absence.objects.create(
        staff=staff["yangyang"],
        starts_at=moment - timedelta(days=1),
        ends_at=moment + timedelta(days=4),
        deputy=staff["liufang"],
        reason="年休假",
    )
    return Company(staff, products)


def _units() -> dict[str, Unit]:
    units: dict[str, Unit] = {}
    for name, kind, parent in UNITS:
        units[name] = Unit.objects.create(name=name, kind=kind, parent=units.get(parent or ""))
    return units


def _staff(units: dict[str, Unit], password: str) -> dict[str, Staff]:
    hashed = make_password(password)  # once: argon2 is meant to be slow
    people = [
        Staff(
            username=username,
            full_name=name,
            unit=units[unit],
            roles=list(roles),
            email=f"{username}@huaxin.example",
            mobile=f"1380755{number:04d}",
            password=hashed,
        )
        for number, (username, name, unit, roles) in enumerate(STAFF, start=2101)
    ]
    return {person.username: person for person in Staff.objects.bulk_create(people)}


def _products(units: dict[str, Unit], staff: dict[str, Staff]) -> dict[str, ProductType]:
    products: dict[str, ProductType] = {}
    lines = ServiceLine.objects.in_bulk()
    for name, line, centre, qualified in PRODUCTS:
        products[name] = ProductType.objects.create(name=name, service_line=lines[line], centre=units.get(centre or ""))
        Qualification.objects.bulk_create(
            [Qualification(staff=staff[username], product_type=products[name]) for username in qualified]
        )
    return products


def _roster(staff: dict[str, Staff], moment: datetime) -> None:
    """Days from 08:30 to 08:30 in the desk's zone, turn by turn."""
    zone = ZoneInfo(settings.TIME_ZONE)
    today = moment.astimezone(zone).date()
    shifts: list[Any] = []
    for role, turns in TURNS:
        for offset in range(-DAYS_BEHIND, DAYS_AHEAD):
            starts = datetime.combine(today + timedelta(days=offset), time(8, 30), zone)
            ends = datetime.combine(today + timedelta(days=offset + 1), time(8, 30), zone)
            if role == DutyRole.FIELD_ENGINEER and offset == GAP_DAY:
                ends = datetime.combine(starts.date(), time(20, 0), zone)
            person = staff[turns[(offset + DAYS_BEHIND) % len(turns)]]
            shifts.append(DutyShift(role=role, staff=person, starts_at=starts, ends_at=ends))
    DutyShift.objects.bulk_create(shifts)
