"""The reports to the customer that the demo's engineers have written (C8): two submitted, one still a draft."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from service_desk.deadlines.clock import now

Step = tuple[float, str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Night:
    """So many minutes after the last midnight whose hours until four were over when the report was written."""

    minutes: int


def moments(data: dict[str, Any], left: float) -> dict[str, Any]:
    """The answers, with a time for each number of minutes ago; `left` minutes will still pass for the case."""
    written = now()
    local = (written - timedelta(minutes=left, hours=4)).astimezone(ZoneInfo(settings.TIME_ZONE))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(minutes=left)

    def moment(value: Any) -> Any:
        if isinstance(value, Night):
            return midnight + timedelta(minutes=value.minutes)
        return written - timedelta(minutes=value) if isinstance(value, int) else value

    return {key: moment(value) for key, value in data.items()}


def service_report(after: float, by: str, recipient: str, data: dict[str, Any]) -> Step:
    """The engineer gives the customer the technical service report."""
    words = {"as": by, "kind": "service_report", "channel": "visit", "recipient": recipient, "data": data}
    return (after, "submit_report", words)


def upgrade_summary(after: float, by: str, recipient: str, data: dict[str, Any]) -> Step:
    """The engineer sends the customer the version upgrade summary."""
    words = {"as": by, "kind": "upgrade_summary", "channel": "email", "recipient": recipient, "data": data}
    return (after, "submit_report", words)


def draft(after: float, by: str, data: dict[str, Any]) -> Step:
    """The engineer has begun to write."""
    return (after, "save_report", {"as": by, "kind": "service_report", "data": data})


#: Minutes stand for moments that long before the report was written.
SDH_RING: dict[str, Any] = {
    "customer": "新疆维吾尔自治区广播电视局",
    "site_address": "乌鲁木齐市达坂城区 312 国道 K4056 微波站至石河子段 3 号接头井",
    "contact": "阿依古丽·买买提",
    "engineers": "冯波、刘芳",
    "arrived_at": 1315,
    "left_at": 95,
    "symptom": "乌鲁木齐至石河子 SDH 环双断，广播信号中断，两端网元均上报 R-LOS 告警。",
    "found": "3 号接头井进水，接头盒内 12 芯光纤受潮，其中 4 芯衰耗大于 20 dB；另一方向因道路施工断缆，尚在抢修。",
    "done": "1. 将业务倒换至微波备份，广播信号恢复。\n2. 更换接头盒，重新熔接 12 芯，平均接头损耗 0.03 dB。\n"
    "3. 双向 OTDR 测试合格，环网恢复双向保护，观察 2 小时无告警。",
    "parts": [{"name": "帽式光缆接头盒 24 芯", "old_serial": "GJS-2019-0447", "new_serial": "GJS-2026-1183"}],
    "result": "solved",
    "remaining": "接头井井盖破损，已建议路政单位于本月底前更换。",
    "opinion": "风雪天抢修及时，处理彻底。",
    "signer": "阿依古丽·买买提",
}
SOFTSWITCH: dict[str, Any] = {
    "customer": "中国联通四川省分公司",
    "product": "核心网软交换",
    "old_version": "V300R002C01SPC200",
    "new_version": "V300R003C00SPC100",
    "planned_start": Night(0),
    "planned_end": Night(240),
    "actual_start": Night(5),
    "actual_end": Night(160),
    "approver": "网络部 王志远",
    "duty_staff": "张勇（核心网值班）、陈莉（传输值班）",
    "engineers": "林峰、冯波",
    "steps": "1. 备份主备板数据并校验\n2. 备板装载新版本，复位并同步\n3. 主备倒换，观察 30 分钟\n4. 原主板装载新版本\n5. 话务拨测",
    "checks_before": "告警为零；CPU 占用 23%；话务量 1.2 万次/小时；数据一致性校验通过。",
    "checks_after": "拨测 60 次全部接通；计费话单完整；告警为零；双机倒换时间 1.8 秒。",
    "rollback": "no",
    "result": "succeeded",
    "remaining": "",
    "signer": "王志远",
}
LIFT: dict[str, Any] = {
    "customer": "深圳宝安国际机场航站楼管理有限公司",
    "site_address": "深圳宝安国际机场 T3 航站楼出发层 7 号电梯",
    "engineers": "马俊",
    "symptom": "电梯困人，已解救，停梯待检。",
    "found": "门机皮带断裂，门锁回路断开。",
}
