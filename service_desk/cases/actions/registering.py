"""Registering a case: number, subject, clocks, timeline and audit in one transaction (C1-C3, C5, C7)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.cases.actions.changing import chosen, said, unsaid
from service_desk.cases.actions.emergency import emergency_ladder
from service_desk.cases.actions.moving import policies_for
from service_desk.cases.models import Case, CaseDeadline, CaseEvent
from service_desk.cases.permits import is_qualified
from service_desk.cases.rules import EventType, Severity, compose_subject, is_late_registration, number_of
from service_desk.customers.models import Contact, Customer
from service_desk.customers.rules import to_e164
from service_desk.deadlines import actions as clocks
from service_desk.deadlines.clock import SKEW, now
from service_desk.deadlines.rules import ClockKind
from service_desk.notices.live import poke_case
from service_desk.people.access import require
from service_desk.people.models import ProductType
from service_desk.rest.errors import Invalid


@dataclass(frozen=True)
class Registration:
    """What the desk knows when it registers a call. `accepted_at` None means now, by the database's clock.

    `token` makes a double click harmless: a second registration with the same token returns the first one's case.
    """

    customer: Customer
    product_type: ProductType
    fault: str
    accepted_at: datetime | None = None
    severity: str | None = None
    description: str = ""
    contact: Contact | None = None
    caller_name: str = ""
    caller_phone: str = ""
    first_responder: Any = None
    token: uuid.UUID | None = None


def register(*, actor: Any, data: Registration) -> Case:
    """Register a CALL ticket; raises NotAllowed, or Invalid naming the field (future acceptance, unqualified grade)."""
    with transaction.atomic():
        require(actor, "case.register")
        moment = now()
        if data.token is not None and (before := _by_token(data.token, moment)) is not None:
            return before
        accepted_at = _checked_acceptance(data.accepted_at, moment)
        responder = data.first_responder or actor
        severity = _checked_severity(data, actor, responder)
        case = _build(data, actor, responder, accepted_at)
        if severity is not None:
            case.severity, case.graded_at, case.graded_by = severity, moment, responder
        if severity == Severity.CRITICAL:
            case.emergency_started_at = accepted_at  # C7: the process runs from acceptance
        case.pk = _reserved_key()  # timeline and clocks refer to it; the references are checked at commit
        _tell_timeline(case, actor, moment)
        _arm(case, moment)
        # The number comes last: from here to the commit every other registration of the day waits for its row.
        case.number = next_number(moment)
        case.save(force_insert=True)
        record(
            verb="case.register",
            thing=f"case:{case.pk}",
            actor=actor,
            detail={"number": case.number, "severity": severity},
        )
        poke_case(case.number)
    return case


def _by_token(token: uuid.UUID, moment: datetime) -> Case | None:
    """The case that this token registered already; concurrent clicks with one token queue here."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [token.int & 0x7FFF_FFFF_FFFF_FFFF])
    return Case.objects.filter(token=token).first()


def _checked_acceptance(accepted_at: datetime | None, moment: datetime) -> datetime:
    if accepted_at is None:
        return moment
    if accepted_at > moment + SKEW:
        raise Invalid(
            _("The acceptance time lies in the future."),
            field="accepted_at",
            code="future",
            remedy=_("Enter when the customer called; leave it empty for now."),
        )
    return min(accepted_at, moment)


def _checked_severity(data: Registration, actor: Any, responder: Any) -> str | None:
    """C2: only the first responder grades, and only when qualified for the product type."""
    if not data.severity:
        return None
    severity = chosen(data.severity, Severity, "severity")
    if responder.pk != actor.pk:
        raise Invalid(
            _("Only the first responder grades the severity."),
            field="severity",
            code="not_first_responder",
            remedy=_("Leave it empty; the first responder grades it on the case."),
        )
    if not is_qualified(actor, data.product_type.pk):
        raise Invalid(
            _("You are not qualified to grade this product type."),
            field="severity",
            code="not_qualified",
            remedy=_("Leave it empty and ask an expert of the product centre."),
        )
    return severity


def _build(data: Registration, actor: Any, responder: Any, accepted_at: datetime) -> Case:
    fault = " ".join(said(data.fault, "fault", limit=120).split())
    return Case(
        token=data.token,
        service_line_id=data.product_type.service_line_id,
        customer=data.customer,
        contact=data.contact,
        caller_name=unsaid(data.caller_name, "caller_name", limit=80),
        caller_phone=unsaid(data.caller_phone, "caller_phone", limit=60),
        caller_e164=to_e164(data.caller_phone, settings.PHONE_REGION) if data.caller_phone else None,
        product_type=data.product_type,
        fault=fault,
        subject=compose_subject(data.customer.name, data.product_type.name, fault),
        description=unsaid(data.description, "description", limit=8000),
        accepted_at=accepted_at,
        registered_by=actor,
        first_responder=responder,
        handler=responder,
    )


def _reserved_key() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('cases_case', 'id'))")
        (key,) = cursor.fetchone()
    return int(key)


def next_number(moment: datetime) -> str:
    """The next number of the desk's local day; the day's row stays locked until commit, so there is no gap."""
    day = moment.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO cases_dailynumber AS d (day, last) VALUES (%s, 1)"
            " ON CONFLICT (day) DO UPDATE SET last = d.last + 1 RETURNING last",
            [day],
        )
        (ordinal,) = cursor.fetchone()
    return number_of(f"{day:%Y%m%d}", ordinal)


def _tell_timeline(case: Case, actor: Any, moment: datetime) -> None:
    late = is_late_registration(case.accepted_at, moment)
    events = [
        CaseEvent(
            case=case, at=moment, actor=actor, type=EventType.REGISTERED, text=case.description, data={"late": late}
        )
    ]
    if case.severity is not None:
        events.append(
            CaseEvent(case=case, at=moment, actor=actor, type=EventType.GRADED, data={"severity": case.severity})
        )
    if case.emergency_started_at is not None:
        since = {"started_at": case.emergency_started_at.isoformat()}
        events.append(CaseEvent(case=case, at=moment, actor=actor, type=EventType.EMERGENCY, data=since))
    CaseEvent.objects.bulk_create(events)


def _arm(case: Case, moment: datetime) -> None:
    """Start every clock of the case at once, that of the emergency process among them (C7)."""
    policies = policies_for(case, case.severity)
    wanted = [policy for policy in policies if policy.kind != ClockKind.EMERGENCY]
    if case.emergency_started_at is not None:
        wanted += emergency_ladder(case, policies)
    clocks.arm(model=CaseDeadline, policies=wanted, subject={"case": case}, started_at=case.accepted_at, now=moment)
