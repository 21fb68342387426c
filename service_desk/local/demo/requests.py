"""What the demo's callers asked for: the request type and answers of each story, and what was read back to them."""

from __future__ import annotations

from typing import Any

from service_desk.cases.models import RequestType
from service_desk.cases.rules import ReadBack

#: By the beginning of the fault; every other story is a plain fault report, repair or enquiry.
_ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "福田 CBD 片区": ("故障申告", {"scope": "多站", "alarm": "A 接口中继全阻", "access": True}),
    "软交换双机": ("故障申告", {"scope": "全网", "alarm": "主备板心跳丢失", "access": True}),
    "六号线红旗河沟": ("故障申告", {"scope": "单站", "access": False}),
    "政务外网出口": ("故障申告", {"scope": "全网", "access": True}),
    "3 栋负一层": ("报修（水电）", {"place": "3 栋负一层水泵房", "sort": "给水", "inside": False}),
    "东门路灯": ("报修（水电）", {"place": "东门主路", "sort": "照明", "inside": False}),
    "地下车库照明": ("报修（水电）", {"place": "地下车库 B1", "sort": "照明", "inside": False}),
    "厨房下水": ("报修（水电）", {"place": "5 栋 2 单元 1201", "sort": "排水", "inside": True}),
    "T3 航站楼 7 号电梯": ("电梯故障", {"lift": "T3-07", "trapped": True, "trapped_people": 3}),
    "2 单元电梯": ("电梯故障", {"lift": "2-1", "trapped": False}),
    "咨询网点双上联": ("配置变更", {"change": "网点双上联改造", "risk": "中", "affects": True}),
    "新住院楼开通": ("开通服务", {"service": "室内覆盖"}),
    "学校视频会议": (
        "现场技术支持",
        {"address": "那曲市色尼区浙江中路中心学校", "wanted_on": "2026-12-03", "people": 2},
    ),
    "软交换版本升级": (
        "版本升级",
        {
            "version_now": "V300R002C01SPC200",
            "version_new": "V300R003C00SPC100",
            "window": "2026-11-19",
            "affects": True,
        },
    ),
    "平安中心 48 层": ("故障申告", {"scope": "单站"}),
}
#: Stories in which the caller was gone before everything was read back.
_CUT_OFF = ("国内到达层", "链路中断")


def asked_of(fault: str, severity: str, line: str) -> dict[str, Any]:
    """The part of a registration that the caller's request brings."""
    name, values = next(((n, v) for begin, (n, v) in _ASKED.items() if fault.startswith(begin)), ("", {}))
    if not name:
        name = "咨询" if severity == "enquiry" else "故障申告" if line == "telecom" else ""
    cut_off = fault.startswith(_CUT_OFF)
    ticks = {fact: not cut_off or fact == ReadBack.PHONE for fact in ReadBack.values}
    request_type = RequestType.objects.filter(name=name).first() if name else None
    return {
        "request_type": request_type,
        "request_values": values if request_type else {},
        "told_once": request_type is not None and not cut_off,
        "read_back": ticks,
        "read_back_reason": "客户中途挂断" if cut_off else "",
    }
