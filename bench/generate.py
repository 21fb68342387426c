"""Fills an empty desk with many cases in minutes: every row as the product's own verbs would have left it.

The ladders come from the product's own planner, on a grid of acceptance times; the rest is drawn in SQL. Triggers
are off while history is written, in the way of `local.demo.past`; constraints hold throughout.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, connections, transaction
from psycopg2.extras import execute_values

from bench import statements
from service_desk.cases.actions.moving import policies_for
from service_desk.cases.models import Case
from service_desk.cases.rules import CaseKind, Severity
from service_desk.customers.models import Contact, Customer, PhoneNumber
from service_desk.customers.rules import grams, initials
from service_desk.deadlines.actions import as_json, planned
from service_desk.deadlines.clock import now
from service_desk.deadlines.rules import ClockKind
from service_desk.local import reference
from service_desk.local.demo import customers as demo_customers
from service_desk.local.demo import organisation
from service_desk.local.demo.past import history_may_be_written
from service_desk.people.directory import Directory
from service_desk.people.models import ProductType, Qualification, Staff
from service_desk.people.rules import Role

SEED = 20261121
CUSTOMERS = 20_000
OPEN_SHARE = 0.87
CHUNK = 20_000
#: No step of a generated clock comes this soon after the generation, so that what is measured is what was meant.
#: Ten minutes more than what `desks.freshen` asks for: a desk just made has nothing stale in it.
QUIET = timedelta(hours=2, minutes=10)
_EDGE = timedelta(minutes=5)  # steps that came just before the present would be undecided while it is written
OPEN_MOMENTS, ENDED_MOMENTS = 600, 700
_YOUNG, _OLD = timedelta(hours=4, minutes=30), timedelta(hours=34)
# fmt: off
_PLACES = ("深圳市南山区", "成都市武侯区", "重庆市渝中区", "昆明市官渡区",
           "贵阳市云岩区", "长沙市岳麓区", "西安市雁塔区", "乌鲁木齐市天山区")
_KINDS = ("第一中学", "人民医院", "电力公司", "政务中心", "花园小区",
          "轨道交通", "商业银行", "物流园", "科技大厦", "广播电视台")
#: One fault in three is the commonest: its words are in a third of all cases.
_FAULTS = (*("整站断站",) * 8, "单站断站告警", "小区退服", "单板告警", "光口误码", "用户无法上网", "语音单通",
           "电源模块故障", "丢包严重", "传输中断", "水管漏水", "照明不亮", "电梯困人",
           "空调不制冷", "门禁失灵", "时钟失步", "驻波比告警")
#: What descriptions are put together from: each case draws one of each.
_WORDS = {
    "opening": ("客户来电反映", "值班员来电称", "客户投诉说", "巡检时发现", "监控中心通报"),
    "when": ("今天早上八点左右", "昨晚十一点以后", "中午开始", "雷雨过后", "割接完成之后",
             "从上周五起断断续续", "刚才"),
    "where": ("科技园北区机房", "滨海大道基站", "地铁三号线控制中心", "老城区汇聚点", "住院部二楼弱电井",
              "图书馆地下室", "物流园七号仓库", "花园小区十二栋", "变电站值班室", "新校区综合楼",
              "会展中心主会场", "高铁站候车厅"),
    "symptom": ("指示灯全红", "网管上看不到设备", "风扇异响并有焦味", "重启后仍未恢复", "信号时有时无",
                "端口反复上下电", "误码持续增长", "电池放电时间过短", "页面提示连接超时", "主备倒换失败",
                "接头处渗水", "声音断续听不清"),
    "effect": ("影响周边三个小区", "约两百户无法使用", "暂不影响业务", "急诊挂号停止", "视频会议无法召开",
               "货物不能出库"),
    "wish": ("请尽快派人处理", "希望今天之内恢复", "请先电话联系再上门", "要求书面说明原因", "请带备件到现场"),
    "surname": tuple("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"),
    "given": tuple("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华建国志文玉兰红春梅鹏宇浩凯晨曦雨欣"),
}
# fmt: on


@dataclass(frozen=True)
class Made:
    """What a generation made and how long each part took, in seconds."""

    rows: dict[str, int]
    seconds: dict[str, float]


def generate(*, cases: int, customers: int = CUSTOMERS, tell: Callable[[str], None]) -> Made:
    """Fill the empty, migrated database that Django is connected to."""
    seconds: dict[str, float] = {}
    for name, work in (
        ("organisation", lambda: _organisation(customers)),
        ("plans", _plans_and_lists),
        ("draw", lambda: _draw(cases)),
        ("rows", lambda: _write(cases, tell)),
        ("words", _index_words),
        ("vacuum", _tidy),
    ):
        began = time.monotonic()
        work()
        seconds[name] = time.monotonic() - began
        tell(f"{name}: {seconds[name]:.1f} s")
    return Made(counts(), seconds)


def counts() -> dict[str, int]:
    """How many rows of each sort there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM cases_case), (SELECT count(*) FROM cases_case WHERE ended_at IS NULL),"
            " (SELECT count(*) FROM cases_casedeadline),"
            " (SELECT count(*) FROM cases_casedeadline WHERE state = 'running' AND next_at IS NOT NULL),"
            " (SELECT count(*) FROM cases_caseclockevent), (SELECT count(*) FROM cases_caseevent),"
            " (SELECT count(*) FROM audit_auditentry), (SELECT count(*) FROM notices_notice)"
        )
        names = ("cases", "open cases", "clocks", "clocks with a step ahead", "clock events", "timeline entries",
                 "audit entries", "notices")  # fmt: skip
        return dict(zip(names, cursor.fetchone(), strict=True))


def _organisation(customers: int) -> None:
    reference.load()
    company = organisation.build("not-used-by-the-bench", now())
    demo_customers.build(company.products)
    with transaction.atomic(), history_may_be_written(), connection.cursor() as cursor:
        # The shipped policies were in force when the oldest case came in, else the auditor would pass it over.
        cursor.execute("UPDATE deadlines_policy SET created_at = created_at - interval '3 years'")
    names = [_name(number) for number in range(customers)]
    made = Customer.objects.bulk_create(
        [Customer(name=name, initials=initials(name), grams=grams(name), region=name[:3]) for name in names], 2_000
    )
    contacts = Contact.objects.bulk_create([Contact(customer=unit, name="值班员") for unit in made], 5_000)
    PhoneNumber.objects.bulk_create(
        [
            PhoneNumber(customer=contact.customer, contact=contact, raw=_mobile(number), e164=f"+86{_mobile(number)}")
            for number, contact in enumerate(contacts)
        ],
        5_000,
    )


def _name(number: int) -> str:
    return f"{_PLACES[number % len(_PLACES)]}{_KINDS[number // len(_PLACES) % len(_KINDS)]}{number:05d}"


def _mobile(number: int) -> str:
    return f"139{number:08d}"


def _plans_and_lists() -> None:
    """Write what the draws choose from."""
    moment = now()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statements.PREPARE)
        _lists(cursor)
        moments, plans = [], []
        for line, severity, wanted in _combinations():
            for number, at, is_open, ladders in _acceptances(wanted, moment):
                moments.append([line, severity, is_open, number, at])
                plans += [[number, line, severity, *ladder] for ladder in ladders]
        execute_values(
            cursor,
            "INSERT INTO bench_moment (line, severity, open, moment, at, ordinal) SELECT v.*,"
            " row_number() OVER (PARTITION BY line, severity, open ORDER BY moment) - 1"
            " FROM (VALUES %s) AS v(line, severity, open, moment, at)",
            moments,
            page_size=len(moments),
        )
        row = "(%s,%s,%s,%s,%s,%s,%s,%s,%s::jsonb,%s)"
        execute_values(cursor, "INSERT INTO bench_plan VALUES %s", plans, row, 5_000)
        cursor.execute("CREATE INDEX ON bench_plan (moment, line, severity)")
        for table in ("customer", "product", "fault", "told", "moment", "plan"):
            cursor.execute(f"ANALYZE bench_{table}")


def _lists(cursor: Any) -> None:
    cursor.execute(
        "INSERT INTO bench_customer SELECT row_number() OVER (ORDER BY u.id) - 1, u.id, u.name, k.id, n.raw, n.e164"
        " FROM customers_customer u JOIN customers_contact k ON k.customer_id = u.id"
        " JOIN customers_phonenumber n ON n.contact_id = k.id"
    )
    desk = {person.pk for person in Staff.objects.with_role(Role.FRONT_DESK)}
    qualified: dict[int, set[int]] = {}
    for product_id, person in Qualification.objects.values_list("product_type_id", "staff_id"):
        qualified.setdefault(product_id, set()).add(person)
    products = [
        [ordinal, product.pk, product.name, product.service_line_id, sorted(desk & qualified[product.pk])]
        for ordinal, product in enumerate(ProductType.objects.order_by("pk"))
    ]
    execute_values(cursor, "INSERT INTO bench_product VALUES %s", products)
    execute_values(cursor, "INSERT INTO bench_fault VALUES %s", list(enumerate(_FAULTS)))
    directory = Directory.load()
    slots = {step["slots"][0] for step in (*reference.LADDER, *reference.EMERGENCY_LADDER)}
    told = [
        [person, slot, directory.resolve(slot, {"handler": person, "first_responder": person}).staff_id]
        for person in desk
        for slot in slots
    ]
    execute_values(cursor, "INSERT INTO bench_told VALUES %s", told)


def _combinations() -> Iterator[tuple[str, str, list[Any]]]:
    for line, _name, _english in reference.LINES:
        for severity in ("", *Severity.values):
            wanted = policies_for(Case(service_line_id=line, kind=CaseKind.CALL), severity)
            yield line, severity, [p for p in wanted if p.kind != ClockKind.EMERGENCY or severity == Severity.CRITICAL]


def _acceptances(policies: list[Any], moment: datetime) -> Iterator[tuple[int, datetime, bool, list[list[Any]]]]:
    """Times at which a case may have been accepted, with the ladders of its clocks."""
    for number, (at, is_open) in enumerate(_grid(moment)):
        made = [(policy, planned(policy, at)) for policy in policies]
        if is_open and any(-_EDGE < step.at - moment < QUIET for _, plan in made for step in plan.steps):
            continue
        yield (
            number,
            at,
            is_open,
            [
                [
                    policy.kind,
                    policy.pk,
                    policy.calendar.current_id if policy.calendar else None,
                    policy.may_pause,
                    plan.due_at,
                    json.dumps(as_json(plan)),
                    [step.at for step in plan.steps],
                ]
                for policy, plan in made
            ],
        )


def _grid(moment: datetime) -> Iterator[tuple[datetime, bool]]:
    """Acceptance times: of open cases three quarters from the last hours, of ended ones two years."""
    young = OPEN_MOMENTS * 3 // 4
    for number in range(OPEN_MOMENTS):
        if number < young:
            yield moment - timedelta(minutes=20) - (_YOUNG * number / young), True
        else:
            yield moment - _YOUNG - (_OLD * (number - young) / (OPEN_MOMENTS - young)), True
    for number in range(ENDED_MOMENTS):
        yield moment - timedelta(days=10) - timedelta(days=720) * number / ENDED_MOMENTS, False


def _draw(cases: int) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '256MB'")
        cursor.execute("SELECT (SELECT count(*) FROM bench_product), (SELECT count(*) FROM bench_customer)")
        products, customers = cursor.fetchone()
        cursor.execute(statements.FORGET_WORDS)
        cursor.execute(
            statements.DRAW,
            {
                "cases": cases,
                "seed": SEED,
                "open_share": OPEN_SHARE,
                "products": products,
                "customers": customers,
                "faults": len(_FAULTS),
                "moment": now(),
                "zone": settings.TIME_ZONE,
            },
        )


def _write(cases: int, tell: Callable[[str], None]) -> None:
    """Two connections write chunk after chunk; each chunk is one transaction."""
    moment = now()
    chunks = [(first, min(first + CHUNK - 1, cases)) for first in range(1, cases + 1, CHUNK)]
    words = {name: list(choice) for name, choice in _WORDS.items()}
    began = time.monotonic()

    def write(chunk: tuple[int, int]) -> int:
        try:
            with transaction.atomic(), history_may_be_written(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL synchronous_commit = off; SET LOCAL work_mem = '128MB'")
                given = {"first": chunk[0], "last": chunk[1], "moment": moment, "seed": SEED, **words}
                for statement in statements.CHUNK:
                    cursor.execute(statement, given)
        finally:
            connections.close_all()
        return chunk[1] - chunk[0] + 1

    done = 0
    with ThreadPoolExecutor(2) as pool:
        for count in pool.map(write, chunks):
            done += count
            spent = time.monotonic() - began
            tell(f"{done:,} of {cases:,} cases, {spent:.0f} s, about {spent / done * (cases - done):.0f} s to go")
    with connection.cursor() as cursor:
        cursor.execute(statements.FINISH)


def _index_words() -> None:
    """The index of words in one go: row by row it takes longer than everything else together."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL maintenance_work_mem = '1GB'; SET LOCAL max_parallel_maintenance_workers = 1")
        cursor.execute(statements.INDEX_WORDS)


def _tidy() -> None:
    """What autovacuum would have done long ago on a desk that grew over two years."""
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("CHECKPOINT")
