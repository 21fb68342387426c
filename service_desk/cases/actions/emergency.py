"""The emergency process (C7): starting it, and telling everybody when service is back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from service_desk.cases.actions.changing import Change
from service_desk.cases.models import Case, CaseDeadline
from service_desk.cases.rules import EventType
from service_desk.deadlines import actions as clocks
from service_desk.deadlines.engine import report
from service_desk.deadlines.models import Policy
from service_desk.deadlines.rules import ClockKind
from service_desk.notices.actions import NewNotice, send_many, stop_chain
from service_desk.notices.models import Notice
from service_desk.notices.rules import Level


def start_emergency(change: Change, *, started_at: datetime, policies: Iterable[Policy], why: str) -> None:
    """Start the process at `started_at`; its clock fires the first notices at once. A second start changes nothing."""
    case = change.case
    if case.emergency_started_at is not None:
        return
    case.emergency_started_at = started_at
    change.say(EventType.EMERGENCY, why, started_at=started_at.isoformat())
    arm_emergency(change, policies)


def arm_emergency(change: Change, policies: Iterable[Policy]) -> None:
    """Arm the emergency clock from the start of the process."""
    case = change.case
    clocks.arm(
        model=CaseDeadline,
        policies=emergency_ladder(case, policies),
        subject={"case": case},
        started_at=case.emergency_started_at or change.now,
        now=change.now,
        cycle=case.cycle,
    )


def emergency_ladder(case: Case, policies: Iterable[Policy]) -> list[Policy]:
    """The policy of the emergency clock; where it is missing the gap is red on the engine's page.

    Nobody may lose a case because a policy is missing, so this refuses nothing.
    """
    ladder = [policy for policy in policies if policy.kind == ClockKind.EMERGENCY][:1]
    if not ladder:
        report(kind="no_emergency_policy", thing=f"case:{case.pk}", detail=case.service_line_id)
    return ladder


def end_emergency(change: Change, *, text: str) -> None:
    """Service is back: the chain stops, and whoever was told of the emergency is told of its end."""
    case = change.case
    about = f"case:{case.pk}"
    told = list(
        Notice.objects.filter(about=about, level=Level.EMERGENCY, recipient__isnull=False)
        .order_by("recipient_id")
        .distinct("recipient_id")
        .values_list("recipient_id", flat=True)
    )
    stop_chain(about=about, reason="restored")
    clock = case.deadlines.filter(kind=ClockKind.EMERGENCY).order_by("-cycle").first()
    began = (case.emergency_started_at or change.now) + (clock.gap() if clock else timedelta(0))
    facts = {
        "number": case.number,
        "customer": case.customer.name,
        "subject": case.subject,
        "holder": str(change.actor),
        "done": text,
        "elapsed": hours_and_minutes(began, change.now),
    }
    send_many(
        [
            NewNotice(
                dedup_key=f"case:{case.pk}:{case.cycle}:restored:{recipient}",
                chain=f"case:{case.pk}:{case.cycle}:restored:{recipient}",
                kind="emergency_restored",
                level=Level.INFO,
                recipient_id=recipient,
                facts=facts,
                about=about,
                link=case.get_absolute_url(),
                private=case.confidential,
            )
            for recipient in told
        ]
    )


def hours_and_minutes(start: datetime, end: datetime) -> str:
    """Elapsed time as '4:05', the same in every language."""
    minutes = max(0, int((end - start).total_seconds() // 60))
    return f"{minutes // 60}:{minutes % 60:02d}"
