"""Accepting a complaint, anybody's verb (P1): case, circle, instance, clocks and promise in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.cases.actions.changing import Change, chosen, said, unsaid
from service_desk.cases.actions.moving import policies_for
from service_desk.cases.actions.promising import checked_due, make_promise
from service_desk.cases.actions.registering import by_token, checked_acceptance, checked_read_back, reserved_key
from service_desk.cases.models import BarredWhy, Case, CaseBarred, CaseDeadline, CircleWhy, admit
from service_desk.cases.rules import CaseKind, EventType, compose_subject, is_late_registration
from service_desk.complaints.actions.identifying import Identifier, write_identifiers
from service_desk.complaints.circle import barred_by, someone_to_handle
from service_desk.complaints.models import Complaint, Instance
from service_desk.complaints.placeholders import complainant_of, service_of
from service_desk.complaints.rules import (
    REGULATORS,
    ComplaintChannel,
    ComplaintLevel,
    EscalatedWhy,
    InstanceKind,
    solution_due,
)
from service_desk.complaints.telling import tell_major
from service_desk.customers.models import Contact, Customer
from service_desk.customers.rules import to_e164
from service_desk.deadlines import actions as clocks
from service_desk.deadlines.clock import now
from service_desk.deadlines.rules import ClockKind
from service_desk.notices.live import poke_case
from service_desk.people.access import require
from service_desk.people.models import ProductType, ServiceLine, Staff, Unit
from service_desk.rest.errors import FieldError, Invalid
from service_desk.telephony.models import Call


@dataclass(frozen=True)
class Acceptance:
    """What is known when a complaint is accepted. `accepted_at` None means now, by the database's clock.

    At least one of the five `about_*`; a complainant by name and number, by contact, or anonymous with the reason.
    Without a customer unit it is a private person. The line is that of the product or the case when left out.
    """

    channel: str
    level: str
    matter: str  # in brief
    wanted: str
    description: str = ""
    customer: Customer | None = None
    contact: Contact | None = None
    name: str = ""
    phone: str = ""
    address: str = ""
    anonymous_reason: str = ""
    about_case: Case | None = None
    about_staff: Staff | None = None
    about_unit: Unit | None = None
    about_product: ProductType | None = None
    about_service: ServiceLine | None = None
    call: Call | None = None
    accepted_at: datetime | None = None
    next_reply_at: datetime | None = None  # P8: agreed with the complainant
    regulator_due_at: datetime | None = None
    identifiers: Sequence[Identifier] = ()
    read_back: Mapping[str, bool] | None = None
    read_back_reason: str = ""
    token: uuid.UUID | None = None
    concerns: Sequence[Staff] = field(default=())  # further people whom it concerns


def accept(*, actor: Any, data: Acceptance) -> Complaint:
    """Accept a complaint; raises Invalid naming the fields. With the same token the first one's complaint is returned.

    Who accepts it stays the first responder, and handles it too unless it is about them or their line (P7).
    """
    with transaction.atomic():
        require(actor, "complaint.accept")
        moment = now()
        if data.token is not None and (before := by_token(data.token, CaseKind.COMPLAINT)) is not None:
            return Complaint.objects.select_related("case").get(pk=before.pk)
        _demand_whole(data)
        barred = _barred(data)
        case = _case(data, actor, barred, moment)
        complaint = _complaint(data, case)
        case.pk = complaint.case_id = reserved_key()
        case.number = _next_number(moment)
        case.save(force_insert=True)
        complaint.case = case
        complaint.save(force_insert=True)
        change = Change(case=case, actor=actor, now=moment)
        change.say(
            EventType.REGISTERED, case.description, late=is_late_registration(case.accepted_at, moment), complaint=True
        )
        _close_the_circle(case, actor, barred)
        write_identifiers(change, complaint, data.identifiers)
        _open(change, complaint, data)
        record(verb="complaint.accept", thing=f"case:{case.pk}", actor=actor, detail={"level": case.level})
        if case.level == ComplaintLevel.MAJOR:
            tell_major(change, complaint)
        case.save(update_fields=["open_promises", "next_promise_at"])
        case.language_found = tuple(change.found)
        poke_case(case.number, case.told_pages)
    return complaint


def _demand_whole(data: Acceptance) -> None:
    """Every missing thing at once, each beside its field."""
    errors = lacking(
        channel=data.channel,
        about=any((data.about_case, data.about_staff, data.about_unit, data.about_product, data.about_service)),
        named=bool(data.contact or data.name.strip()),
        nameless_because=bool(data.anonymous_reason.strip()),
        reached=bool(data.contact or data.phone.strip() or data.address.strip() or data.customer),
        regulator_numbered=bool(data.identifiers),
        regulator_timed=data.regulator_due_at is not None,
    )
    if errors:
        raise Invalid.of(errors)


def lacking(
    *,
    channel: str,
    about: bool,
    named: bool,
    nameless_because: bool,
    reached: bool,
    regulator_numbered: bool,
    regulator_timed: bool,
) -> list[FieldError]:
    """What is missing, or too much, in what is known so far; the screen asks it too, so that all is said at once."""
    errors = []
    if not about:
        words = _("Say what it is about: a case, a person, a unit, a product or a service.")
        errors.append(FieldError("about_staff", words, "required"))
    if not named and not nameless_because:
        words = _("Give the name of the complainant, or say why there is none.")
        errors.append(FieldError("name", words, "required"))
    if named and not reached:
        words = _("Say how the complainant is reached: a number or an address.")
        errors.append(FieldError("phone", words, "required"))
    if regulator_timed and channel not in REGULATORS:
        errors.append(FieldError("regulator_due_at", _("Only a regulator sets a time of its own."), "no_regulator"))
    if channel in REGULATORS and not regulator_numbered:
        words = _("Give the number under which the regulator keeps it.")
        errors.append(FieldError("identifiers", words, "required"))
    return errors


def _barred(data: Acceptance) -> dict[int, BarredWhy]:
    """Those it is about, and their reporting lines."""
    people = {one.pk for one in (*data.concerns, *([data.about_staff] if data.about_staff else []))}
    barred = {pk: BarredWhy.LINE for one in people for pk in barred_by(one)}
    return barred | dict.fromkeys(people, BarredWhy.CONCERNED)


def _case(data: Acceptance, actor: Any, barred: Mapping[int, BarredWhy], moment: datetime) -> Case:
    matter = " ".join(said(data.matter, "matter", limit=120).split())
    customer = data.customer or (data.about_case.customer if data.about_case and data.contact else None)
    customer = customer or (data.contact.customer if data.contact else None) or complainant_of()
    product = _product(data, customer)
    phone = unsaid(data.phone, "phone", limit=60)
    handler = someone_to_handle(barred) if actor.pk in barred else actor.pk
    return Case(
        kind=CaseKind.COMPLAINT,
        confidential=True,
        level=chosen(data.level, ComplaintLevel, "level"),
        token=data.token,
        service_line_id=product.service_line_id,
        customer=customer,
        contact=data.contact,
        caller_name=unsaid(data.name, "name", limit=80),
        caller_phone=phone,
        caller_e164=to_e164(phone, settings.PHONE_REGION) if phone else None,
        product_type=product,
        fault=matter,
        subject=compose_subject(customer.name, product.name, matter),
        description=unsaid(data.description, "description", limit=8000),
        read_back=checked_read_back(data.read_back, data.read_back_reason),
        accepted_at=checked_acceptance(data.accepted_at, moment),
        registered_by=actor,
        first_responder=actor,
        handler_id=handler or actor.pk,
    )


def _product(data: Acceptance, customer: Customer) -> ProductType:
    """What the subject names: the product, that of the case, or the service of a line as such (C1).

    Of a complaint about a person or a unit alone the line follows from what the customer has in use, then from what
    the person or the unit is qualified for.
    """
    if data.about_product is not None:
        return data.about_product
    if data.about_case is not None:
        return data.about_case.product_type
    if data.about_service is not None:
        return service_of(data.about_service)
    likely = [Q(products__installed__customer=customer)]
    likely += [Q(products__qualified__staff=data.about_staff)] if data.about_staff else []
    likely += [Q(products__qualified__staff__unit=data.about_unit)] if data.about_unit else []
    commonest = ServiceLine.objects.annotate(uses=Count("pk")).order_by("-uses", "pk")
    found = next(filter(None, (commonest.filter(each).first() for each in likely)), None)
    line: ServiceLine | None = found or ServiceLine.objects.order_by("pk").first()
    if line is None:
        raise Invalid(_("The desk has no service line yet."), field="about_service", code="required")
    return service_of(line)


def _complaint(data: Acceptance, case: Case) -> Complaint:
    anonymous = not (data.contact or data.name.strip())
    return Complaint(
        channel=chosen(data.channel, ComplaintChannel, "channel"),
        stage=InstanceKind.COMPLAINT,
        wanted=said(data.wanted, "wanted", limit=2000),
        address=unsaid(data.address, "address", limit=200),
        anonymous=anonymous,
        anonymous_reason=unsaid(data.anonymous_reason, "anonymous_reason", limit=200) if anonymous else "",
        about_case=data.about_case,
        about_staff=data.about_staff,
        about_unit=data.about_unit,
        about_product=data.about_product,
        about_service=data.about_service,
        call=data.call,
        regulator_due_at=data.regulator_due_at,
    )


def _close_the_circle(case: Case, actor: Any, barred: Mapping[int, BarredWhy]) -> None:
    """Who is barred first; then who received it and who handles it, as far as they may know of it (P6, P7)."""
    if case.handler_id in barred:
        # Nobody at all is independent of it: it stays with who received it rather than with no one.
        barred = {pk: why for pk, why in barred.items() if pk != case.handler_id}
        record(verb="complaint.nobody_independent", thing=f"case:{case.pk}", actor=actor)
    rows = [CaseBarred(case=case, staff_id=pk, why=why, by=actor) for pk, why in sorted(barred.items())]
    CaseBarred.objects.bulk_create(rows)
    admit(case.pk, {actor.pk} - set(barred), CircleWhy.RECEIVED)
    admit(case.pk, [case.handler_id], CircleWhy.HANDLES, by=actor.pk)


def _open(change: Change, complaint: Complaint, data: Acceptance) -> None:
    """The first instance, its clocks from acceptance, and the next reply as a promise (P3, P5, P8)."""
    case = change.case
    Instance.objects.create(
        complaint=complaint,
        kind=InstanceKind.COMPLAINT,
        owner_id=case.handler_id,
        why=EscalatedWhy.ACCEPTED,
        opened_by=change.actor,
        opened_at=change.now,
    )
    arm_all(change, data.regulator_due_at)
    if data.next_reply_at is not None:
        due = checked_due(change, data.next_reply_at, "next_reply_at")
        make_promise(change, _("Next reply to the complainant"), due)


def arm_all(change: Change, regulator_due_at: datetime | None) -> None:
    """Every clock of the policies, from acceptance; the regulator's time wins on the solution when it is earlier."""
    case = change.case
    policies = policies_for(case, case.level)
    own: datetime | None = None
    for policy in policies:
        if policy.kind == ClockKind.SOLUTION:
            due_at = clocks.planned(policy, case.accepted_at).due_at
            own = solution_due(due_at, regulator_due_at, fixed=policy.may_pause)
    for due, wanted in (
        (None, [p for p in policies if own is None or p.kind != ClockKind.SOLUTION]),
        (own, [p for p in policies if own is not None and p.kind == ClockKind.SOLUTION]),
    ):
        clocks.arm(
            model=CaseDeadline,
            policies=wanted,
            subject={"case": case},
            started_at=case.accepted_at,
            now=change.now,
            due_at=due,
        )


def _next_number(moment: datetime) -> str:
    """CMP-20261122-0001: the next of the desk's local day, in a series of the complaints' own."""
    day = moment.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO complaints_complaintnumber AS d (day, last) VALUES (%s, 1)"
            " ON CONFLICT (day) DO UPDATE SET last = d.last + 1 RETURNING last",
            [day],
        )
        (ordinal,) = cursor.fetchone()
    return f"CMP-{day:%Y%m%d}-{ordinal:04d}"
