"""Six complaints of the demo company at different stages, told through the product's own verbs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from service_desk.cases import actions as moves
from service_desk.cases.models import Case
from service_desk.complaints import actions
from service_desk.complaints.actions import Acceptance, Identifier
from service_desk.complaints.models import Complaint, ComplaintNumber, Instance
from service_desk.deadlines.clock import now
from service_desk.local.demo.organisation import Company
from service_desk.local.demo.past import advance, history_may_be_written
from service_desk.people.models import Unit

#: (minutes after the step before, what is done to the complaint)
Step = tuple[float, Callable[[Complaint, Company], Any]]
H, D = 60.0, 24 * 60.0


@dataclass(frozen=True)
class Story:
    """One complaint: who accepted what, when (minutes ago), and what was done then."""

    by: str
    ago: float
    given: dict[str, Any]
    steps: tuple[Step, ...] = ()
    names: dict[str, str] = field(default_factory=dict)  # what is looked up: about_staff, about_unit, customer …


def clear(after: float, which: str, text: str, by: str) -> Step:
    """An entry of the working sheet."""
    return (after, lambda made, company: actions.write_clear(
        complaint=made, actor=company.staff[by], clear=which, text=text))  # fmt: skip


def five(by: str, *texts: str) -> tuple[Step, ...]:
    """All five, some minutes apart."""
    names = ("listen", "ask", "follow", "reply", "record")
    return tuple(clear(4, which, text, by) for which, text in zip(names, texts, strict=True))


def decide(after: float, finding: str, reasons: str, remedy: str, reply: str) -> Step:
    """Whoever has the open instance decides it."""

    def act(made: Complaint, _company: Company) -> None:
        owner = Instance.objects.get(complaint=made.pk, decided_at=None, passed_on_at=None)
        first = owner.kind == "complaint"
        actor = Case.objects.get(pk=made.pk).handler if first else owner.owner
        actions.decide(
            complaint=made, actor=actor, finding=finding, reasons=reasons, remedy=remedy, reply=reply, channel="phone"
        )

    return (after, act)


def dissatisfied(after: float, text: str, by: str, onward: str) -> Step:
    """The complainant does not accept the answer, and it goes to the next instance."""

    def act(made: Complaint, company: Company) -> None:
        actions.satisfaction(complaint=made, actor=company.staff[by], satisfied=False, text=text)
        actions.escalate(complaint=made, actor=company.staff[by], text=onward)

    return (after, act)


def satisfied(after: float, text: str, by: str) -> Step:
    """The complainant accepts the answer."""
    return (after, lambda made, company: actions.satisfaction(
        complaint=made, actor=company.staff[by], satisfied=True, text=text))  # fmt: skip


def move(after: float, verb: str, by: str, **said: Any) -> Step:
    """A move of the case."""
    return (after, lambda made, company: getattr(moves, verb)(
        case=Case.objects.get(pk=made.pk), actor=company.staff[by], **said))  # fmt: skip


def correct(after: float, owner: str, text: str, days: float) -> Step:
    """Whoever decided last sets a corrective action."""

    def act(made: Complaint, company: Company) -> None:
        decided = made.instances.exclude(decided_at=None).latest("pk")
        due = now() + timedelta(days=days)
        actions.correct(complaint=made, actor=decided.owner, owner=company.staff[owner], text=text, due_at=due)

    return (after, act)


STORIES = (
    Story(
        "songyan",
        6 * D,
        {
            "channel": "phone", "level": "ordinary", "matter": "报修电梯后无人回电", "name": "周建华", "phone": "13923456781",
            "address": "深圳市福田区景田北街 12 号 3 栋 802", "wanted": "说明原因并告知维修时间",
            "description": "业主两天前报修三号电梯异响，一直没有人回电。",
        },
        (
            move(5, "start", "songyan"),
            *five("songyan", "认真听完业主陈述，未打断。", "核对楼栋、报修时间与电话。", "查明派工单漏派，已补派。",
                  "电话答复：今日 16 时前完成检修。", "登记投诉记录并关联派工单。"),
            move(30, "arrive", "songyan", text="维修员到场检查导轨。"),
            move(5, "tell", "songyan", text="已到场，预计一小时内完成检修。", channel="phone"),
            decide(60, "partly", "派工单漏派属实，电话记录显示曾回拨一次未接通。", "补派维修并致电说明。", "已致电说明原因，电梯检修完成。"),
            satisfied(30, "可以接受。", "songyan"),
            move(5, "resolve", "songyan", outcome="电梯检修完成，漏派原因已说明。"),
            move(5, "reply", "songyan", reply="已致电说明，业主认可。", channel="phone"),
            correct(5, "songyan", "派工单每日 10 时、16 时对账一次。", 10),
        ),
        {"about_product": "电梯"},
    ),
    Story(
        "wuting",
        3 * D,
        {
            "channel": "12345", "level": "serious", "matter": "专线中断后多次被转接", "name": "李先生", "phone": "13822223344",
            "wanted": "书面答复并减免当月费用", "description": "12345 转办：专线中断期间来电四次，每次都要重新说明。",
        },
        (
            move(6, "start", "wuting"),
            *five("wuting", "听取诉求，记录四次来电时间。", "向 12345 核对诉求与联系方式。", "调取通话记录与工单。",
                  "已联系投诉人，说明处理时限。", "归档录音与工单编号。"),
            move(30, "tell", "wuting", text="已受理 12345 转办件，五个工作日内书面答复。", channel="phone"),
            decide(20 * H, "unfounded", "工单显示每次来电均有记录。", "向投诉人解释流程。", "已电话解释。"),
            dissatisfied(4 * H, "不接受：确实被转了四次。", "wuting", "投诉人要求上级复核。"),
        ),
        {"about_product": "IP 承载网路由器"},
    ),
    Story(
        "xulei",
        5 * H,
        {
            "channel": "wechat", "level": "ordinary", "matter": "热线坐席语气生硬", "name": "刘女士", "phone": "13711112222",
            "wanted": "当面道歉", "description": "客户称坐席打断讲话，并说“这不归我管”。",
        },
        (
            move(8, "start", "xulei"),
            clear(5, "listen", "听客户讲完，致歉。", "xulei"),
            clear(5, "ask", "核对来电时间与号码。", "xulei"),
            move(20, "tell", "xulei", text="已调取录音，今天 18 时前回复您。", channel="wechat"),
        ),
        {"about_staff": "yangyang"},
    ),
    Story(
        "liufang",
        90,
        {
            "channel": "phone", "level": "major", "matter": "基站施工挖断小区水管", "name": "陈主任", "phone": "075526772892",
            "address": "深圳市南山区后海大道 88 号物业服务中心", "wanted": "立即抢修并赔偿损失",
            "description": "施工挖断主水管，三栋楼停水，有住户拍摄视频准备发布。",
        },
        (move(3, "start", "liufang"), clear(2, "listen", "听清现场情况，确认无人受伤。", "liufang")),
        {"about_unit": "深圳代表处"},
    ),
    Story(
        "chenjing",
        9 * D,
        {
            "channel": "letter", "level": "serious", "matter": "基站噪声扰民长期未解决", "name": "何女士", "phone": "13612345678",
            "address": "成都市锦江区春熙路 6 号 1 单元 1103", "wanted": "更换低噪风扇并公示检测结果",
            "description": "来信反映楼顶基站夜间噪声，三个月内反映两次未果。",
        },
        (
            move(6, "start", "chenjing"),
            *five("chenjing", "完整阅读来信并致电听取说明。", "核对楼栋、时段与既往工单。", "安排夜间噪声检测。",
                  "回信告知检测安排。", "来信、检测报告归档。"),
            move(60, "tell", "chenjing", text="已安排本周夜间检测。", channel="phone"),
            decide(2 * D, "partly", "夜间噪声 46 分贝，略超标准。", "加装消音罩。", "已书面答复。"),
            dissatisfied(6 * H, "消音罩无效，要求更换风扇。", "chenjing", "投诉人要求升级处理。"),
            decide(2 * D, "substantiated", "复测 47 分贝，消音罩未达效果。", "一周内更换低噪风扇。", "已当面答复并致歉。"),
            correct(30, "linfeng", "全市同型号站点风扇排查。", 20),
            dissatisfied(1 * D, "要求公示检测结果。", "chenjing", "投诉人提出申诉。"),
        ),
        {"about_product": "GSM 基站"},
    ),
)  # fmt: skip


def build(company: Company) -> None:
    """Write them, oldest first; and a suggestion that came with a call."""
    for story in sorted(STORIES, key=lambda story: -story.ago):
        _tell(story, company)
    case = Case.objects.filter(kind="call", state="in_progress", handler__username="chenjing").order_by("pk").first()
    if case is not None:
        actions.suggest(
            case=case,
            actor=company.staff["chenjing"],
            unit=Unit.objects.get(name="热线受理一科"),
            text="建议在夜间割接前一天短信通知各网点联系人。",
            due_at=now() + timedelta(days=2),
        )


def _tell(story: Story, company: Company) -> None:
    made = actions.accept(actor=company.staff[story.by], data=Acceptance(**story.given, **_looked_up(story, company)))
    case = Case.objects.get(pk=made.pk)
    _number_by_its_day(case, now() - timedelta(minutes=story.ago))
    left = story.ago
    for after, act in story.steps:
        advance(case, timedelta(minutes=after))
        left -= after
        act(Complaint.objects.select_related("case").get(pk=made.pk), company)
    advance(case, timedelta(minutes=max(left, 0)))


def _looked_up(story: Story, company: Company) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in story.names.items():
        if name == "about_staff":
            found[name] = company.staff[value]
        elif name == "about_unit":
            found[name] = Unit.objects.get(name=value)
        else:
            found[name] = company.products[value]
    if story.given["channel"] == "12345":
        found["identifiers"] = [Identifier("深圳市 12345", "SZ2026112000831", "转办件")]
        found["regulator_due_at"] = now() + timedelta(days=10)
    if story.ago < 3 * H:
        found["next_reply_at"] = now() + timedelta(minutes=story.ago + 2 * H)
    return found


def _number_by_its_day(case: Case, accepted: datetime) -> None:
    """The number of the day on which the story begins, not of today."""
    zone = ZoneInfo(settings.TIME_ZONE)
    day, today = accepted.astimezone(zone).date(), now().astimezone(zone).date()
    if day == today:
        return
    with transaction.atomic():
        row, _made = ComplaintNumber.objects.select_for_update().get_or_create(day=day)
        row.last += 1
        row.save()
        with history_may_be_written():
            case.number = f"CMP-{day:%Y%m%d}-{row.last:04d}"
            Case.objects.filter(pk=case.pk).update(number=case.number)
            ComplaintNumber.objects.filter(day=today).update(last=_last_of(today))


def _last_of(day: Any) -> int:
    """The highest number that is still of this day."""
    numbers = Case.objects.filter(number__startswith=f"CMP-{day:%Y%m%d}-").values_list("number", flat=True)
    return max((int(number.rpartition("-")[2]) for number in numbers), default=0)
