"""Lives of cases for the tests of reopening, merging, linking and progress."""

from __future__ import annotations

from typing import Any

from service_desk.cases import actions
from service_desk.cases.models import Case
from service_desk.deadlines.models import Policy
from service_desk.local.reference import LADDER
from tests.factories import World


def restored(desk: World, case: Case) -> Case:
    """Work started, service back."""
    actions.start(case=case, actor=desk.agent)
    return actions.restore(case=case, actor=desk.agent, text="已恢复")


def resolved(desk: World, case: Case) -> Case:
    """The cause found and mended."""
    case.refresh_from_db()
    if case.state == "registered":
        actions.start(case=case, actor=desk.agent)
        case.refresh_from_db()
    if case.emergency_is_running:
        actions.restore(case=case, actor=desk.agent, text="已恢复")
    return actions.resolve(case=case, actor=desk.agent, outcome="更换主控板")


def closed(desk: World, case: Case) -> Case:
    """The whole life."""
    resolved(desk, case)
    actions.reply(case=case, actor=desk.agent, reply="已处理", channel="phone")
    return actions.close(case=case, actor=desk.agent)


def reopen(desk: World, case: Case, actor: Any = None, **more: Any) -> Case:
    """The customer calls back."""
    return actions.reopen(case=case, actor=actor or desk.agent, text="客户来电：又断了", **more)


def clocks(case: Case, **which: Any) -> dict[str, str]:
    """State by kind, of the present cycle unless another is named."""
    which.setdefault("cycle", Case.objects.get(pk=case.pk).cycle)
    return dict(case.deadlines.filter(**which).values_list("kind", "state"))


def progress_policy(desk: World, seconds: int = 3600, severity: str = "major") -> Policy:
    """Progress is told once in so many seconds."""
    return Policy.objects.create(
        service_line=desk.line, severity=severity, kind="progress", target_seconds=seconds, steps=LADDER
    )
