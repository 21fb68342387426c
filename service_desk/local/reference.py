"""What every desk needs before its first case: service lines, the work calendar of China, the shipped policies (C6).

Idempotent: what is there stays, whoever changed it; only what is missing is added.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from service_desk.audit.actions import record
from service_desk.deadlines.calendar_data import china_calendar
from service_desk.deadlines.models import Calendar, CalendarVersion, Policy
from service_desk.deadlines.rules import ClockKind
from service_desk.local.request_types import load_request_types
from service_desk.people.models import ServiceLine

YEARS = range(2024, 2029)
CALENDAR = "中国工作日历"
MINUTE, HOUR = 60, 3600
REPEAT = 15 * MINUTE

Step = dict[str, Any]


@dataclass(frozen=True)
class Target:
    """One shipped policy: `seconds` elapsed, or `working_days`; `source` is the rule's, '-' for our own default."""

    line: str
    severity: str
    kind: str
    seconds: int | None = None
    working_days: int | None = None
    may_pause: bool = False
    source: str = "-"
    subject: str = "call"


TARGETS = (
    Target("telecom", "", ClockKind.FIRST_RESPONSE, 30 * MINUTE),
    Target("telecom", "critical", ClockKind.RESTORATION, 4 * HOUR, source="000"),
    Target("telecom", "critical", ClockKind.SOLUTION, 24 * HOUR),
    Target("telecom", "major", ClockKind.RESTORATION, 8 * HOUR, may_pause=True),
    Target("telecom", "major", ClockKind.SOLUTION, 48 * HOUR, may_pause=True),
    Target("telecom", "minor", ClockKind.SOLUTION, working_days=5, may_pause=True),
    Target("telecom", "enquiry", ClockKind.FEEDBACK, 24 * HOUR, may_pause=True),
    Target("telecom", "critical", ClockKind.PROGRESS, HOUR),
    Target("telecom", "major", ClockKind.PROGRESS, 24 * HOUR),
    Target("property", "critical", ClockKind.PROGRESS, 2 * HOUR),
    Target("property", "", ClockKind.FIRST_RESPONSE, 4 * HOUR, source="001"),
    Target("property", "", ClockKind.FEEDBACK, 4 * HOUR, source="001"),
    Target("property", "critical", ClockKind.ON_SITE, 30 * MINUTE, source="001"),
    Target("property", "critical", ClockKind.RESTORATION, 4 * HOUR),
    Target("property", "major", ClockKind.ON_SITE, 30 * MINUTE, source="001"),
    Target("property", "major", ClockKind.RESTORATION, 48 * HOUR, may_pause=True, source="001"),
    Target("property", "minor", ClockKind.RESTORATION, 8 * HOUR, may_pause=True, source="001"),
    Target("property", "enquiry", ClockKind.SOLUTION, working_days=2, may_pause=True),
    # C3, C14: of telephone calls, which have no line; the strictest policy of any line holds for all of them.
    Target("telecom", "", ClockKind.REGISTRATION, 24 * HOUR, source="000", subject="phone"),
    Target("telecom", "", ClockKind.PROMISE, 24 * HOUR, subject="phone"),
)
#: P3, C6: by level instead of severity. Acknowledged, on site, told, solved; then the further instances (P5).
COMPLAINTS = (
    Target("telecom", "", ClockKind.FIRST_RESPONSE, 30 * MINUTE, subject="complaint"),
    Target("telecom", "", ClockKind.FEEDBACK, 4 * HOUR, subject="complaint"),
    Target("telecom", "ordinary", ClockKind.SOLUTION, 8 * HOUR, subject="complaint"),
    Target("telecom", "serious", ClockKind.SOLUTION, working_days=5, subject="complaint"),
    Target("telecom", "major", ClockKind.SOLUTION, working_days=5, subject="complaint"),
    Target("property", "", ClockKind.FIRST_RESPONSE, 30 * MINUTE, subject="complaint"),
    Target("property", "", ClockKind.ON_SITE, HOUR, source="001", subject="complaint"),
    Target("property", "", ClockKind.FEEDBACK, 4 * HOUR, source="001", subject="complaint"),
    Target("property", "ordinary", ClockKind.SOLUTION, 8 * HOUR, source="001", subject="complaint"),
    Target("property", "serious", ClockKind.SOLUTION, working_days=5, source="001", subject="complaint"),
    Target("property", "major", ClockKind.SOLUTION, working_days=5, subject="complaint"),
)
#: The same for every line: decisions of the further instances, another solution (P9), a corrective action (P10).
COMPLAINTS_SHARED = (
    (ClockKind.ESCALATED, None, 5, "-"),
    (ClockKind.APPEAL, None, 10, "-"),
    (ClockKind.ANOTHER, 24 * HOUR, None, "004"),
    (ClockKind.CORRECTIVE, None, 20, "-"),
    (ClockKind.HAND_OVER, 30 * MINUTE, None, "-"),
    (ClockKind.PROMISE, 24 * HOUR, None, "-"),
)
LINES = (("telecom", "通信服务", "Telecom"), ("property", "物业服务", "Property"))


def step(code: str, at: dict[str, float], kind: str, *slots: str, ack: bool = False) -> Step:
    """One rung of a ladder, as a policy keeps it."""
    repeat = REPEAT if ack else None
    return {"code": code, "at": at, "slots": list(slots), "kind": kind, "needs_ack": ack, "repeat_seconds": repeat}


#: The same for every line: the emergency process, hand-overs, promises (their own time), an expert's answer.
SHARED = (
    (ClockKind.EMERGENCY, 4 * HOUR, "000"),
    (ClockKind.HAND_OVER, 30 * MINUTE, "-"),
    (ClockKind.PROMISE, 24 * HOUR, "-"),
    (ClockKind.CONSULTATION, 30 * MINUTE, "-"),
)


#: D10: warned at 75 %, the chief at the breach, then upward.
LADDER: list[Step] = [
    step("warn", {"share": 0.75}, "warning", "handler", "first_responder"),
    step("breach", {"share": 1}, "breach", "handler_chief"),
    step("head", {"after_due": 30 * MINUTE}, "escalation", "handler_head"),
]
#: C7: duty manager and chief at the start, the emergency handling group at 2 h, both general managers at 4 h.
EMERGENCY_LADDER: list[Step] = [
    step("start", {"after_start": 0}, "start", "duty_manager", "handler_chief", ack=True),
    step("group", {"after_start": 2 * HOUR}, "escalation", "emergency_group", ack=True),
    step("warn", {"share": 0.75}, "warning", "handler", "first_responder"),
    step("managers", {"share": 1}, "breach", "gm_marketing", "gm_product", ack=True),
]
#: C5: both chiefs at 30 minutes. C11: warned, then the chief. C2: the expert, then the expert's chief.
#: C12: warned at 75 %, then the chief too.
LADDERS: dict[str, list[Step]] = {
    ClockKind.EMERGENCY: EMERGENCY_LADDER,
    ClockKind.HAND_OVER: [
        step("remind", {"share": 0.5}, "warning", "receiver"),
        step("chiefs", {"share": 1}, "breach", "giver_chief", "receiver_chief"),
    ],
    ClockKind.PROMISE: [
        step("warn", {"share": 0.75}, "warning", "promiser", "handler"),
        step("broken", {"share": 1}, "breach", "handler_chief", "handler"),
    ],
    ClockKind.PROGRESS: [
        step("warn", {"share": 0.75}, "warning", "handler"),
        step("silent", {"share": 1}, "breach", "handler", "handler_chief"),
    ],
    ClockKind.REGISTRATION: [
        step("warn", {"share": 0.75}, "warning", "handler"),
        step("missed", {"share": 1}, "breach", "handler_chief", "handler"),
        step("head", {"after_due": 24 * HOUR}, "escalation", "handler_head"),
    ],
    ClockKind.ESCALATED: [
        step("warn", {"share": 0.75}, "warning", "owner", "handler"),
        step("late", {"share": 1}, "breach", "owner", "owner_chief"),
    ],
    ClockKind.APPEAL: [
        step("warn", {"share": 0.75}, "warning", "owner", "handler"),
        step("late", {"share": 1}, "breach", "owner", "owner_chief"),
    ],
    ClockKind.ANOTHER: [
        step("warn", {"share": 0.75}, "warning", "handler", "first_responder"),
        step("late", {"share": 1}, "breach", "handler", "handler_chief"),
    ],
    ClockKind.CORRECTIVE: [
        step("warn", {"share": 0.75}, "warning", "owner", "handler"),
        step("late", {"share": 1}, "breach", "owner", "owner_chief"),
    ],
    ClockKind.CONSULTATION: [
        step("remind", {"share": 0.5}, "warning", "expert"),
        step("late", {"share": 1}, "breach", "expert_chief", "first_responder"),
    ],
}


@transaction.atomic
def load() -> None:
    """Load what is missing; what people have changed stays."""
    for code, name, english in LINES:
        ServiceLine.objects.get_or_create(code=code, defaults={"name": name, "name_en": english})
    calendar = _calendar()
    for target in TARGETS:
        _policy(target, calendar)
    for code, _name, _english in LINES:
        for kind, seconds, source in SHARED:
            _policy(Target(code, "", kind, seconds, source=source), calendar)
        load_complaint_policies(code, calendar)
    load_request_types()


def load_complaint_policies(line: str, calendar: Calendar) -> None:
    """What a complaint of this line is owed (P3, P5, P9, P10); what is there stays."""
    shared = [
        Target(line, "", kind, seconds, working_days=days, source=source, subject="complaint")
        for kind, seconds, days, source in COMPLAINTS_SHARED
    ]
    for target in (*(target for target in COMPLAINTS if target.line == line), *shared):
        _policy(target, calendar)


def _calendar() -> Calendar:
    calendar, _made = Calendar.objects.get_or_create(name=CALENDAR)
    if calendar.current is None:
        data = china_calendar(YEARS).to_json()
        calendar.current = CalendarVersion.objects.create(calendar=calendar, number=1, data=data, note="reference data")
        calendar.save(update_fields=["current"])
        record(verb="calendar.load", thing=f"calendar:{calendar.pk}", actor=None, door="command")
    return calendar


def _policy(target: Target, calendar: Calendar) -> None:
    """Add a shipped policy unless this desk has, or ever had, one of its own for the same thing."""
    same = {"service_line_id": target.line, "subject": target.subject, "severity": target.severity, "kind": target.kind}
    if Policy.objects.filter(**same).exists():
        return
    policy = Policy.objects.create(
        **same,
        target_seconds=target.seconds,
        target_working_days=target.working_days,
        calendar=calendar if target.working_days else None,
        may_pause=target.may_pause,
        steps=LADDERS.get(target.kind, LADDER),
    )
    record(
        verb="policy.load",
        thing=f"policy:{policy.pk}",
        actor=None,
        detail={"source": target.source},
        door="command",
    )
