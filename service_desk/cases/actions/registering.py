"""Registering a case: number, subject, clocks, timeline and audit in one transaction (C1-C3, C5, C7)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
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
from service_desk.cases.actions.retyping import check_type
from service_desk.cases.actions.telling_once import told
from service_desk.cases.models import Case, CaseDeadline, CaseEvent, RequestType
from service_desk.cases.origins import tell_registered
from service_desk.cases.permits import is_qualified
from service_desk.cases.requesting import checked_values
from service_desk.cases.rules import (
    CaseKind,
    EventType,
    ReadBack,
    Severity,
    compose_subject,
    is_late_registration,
    not_read_back,
    number_of,
)
from service_desk.cases.webhook_events import tell_new_case
from service_desk.customers.models import Contact, Customer
from service_desk.customers.rules import to_e164
from service_desk.deadlines import actions as clocks
from service_desk.deadlines.clock import SKEW, now
from service_desk.deadlines.rules import ClockKind
from service_desk.knowledge.actions import hear
from service_desk.notices.live import poke_case
from service_desk.people.access import require
from service_desk.people.models import ProductType
from service_desk.rest.errors import FieldError, Invalid


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
    request_type: RequestType | None = None
    request_values: Mapping[str, Any] = field(default_factory=dict)  # by the key of the type's fields
    told_once: bool = False
    read_back: Mapping[str, bool] | None = None  # by rules.ReadBack; None: nobody was there to read back to
    read_back_reason: str = ""  # why a fact could not be read back
    split_from: Case | None = None  # what this was a part of until now


def register(*, actor: Any, data: Registration) -> Case:
    """Register a CALL ticket; raises NotAllowed, or Invalid naming the field (future acceptance, unqualified grade)."""
    with transaction.atomic():
        require(actor, "case.register")
        moment = now()
        if data.token is not None and (before := by_token(data.token)) is not None:
            return before
        accepted_at = checked_acceptance(data.accepted_at, moment)
        responder = data.first_responder or actor
        severity = _checked_severity(data, actor, responder)
        case = _build(data, actor, responder, accepted_at)
        if severity is not None:
            case.severity, case.graded_at, case.graded_by = severity, moment, responder
        if severity == Severity.CRITICAL:
            case.emergency_started_at = accepted_at  # C7: the process runs from acceptance
        case.read_back = checked_read_back(data.read_back, data.read_back_reason)
        if data.request_type is not None:
            _answer_request_type(case, data, data.request_type, actor, moment)
        elif data.request_values or data.told_once:
            raise _without_request_type(data)
        case.pk = reserved_key()  # timeline and clocks refer to it; the references are checked at commit
        case.language_found = _heard(case, actor)
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
        tell_registered(case, actor)
        tell_new_case(case, by=actor, at=moment)
        poke_case(case.number)
    return case


def by_token(token: uuid.UUID, kind: str = CaseKind.CALL) -> Case | None:
    """The case that this token registered already; concurrent clicks with one token queue here."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [token.int & 0x7FFF_FFFF_FFFF_FFFF])
    found = Case.objects.filter(token=token).first()
    if found is not None and found.kind != kind:
        raise Invalid(_("This form has been used already; open a new one."), field="token", code="used")
    return found


def checked_acceptance(accepted_at: datetime | None, moment: datetime) -> datetime:
    """C3: when it was accepted, now when that was not said; Invalid when it lies in the future."""
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
        handler=data.split_from.handler if data.split_from else responder,
        split_from=data.split_from,
    )


def _answer_request_type(
    case: Case, data: Registration, request_type: RequestType, actor: Any, moment: datetime
) -> None:
    """The request type, its checked answers, and that the customer was told what it needs (C16)."""
    check_type(request_type, case)
    case.request_type = request_type
    case.request_values = checked_values(request_type.fields.all(), data.request_values)
    if data.told_once and request_type.tells:
        case.told_once_at, case.told_once_by = moment, actor


def _without_request_type(data: Registration) -> Invalid:
    name = "request_values" if data.request_values else "told_once"
    return Invalid(_("This belongs to a request type; none is given."), field=name, code="no_request_type")


def checked_read_back(ticks: Mapping[str, bool] | None, why_not: str) -> dict[str, Any]:
    """C15: each of the four facts was read back, or it is said why not; empty when nobody was there to hear."""
    if ticks is None:
        return {}
    reason = unsaid(why_not, "read_back_reason", limit=200)
    missing = not_read_back(ticks)
    if missing and not reason:
        words = _("Read this back to the caller and tick it, or say why it is not possible.")
        raise Invalid.of([FieldError(f"read_back/{fact}", words, "required") for fact in missing])
    facts: dict[str, Any] = {str(fact): bool(ticks.get(fact)) for fact in ReadBack}
    return {**facts, "reason": reason} if missing else facts


def reserved_key() -> int:
    """The number of a row to come, so that what refers to it can be written first."""
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


def _heard(case: Case, actor: Any) -> tuple[Any, ...]:
    """What the language check finds in the words of the registration: a note of the house, so it only warns (K3)."""
    thing = f"case:{case.pk}"
    return tuple(
        found
        for field, text in (("fault", case.fault), ("description", case.description))
        for found in hear(actor=actor, text=text, thing=thing, field=field)
    )


def _tell_timeline(case: Case, actor: Any, moment: datetime) -> None:
    late = case.split_from_id is None and is_late_registration(case.accepted_at, moment)
    events = [
        CaseEvent(
            case=case, at=moment, actor=actor, type=EventType.REGISTERED, text=case.description, data={"late": late}
        )
    ]
    if case.severity is not None:
        events.append(
            CaseEvent(case=case, at=moment, actor=actor, type=EventType.GRADED, data={"severity": case.severity})
        )
    if case.told_once_at is not None and case.request_type is not None:
        events.append(
            CaseEvent(case=case, at=moment, actor=actor, type=EventType.TOLD_ONCE, data=told(case.request_type))
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
