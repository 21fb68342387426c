"""The request types that every desk begins with (C16, C8): what each asks, tells once, and which report closes it.

They are given once, to a desk that has none; a name that an administrator changed does not come back.
"""

from __future__ import annotations

from dataclasses import dataclass

from service_desk.audit.actions import record
from service_desk.cases.models import RequestField, RequestType
from service_desk.cases.rules import DemandedReport, FieldKind


@dataclass(frozen=True)
class Ask:
    """One field: key, Chinese and English label, kind, and what it needs."""

    key: str
    name: str
    english: str
    kind: str = FieldKind.TEXT
    required: bool = False
    choices: tuple[str, ...] = ()
    lowest: int | None = None
    highest: int | None = None
    help: str = ""


@dataclass(frozen=True)
class Type:
    """One request type; `line` None is every service line."""

    name: str
    english: str
    line: str | None
    asks: tuple[Ask, ...]
    materials: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    report: str = ""


TYPES = (
    Type(
        "故障申告", "Fault report", "telecom",
        (
            Ask("scope", "影响范围", "Scope", FieldKind.CHOICE, choices=("单用户", "单站", "多站", "全网")),
            Ask("since", "故障开始日期", "Faulty since", FieldKind.DATE),
            Ask("alarm", "告警信息", "Alarm", help="网管上的告警名称或代码"),
            Ask("access", "可远程接入", "Remote access possible", FieldKind.YES_NO),
        ),
        ("设备型号和软件版本", "故障发生时间和现象", "网管告警截图或日志", "现场联系人和电话"),
        ("值班工程师先远程定位", "需要时派工程师到现场", "恢复后电话回复，再说明原因"),
    ),
    Type(
        "现场技术支持", "On-site support", "telecom",
        (
            Ask("address", "现场地址", "Site address", required=True),
            Ask("wanted_on", "希望到场日期", "Wanted on", FieldKind.DATE, required=True),
            Ask("people", "进场人数", "People on site", FieldKind.NUMBER, lowest=1, highest=50),
            Ask("permit", "需要入场手续", "Entry permit needed", FieldKind.YES_NO),
        ),
        ("机房进出手续或入场许可", "陪同的值班人员姓名和电话", "设备清单和组网图"),
        ("确认到场时间和联系人", "工程师到场处理", "客户在技术服务报告上签字"),
        DemandedReport.SERVICE,
    ),
    Type(
        "版本升级", "Version upgrade", "telecom",
        (
            Ask("version_now", "现用版本", "Present version", required=True),
            Ask("version_new", "目标版本", "Target version", required=True),
            Ask("window", "计划升级日期", "Planned on", FieldKind.DATE, required=True),
            Ask("affects", "影响业务", "Affects service", FieldKind.YES_NO, required=True),
            Ask("network_elements", "网元数量", "Network elements", FieldKind.NUMBER, lowest=1, highest=9999),
        ),
        ("客户主管签字的现网操作申请", "升级方案和回退方案", "当前配置和数据备份"),
        ("提交方案，客户书面同意", "零点到四点之间升级，客户值班人员在场", "业务验证后提交《版本升级总结报告》"),
        DemandedReport.UPGRADE,
    ),
    Type(
        "配置变更", "Configuration change", "telecom",
        (
            Ask("change", "变更内容", "Change", required=True),
            Ask("risk", "风险等级", "Risk", FieldKind.CHOICE, required=True, choices=("低", "中", "高")),
            Ask("affects", "影响业务", "Affects service", FieldKind.YES_NO),
        ),
        ("变更申请单", "客户主管签字"),
        ("评估风险和时间窗口", "两名操作员核对后执行", "验证并回复客户"),
    ),
    Type(
        "开通服务", "New service", "telecom",
        (
            Ask("service", "开通业务", "Service", FieldKind.CHOICE, required=True,
                choices=("专线", "室内覆盖", "物联网卡", "其他")),
            Ask("bandwidth", "带宽（Mbit/s）", "Bandwidth (Mbit/s)", FieldKind.NUMBER, lowest=1, highest=400000),
            Ask("wanted_on", "希望开通日期", "Wanted on", FieldKind.DATE),
        ),
        ("单位营业执照复印件", "经办人身份证和授权书", "装机地址和接入条件说明"),
        ("核对资料并勘查现场", "施工和调测", "开通后客户确认签字"),
    ),
    Type(
        "报修（水电）", "Repair (water, power)", "property",
        (
            Ask("place", "报修位置", "Place", required=True, help="楼栋、单元、楼层、房号"),
            Ask("sort", "报修种类", "Sort", FieldKind.CHOICE, required=True,
                choices=("给水", "排水", "供电", "照明", "门窗", "其他")),
            Ask("inside", "入户维修", "Inside the home", FieldKind.YES_NO),
            Ask("visit_on", "方便上门日期", "Visit on", FieldKind.DATE),
        ),
        ("房号和联系电话", "入户维修需家中有人", "户内材料费由业主承担，按公示价目"),
        ("四小时内回复处理时间", "维修人员着工装、持工牌上门", "修好后业主在维修服务单上签字"),
    ),
    Type(
        "电梯故障", "Lift failure", "property",
        (
            Ask("lift", "电梯编号", "Lift", required=True, help="轿厢内铭牌上的编号"),
            Ask("trapped", "有人被困", "Somebody is trapped", FieldKind.YES_NO, required=True),
            Ask("trapped_people", "被困人数", "People trapped", FieldKind.NUMBER, lowest=0, highest=30),
        ),
        ("电梯位置和编号",),
        ("请被困人员不要扒门，保持通话", "三十分钟内到场救援", "停梯检查，恢复前张贴告示"),
    ),
    Type(
        "咨询", "Enquiry", None,
        (Ask("answer_by", "希望的回复方式", "Answer wanted by", FieldKind.CHOICE,
             choices=("电话", "电子邮件", "微信", "上门")),),
    ),
)  # fmt: skip


def load_request_types() -> None:
    """Give a desk that has no request types the shipped ones; afterwards they are the administrator's."""
    if RequestType.objects.exists():
        return
    for place, shipped in enumerate(TYPES, start=1):
        _add(shipped, place * 10)


def _add(shipped: Type, place: int) -> None:
    made = RequestType.objects.create(
        name=shipped.name,
        name_en=shipped.english,
        service_line_id=shipped.line,
        report=shipped.report,
        materials="\n".join(shipped.materials),
        steps="\n".join(shipped.steps),
        order=place,
    )
    RequestField.objects.bulk_create(
        RequestField(
            request_type=made,
            key=ask.key,
            name=ask.name,
            name_en=ask.english,
            kind=ask.kind,
            required=ask.required,
            choices="\n".join(ask.choices),
            lowest=ask.lowest,
            highest=ask.highest,
            help=ask.help,
            order=number * 10,
        )
        for number, ask in enumerate(shipped.asks, start=1)
    )
    record(verb="request_type.load", thing=f"request_type:{made.pk}", actor=None, door="command")
