"""The main job through all floors: a critical call, its clocks, and two general managers at four hours."""

from __future__ import annotations

import pytest

from service_desk.cases import actions
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.rules import Door
from service_desk.notices.models import Notice
from tests.factories import World, shift_time, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


def told(case_id: int, kind: str) -> set[str]:
    return set(Notice.objects.filter(about=f"case:{case_id}", kind=kind).values_list("recipient__username", flat=True))


def test_C7_critical_fault_climbs_from_duty_manager_to_both_general_managers(desk: World) -> None:
    case = desk.register(severity="critical")
    assert sweep(Door.SENTINEL).fired == 1
    assert told(case.pk, "emergency_start") == {"manager", "chief"}
    shift_time(case, hours=2, seconds=1)
    sweep(Door.SENTINEL)
    assert told(case.pk, "emergency_escalation") == {"group"}
    shift_time(case, hours=1)
    sweep(Door.SENTINEL)
    assert told(case.pk, "emergency_warning") == {"agent"}
    shift_time(case, hours=1)
    sweep(Door.SENTINEL)
    assert told(case.pk, "emergency_breach") == {"gm_marketing", "gm_product"}
    actions.start(case=case, actor=desk.agent)
    actions.restore(case=case, actor=desk.agent, text="更换主控板")
    assert told(case.pk, "emergency_restored") == {"manager", "chief", "group", "agent", "gm_marketing", "gm_product"}
    assert not Notice.objects.filter(about=f"case:{case.pk}", needs_ack=True, stopped_at=None).exists()
    emergency = case.deadlines.get(kind="emergency")
    assert emergency.state == "breached"
