"""Complete reports to the customer, as the tests of reports need them."""

from __future__ import annotations

from typing import Any

from service_desk.cases import actions
from service_desk.cases.models import Case, CustomerReport

SERVICE: dict[str, Any] = {
    "customer": "深圳市福田区政务服务中心",
    "site_address": "深圳市福田区福中三路 1006 号 B 座 3 楼机房",
    "contact": "李工",
    "engineers": "冯波、周建明",
    "arrived_at": "2026-11-20T01:30:00+00:00",
    "left_at": "2026-11-20T04:15:00+00:00",
    "symptom": "政务外网出口丢包率 8%",
    "found": "上联光模块光衰过大，CRC 错包持续增长。",
    "done": "更换上联光模块并观察 30 分钟。\n丢包率归零。",
    "parts": [{"name": "SFP-10G-LR 光模块", "old_serial": "2102311A", "new_serial": "2102398K"}],
    "result": "solved",
    "remaining": "",
    "opinion": "处理及时，满意。",
    "signer": "李建国",
}
UPGRADE: dict[str, Any] = {
    "customer": "重庆长江轨道交通有限公司",
    "product": "核心网软交换",
    "old_version": "V300R002C01SPC200",
    "new_version": "V300R003C00SPC100",
    "planned_start": "2026-11-18T16:00:00+00:00",
    "planned_end": "2026-11-18T20:00:00+00:00",
    "actual_start": "2026-11-18T16:05:00+00:00",
    "actual_end": "2026-11-18T18:40:00+00:00",
    "approver": "王主任",
    "duty_staff": "张值班、陈值班",
    "engineers": "冯波",
    "steps": "1. 备份数据\n2. 装载新版本\n3. 双机倒换",
    "checks_before": "告警为零，话务正常。",
    "checks_after": "呼叫测试 20 次全部成功。",
    "rollback": "no",
    "rollback_reason": "",
    "result": "succeeded",
    "remaining": "",
    "signer": "王主任",
}


def submitted(case: Case, actor: Any, kind: str = "service_report", **given: Any) -> CustomerReport:
    """A complete report of this kind, submitted."""
    words = {"channel": "visit", "recipient": "李工", "data": SERVICE if kind == "service_report" else UPGRADE} | given
    return actions.submit_report(case=case, actor=actor, kind=kind, **words)
