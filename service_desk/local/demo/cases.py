"""Some forty cases in every state, with clocks that run now: told step by step through the product's own verbs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from service_desk.cases import actions
from service_desk.cases.models import Case
from service_desk.cases.rules import number_of
from service_desk.customers.models import Customer
from service_desk.deadlines.clock import now
from service_desk.local.demo.organisation import Company
from service_desk.local.demo.past import advance, history_may_be_written
from service_desk.local.demo.reports import LIFT, SDH_RING, SOFTSWITCH, draft, moments, service_report, upgrade_summary
from service_desk.local.demo.requests import asked_of
from service_desk.notices.actions import acknowledge
from service_desk.notices.models import Delivery, Notice
from service_desk.notices.rules import DeliveryState

#: (minutes after the step before, verb, what the person says)
Step = tuple[float, str, dict[str, Any]]


@dataclass(frozen=True)
class Story:
    """One case: who called about what, when it was registered (minutes ago), and what was done then."""

    customer: str
    product: str
    fault: str
    severity: str
    by: str
    ago: float
    steps: tuple[Step, ...] = ()
    accepted_before: float = 0.0  # minutes between the call and its registration
    words: str = ""


def note(after: float, text: str) -> Step:
    """Somebody writes an internal note."""
    return (after, "note", {"text": text})


def tell(after: float, text: str) -> Step:
    """Somebody tells the customer."""
    return (after, "tell", {"text": text, "channel": "phone"})


def start(after: float = 6) -> Step:
    """Work begins."""
    return (after, "start", {})


def wait(after: float, waiting_for: str, text: str) -> Step:
    """The case waits."""
    return (after, "wait", {"waiting_for": waiting_for, "text": text})


def restore(after: float, text: str) -> Step:
    """Service is back."""
    return (after, "restore", {"text": text})


def resolve(after: float, outcome: str) -> Step:
    """The cause is gone."""
    return (after, "resolve", {"outcome": outcome})


def reply(after: float, text: str) -> Step:
    """The customer has the answer."""
    return (after, "reply", {"reply": text, "channel": "phone"})


def promise(after: float, text: str, minutes: float) -> Step:
    """The customer is promised something within so many minutes."""
    return (after, "promise", {"text": text, "due_in": minutes})


def keep(after: float, text: str) -> Step:
    """The open promise is done, late or in time."""
    return (after, "keep", {"text": text, "promise": None})


def hand_over(after: float, receiver: str, done: str, remaining: str, promised: str) -> Step:
    """The case is offered to somebody."""
    return (
        after,
        "hand_over",
        {"receiver": receiver, "done": done, "remaining": remaining, "promised": promised},
    )


def accept(after: float, by: str) -> Step:
    """Who was offered the case takes it."""
    return (after, "accept", {"as": by})


def ask(after: float, expert: str, text: str) -> Step:
    """An expert is asked for the grade."""
    return (after, "ask", {"expert": expert, "text": text})


def done(outcome: str, answer: str, *, minutes: float = 90) -> tuple[Step, ...]:
    """A whole life in a quiet case."""
    return (start(), resolve(minutes, outcome), reply(12, answer), (20, "close", {}))


#: Words of a step that name people.
_PEOPLE = frozenset({"as", "receiver", "expert"})
H, D = 60, 1440
STORIES: tuple[Story, ...] = (
    # Emergencies: one about to reach the general managers, one past them, one young, one over.
    Story("广东移动深圳", "GSM 基站", "福田 CBD 片区 12 个基站全部断站", "critical", "chenjing", 3 * H + 48,
          (start(), note(20, "远程登录 BSC，A 接口中继全部中断，已请无线产品子中心支持。"), tell(25, "已定位到传输侧，工程师 40 分钟内到现场。"),
           (40, "arrive", {"text": "冯波已到福田机房"}), note(55, "主用光缆被市政施工挖断，正在割接到备用路由。"))),
    Story("中国联通四川", "核心网软交换", "软交换双机倒换失败，成都高新区语音业务中断", "critical", "chenjing", 4 * H + 25,
          (start(3), note(15, "主备板均无心跳，已启动应急预案。"), tell(30, "产品子中心正在远程装载备份数据。"), note(80, "数据装载 62%。"))),
    Story("重庆长江轨道", "5G 室内分布系统", "六号线红旗河沟站站厅信号全无", "critical", "chenjing", 22, (start(4),)),
    Story("新疆维吾尔自", "SDH 传输设备", "乌鲁木齐至石河子 SDH 环双断，广播信号中断", "critical", "liufang", 2 * D + 3 * H,
          (start(5), tell(20, "工程师已出发。"), note(60, "风口路段积雪，抢修车绕行。"), (30, "arrive", {"text": "冯波已到 3 号接头井"}), restore(65, "倒换至微波备份，广播恢复。"),
           resolve(20 * H, "光缆接头盒进水，更换接头盒并重新熔接，环网恢复双向保护。"), reply(30, "故障已彻底处理，附光缆测试报告。"), service_report(10, "fengbo", "阿依古丽·买买提", SDH_RING), (15, "close", {}))),
    # At work, clocks running.
    Story("深圳市福田区", "IP 承载网路由器", "政务外网出口丢包率 8%", "major", "wuting", 6 * H + 20, (start(), note(40, "已抓包，怀疑上联光模块。"),
           hand_over(325, "chenjing", "已抓包，上联口 CRC 错包持续增长；已请客户保留日志。", "更换上联光模块并观察 30 分钟，确认丢包率归零。", "今天下班前给客户一个处理结果。"))),
    Story("招商银行股份", "IP 承载网路由器", "营业网点专线时断时续", "major", "chenjing", 9 * H, (start(), tell(30, "正在逐段排查。"), note(3 * H, "网点侧交换机端口错包持续增长。"),
           promise(300, "携带备用交换机到网点更换，并回电确认", 59))),
    Story("云南电网有限", "SDH 传输设备", "调度电话有杂音", "minor", "liufang", 2 * D, (start(), note(50, "请客户配合环回测试。"), wait(30, "customer", "等待客户安排夜间环回测试窗口"))),
    Story("四川大学华西", "5G 室内分布系统", "门诊楼二层扫码缴费卡顿", "major", "xulei", 3 * H, (start(10),)),
    Story("深圳宝安国际", "电梯", "T3 航站楼 7 号电梯困人，已解救，停梯待检", "major", "songyan", 4 * H,
          (start(4), (18, "arrive", {"text": "马俊到场"}), note(20, "门机皮带断裂。"), wait(40, "part", "门机皮带需从广州仓库调货，已告知客户"), draft(5, "majun", LIFT))),
    Story("翠竹苑小区业", "给排水系统", "3 栋负一层水泵房漏水", "critical", "songyan", 55, (start(3), (17, "arrive", {"text": "已到泵房，关闭进水总阀"}))),
    Story("碧海蓝天花园", "公共照明", "东门路灯三盏不亮", "minor", "songyan", 5 * H, (start(30),)),
    Story("翠竹苑小区业", "公共照明", "地下车库照明大面积闪烁", "minor", "songyan", 7 * H, (start(20), note(60, "疑似配电箱零线虚接。"))),
    Story("贵阳大数据交", "动力与环境监控", "UPS 电池组温度告警频繁", "minor", "yangyang", 3 * D, (start(), note(90, "远程调阅一周曲线，3 号电池偏高 6 ℃。"))),
    Story("重庆长江轨道", "动力与环境监控", "隧道区间水位传感器离线", "major", "yangyang", 11 * H, (start(), note(45, "传感器供电正常，通信板无响应。"),
           hand_over(30, "aygul", "远程复位通信板两次无效，供电 24 V 正常。", "预约夜间进隧道更换通信板。", "没有承诺。"), accept(14, "aygul"),
           (60, "note", {"as": "aygul", "text": "已与运营方约定 23:30 进场。"}))),
    Story("中铁二局集团", "GSM 基站", "GSM-R 基站覆盖边缘切换失败", "major", "liufang", 5 * H + 30, (start(), note(60, "正在比对邻区参数。"),
           promise(20, "一个半小时内回电告知原因", 90), keep(108, "回电晚了 18 分钟，已向客户致歉并说明邻区漏配。"))),
    Story("海南省三亚市", "5G 室内分布系统", "免税店收银区 5G 速率低", "minor", "xulei", D, (start(),)),
    Story("西藏自治区那", "IP 承载网路由器", "学校视频会议卡顿，海拔高设备降额运行请协助评估", "minor", "wuting", 4 * D, (start(), wait(60, "third_party", "等待当地运营商提供链路质量报告"))),
    # Came back after it was closed; reported twice.
    Story("金地名津 B", "给排水系统", "二楼卫生间顶面渗水", "minor", "songyan", 3 * D, (*done("楼上地漏接口老化，已更换并做闭水试验。", "渗水已处理。", minutes=3 * H),
           (2 * D, "reopen", {"text": "业主来电：雨后又有渗水，面积比上次小。", "fault_returned": True}), note(40, "已约楼上业主今天下午配合查看。"))),
    Story("招商银行股份", "IP 承载网路由器", "多个网点反映专线仍然中断", "major", "wuting", 21),
    # Fresh: nobody has started yet.
    Story("深圳宝安国际", "5G 室内分布系统", "国内到达层 3 个 RRU 告警", "major", "chenjing", 12),
    Story("金地名津 B", "给排水系统", "厨房下水反臭", "minor", "songyan", 25),
    Story("招商银行股份", "IP 承载网路由器", "咨询网点双上联改造方案", "enquiry", "chenjing", 40),
    Story("广东移动深圳", "5G 室内分布系统", "平安中心 48 层弱覆盖", "", "aygul", 18, words="受理人无该产品定级资格，待定级。",
          steps=(ask(7, "linfeng", "48 层整层速率低于 20 Mbps，约 200 人办公，可以用 4G。这种情况定严重还是一般？"),)),
    Story("云南电网有限", "SDH 传输设备", "请求提供设备年度巡检计划", "enquiry", "liufang", 33),
    # Restored, resolved, replied.
    Story("四川大学华西", "IP 承载网路由器", "住院部 HIS 终端全部离线", "critical", "chenjing", 7 * H,
          (start(3), note(15, "汇聚交换机堆叠分裂。"), restore(50, "隔离故障成员，住院部业务恢复。"), note(30, "备件已申请，今晚更换堆叠模块。"),
           hand_over(304, "liufang", "隔离故障成员后住院部业务已恢复，备件已在途。", "今晚 22 点配合信息科更换堆叠模块，换后做一次主备倒换。", "更换前 30 分钟电话通知信息科值班人员。"))),
    Story("深圳市福田区", "IP 承载网路由器", "视频会议室无法入会", "minor", "wuting", D + 2 * H, (start(), resolve(70, "NAT 会话表满，已调整老化时间。"))),
    Story("碧海蓝天花园", "电梯", "2 单元电梯异响", "minor", "songyan", D + 6 * H, (start(), resolve(4 * H, "导靴磨损，已更换并试运行。"), reply(15, "电梯已修好，请放心使用。"))),
    Story("贵阳大数据交", "IP 承载网路由器", "双出口策略路由不生效", "minor", "wuting", 2 * D, (start(), resolve(5 * H, "路由策略优先级写反，已更正。"))),
    # Closed, cancelled, registered late.
    Story("中国联通四川", "核心网软交换", "软交换版本升级 V300R002 至 V300R003", "minor", "chenjing", 3 * D,
          (start(), note(60, "方案和回退方案已审核，客户主管已签字。"), resolve(2600, "零点窗口内完成双机升级，业务验证通过。"), reply(20, "升级完成，业务正常。"),
           upgrade_summary(40, "fengbo", "网络部 王志远", SOFTSWITCH), (15, "close", {}))),
    Story("广东移动深圳", "GSM 基站", "莲花山基站驻波比告警", "minor", "chenjing", 5 * D, done("天馈接头进水，已更换并做防水。", "驻波比恢复至 1.2，告警消除。", minutes=5 * H)),
    Story("中国联通四川", "SDH 传输设备", "2M 业务误码", "minor", "liufang", 6 * D, done("DDF 架接头松动，已紧固。", "误码清零，观察 24 小时正常。")),
    Story("深圳宝安国际", "电梯", "T3 停车楼电梯按钮失灵", "minor", "songyan", 4 * D, done("按钮板更换。", "电梯按钮已更换。", minutes=3 * H)),
    Story("重庆长江轨道", "5G 室内分布系统", "站台覆盖测试申请", "enquiry", "xulei", 5 * D, done("测试报告已出。", "报告已发送至您的邮箱。", minutes=6 * H)),
    Story("招商银行股份", "IP 承载网路由器", "时钟同步偏差", "minor", "chenjing", 7 * D, done("NTP 服务器地址配置错误，已更正。", "时间已同步。")),
    Story("四川大学华西", "5G 室内分布系统", "新住院楼开通验收", "enquiry", "xulei", 6 * D, done("验收通过。", "验收单已签。", minutes=7 * H)),
    Story("海南省三亚市", "公共照明", "外立面灯光定时失准", "minor", "songyan", 3 * D, done("时控器电池更换。", "灯光已按时亮灭。", minutes=2 * H)),
    Story("新疆维吾尔自", "动力与环境监控", "机房门禁误报", "minor", "yangyang", 4 * D, done("门磁位移，重新安装。", "误报已消除。")),
    Story("翠竹苑小区业", "电梯", "1 栋电梯按钮灯不亮", "minor", "songyan", 5 * D, done("更换按钮灯。", "已修好，谢谢您的来电。", minutes=2 * H)),
    Story("中铁二局集团", "SDH 传输设备", "施工配合：光缆迁改割接咨询", "enquiry", "liufang", 7 * D, done("割接方案已评审。", "方案及风险提示已提交贵部。", minutes=8 * H)),
    Story("金地名津 B", "给排水系统", "水压不足", "minor", "songyan", 2 * D, ((30, "cancel", {"text": "与昨日同户报修重复，已并入前单处理"}),)),
    Story("西藏自治区那", "IP 承载网路由器", "链路中断（现场自行恢复）", "major", "wuting", 3 * D, ((8, "cancel", {"text": "客户来电：当地停电引起，来电后自行恢复，不需处理"}),)),
    Story("云南电网有限", "SDH 传输设备", "春城变光板告警，周末电话受理补登", "major", "liufang", D, (start(5), restore(30, "更换光板。")), accepted_before=27 * H),
    Story("广东移动深圳", "GSM 基站", "后海片区掉话率升高", "major", "liufang", 7 * H + 30, (start(), tell(45, "已安排夜间路测。"), note(2 * H, "频点 78 受外部干扰。"),
           promise(10, "一小时内回电告知排查进展", 60), keep(40, "已回电：锁定干扰源方向，今晚排查。"))),
    Story("深圳市福田区", "动力与环境监控", "机房空调高温告警", "major", "linfeng", 2 * H, (start(8), note(30, "压缩机过载保护。"))),
)  # fmt: skip


def build(company: Company, customers: dict[str, Customer]) -> Iterator[str]:
    """Write the cases, oldest first, so that the numbers of a day stand in order; yields each number."""
    for story in sorted(STORIES, key=lambda story: -story.ago):
        yield _tell(story, company, customers)
    _merge_twice_reported(company)
    _answer_some(company)
    Delivery.objects.filter(state=DeliveryState.PENDING).update(
        state=DeliveryState.SENT, sent_at=now(), attempts=1, fence=1
    )


def _tell(story: Story, company: Company, customers: dict[str, Customer]) -> str:
    actor = company.staff[story.by]
    customer = customers[story.customer]
    contact = customer.contacts.first()
    product = company.products[story.product]
    phone = customer.numbers.first()
    case = actions.register(
        actor=actor,
        data=actions.Registration(
            customer=customer,
            product_type=product,
            fault=story.fault,
            severity=story.severity or None,
            description=story.words,
            contact=contact,
            caller_name=contact.name if contact else "",
            caller_phone=phone.raw if phone else "",
            accepted_at=now() - timedelta(minutes=story.accepted_before) if story.accepted_before else None,
            **asked_of(story.fault, story.severity, product.service_line_id),
        ),
    )
    _number_by_its_day(case, now() - timedelta(minutes=story.ago))
    left = story.ago
    for after, verb, words in story.steps:
        advance(case, timedelta(minutes=after))
        left -= after
        act: Callable[..., Case] = getattr(actions, verb)
        said = _as_said(case, words, company, left)
        act(case=case, actor=said.pop("as", None) or _who(verb, actor, company), **said)
    advance(case, timedelta(minutes=max(left, 0)))
    case.refresh_from_db()
    return case.number


def _merge_twice_reported(company: Company) -> None:
    """What a branch and its head office reported is one matter (D5)."""
    twice, survivor = (Case.objects.get(fault=fault) for fault in ("多个网点反映专线仍然中断", "营业网点专线时断时续"))
    words = "总行与网点分别报障，同一条专线。"
    actions.merge(case=twice, actor=company.staff["wuting"], into=survivor.number, text=words)


def _as_said(case: Case, words: dict[str, Any], company: Company, left: float) -> dict[str, Any]:
    """What a step says, with people for their user names, a time for its minutes, and the promise it is about."""
    said: dict[str, Any] = {name: company.staff[value] if name in _PEOPLE else value for name, value in words.items()}
    if "due_in" in said:
        said["due_at"] = now() + timedelta(minutes=said.pop("due_in"))
    if "promise" in said:
        said["promise"] = case.promises.get(settled_at=None).pk
    if "data" in said:
        said["data"] = moments(said["data"], left)
    return said


def _who(verb: str, actor: Any, company: Company) -> Any:
    """Once work has started only somebody who leads cancels."""
    return actor if verb != "cancel" or actor.leads else company.staff["lina"]


def _number_by_its_day(case: Case, registered: datetime) -> None:
    """The number of the day on which the story begins, not of today."""
    day = registered.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    today = now().astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    if day == today:
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO cases_dailynumber AS d (day, last) VALUES (%s, 1)"
            " ON CONFLICT (day) DO UPDATE SET last = d.last + 1 RETURNING last",
            [day],
        )
        (ordinal,) = cursor.fetchone()
        with history_may_be_written():
            case.number = number_of(f"{day:%Y%m%d}", ordinal)
            Case.objects.filter(pk=case.pk).update(number=case.number)
            cursor.execute("UPDATE cases_dailynumber SET last = last - 1 WHERE day = %s", [today])


def _answer_some(company: Company) -> None:
    """Most notices that ask for an answer have one; the newest wait for whoever opens the desk."""
    fresh = now() - timedelta(minutes=30)
    for notice in Notice.objects.filter(
        needs_ack=True, acked_at=None, stopped_at=None, recipient__isnull=False, created_at__lt=fresh
    ).order_by("id"):
        if notice.recipient is not None and notice.slot != "gm_product":
            acknowledge(notice=notice, actor=notice.recipient, via="screen")
    # They answered a few minutes after they were told, not when this data was loaded.
    Notice.objects.filter(acked_at__isnull=False).update(acked_at=F("created_at") + timedelta(minutes=4))
