"""The public form's two verbs: keep what was sent (a row, nothing else), and later make a complaint of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import translation
from django.utils.translation import gettext as _

from service_desk.audit.context import acting
from service_desk.cases.models import Case
from service_desk.cases.rules import CaseKind
from service_desk.complaints.actions.accepting import Acceptance, accept
from service_desk.complaints.actions.identifying import Identifier
from service_desk.complaints.codes import code_of, digest_of, is_code, new_reference, sender_digest
from service_desk.complaints.models import WebComplaint
from service_desk.complaints.rules import ComplaintChannel, ComplaintLevel
from service_desk.complaints.telling import tell
from service_desk.deadlines.clock import now
from service_desk.people.directory import Directory
from service_desk.people.models import ServiceLine, Staff
from service_desk.people.rules import LEADING_ROLES, DutyRole
from service_desk.rest.errors import Conflict, Refusal

log = logging.getLogger(__name__)

_BATCH = 20
_LONGEST_WAIT = timedelta(hours=1)
#: From this try on it is said loudly.
_LOUD = 3


class Flooded(Exception):  # noqa: N818  (an answer, not a fault of the program)
    """Too many were sent; `everybody`: by all senders together."""

    def __init__(self, *, everybody: bool) -> None:
        super().__init__()
        self.everybody = everybody


@dataclass(frozen=True)
class Sent:
    """What a customer wrote."""

    token: UUID
    matter: str
    wanted: str
    description: str = ""
    name: str = ""
    phone: str = ""
    address: str = ""
    service: ServiceLine | None = None
    about_case: str = ""
    about_person: str = ""


@dataclass(frozen=True)
class Receipt:
    """What the sender keeps to ask how it stands."""

    reference: str
    code: str


def keep_sent(*, sent: Sent, address: str | None) -> Receipt:
    """Write the row; raises Flooded before anything is acknowledged. The same form twice gets the same receipt."""
    moment = now()
    sender = sender_digest(address)
    before = WebComplaint.objects.filter(token=sent.token).first()
    if before is not None:
        return _receipt(before)
    lately = WebComplaint.objects.filter(sender_digest=sender, received_at__gt=moment - timedelta(hours=1))
    if lately.count() >= settings.WEB_COMPLAINTS_PER_HOUR:
        raise Flooded(everybody=False)
    together = WebComplaint.objects.filter(received_at__gt=moment - timedelta(minutes=1))
    if together.count() >= settings.WEB_COMPLAINTS_PER_MINUTE:
        raise Flooded(everybody=True)
    reference = new_reference(moment)
    row = WebComplaint(
        token=sent.token,
        reference=reference,
        code_digest=digest_of(code_of(reference, sent.token)),
        sender_digest=sender,
        name=sent.name,
        phone=sent.phone,
        address=sent.address,
        service=sent.service,
        about_case=sent.about_case,
        about_person=sent.about_person,
        matter=sent.matter,
        description=sent.description,
        wanted=sent.wanted,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        twin = WebComplaint.objects.filter(token=sent.token).first()
        if twin is None:
            raise
        return _receipt(twin)  # two clicks at once
    return _receipt(row)


def look_up(*, reference: str, code: str) -> WebComplaint | None:
    """The sending with this reference and code; None alike for a wrong reference and a wrong code."""
    found = WebComplaint.objects.select_related("complaint__case").filter(reference=reference.strip().upper()).first()
    return found if is_code(code, found.code_digest if found else None) else None


def take_in() -> int:
    """Make complaints of what waits, each in a transaction of its own; how many were made. What fails waits longer."""
    waiting = WebComplaint.objects.filter(taken_in_at=None, next_try_at__lte=Now()).order_by("next_try_at", "id")
    made = 0
    for pk in list(waiting.values_list("pk", flat=True)[:_BATCH]):
        try:
            made += _take_in_one(pk)
        except Refusal as refusal:
            _put_off(pk, str(refusal.message))
        except Exception as error:  # one that cannot be made must not hold up the others; it is told and tried again
            _put_off(pk, type(error).__name__)  # its words may quote the row, which no log may hold (P6)
    return made


def _take_in_one(pk: int) -> int:
    with transaction.atomic():
        locked = WebComplaint.objects.select_for_update(skip_locked=True, of=("self",))
        row = locked.select_related("service").filter(pk=pk, taken_in_at=None).first()
        if row is None:
            return 0
        receiver = _receiver()
        if receiver is None:
            raise Conflict(_("Nobody is on duty who could receive it."), code="nobody")
        with acting(door="worker", label="web form"), translation.override(settings.LANGUAGE_CODE):
            complaint = accept(actor=receiver, data=_acceptance(row))
            # Nobody sat at the screen: who handles it is told that it is there.
            tell(complaint.case, "complaint_yours", [complaint.case.handler_id], "web")
        row.complaint, row.taken_in_at = complaint, now()
        # It stands in the complaint now, for its circle; here nothing of it is left (P6).
        row.name = row.phone = row.address = row.about_case = row.about_person = ""
        row.matter = row.description = row.wanted = ""
        row.save()
    return 1


def _acceptance(row: WebComplaint) -> Acceptance:
    """As its sender wrote it; whom and which case they name is recognised where it is certain."""
    named = list(Staff.objects.filter(full_name=row.about_person, is_active=True)[:2]) if row.about_person else []
    number = row.about_case.strip().upper()
    case = Case.objects.filter(number=number, kind=CaseKind.CALL, confidential=False).first() if number else None
    told = [row.description]
    if row.about_person:
        told.append(_("Person named by the customer: %(name)s") % {"name": row.about_person})
    if row.about_case:
        told.append(_("Number named by the customer: %(number)s") % {"number": row.about_case})
    anonymous = _("Sent by the web form without a name") if not row.name else ""
    line = row.service or ServiceLine.objects.order_by("pk").first()
    return Acceptance(
        channel=ComplaintChannel.WEB,
        level=ComplaintLevel.ORDINARY,
        matter=row.matter,
        wanted=row.wanted,
        description="\n".join(part for part in told if part),
        name=row.name,
        phone=row.phone,
        address=row.address,
        anonymous_reason=anonymous,
        about_case=case,
        about_staff=named[0] if len(named) == 1 else None,
        about_service=line,
        accepted_at=row.received_at,
        identifiers=[Identifier(_("Web form"), row.reference, _("Reference"))],
        token=row.token,
        concerns=named[1:],
    )


def _receiver() -> Staff | None:
    """Who receives what nobody received: the duty manager, else somebody who leads."""
    directory = Directory.load()
    manager = directory.present(directory.duty.get(DutyRole.DUTY_MANAGER))
    leaders = Staff.objects.filter(is_active=True, roles__overlap=[str(role) for role in LEADING_ROLES])
    return (Staff.objects.filter(pk=manager).first() if manager else None) or leaders.order_by("pk").first()


def _put_off(pk: int, why: str) -> None:
    row = WebComplaint.objects.get(pk=pk)
    row.tries += 1
    row.next_try_at = now() + min(timedelta(minutes=2 ** min(row.tries, 10)), _LONGEST_WAIT)
    row.save(update_fields=["tries", "next_try_at"])
    loud: Any = log.error if row.tries >= _LOUD else log.warning
    loud("Complaint %s of the web form waits, try %s: %s", row.reference, row.tries, why)


def _receipt(row: WebComplaint) -> Receipt:
    return Receipt(row.reference, code_of(row.reference, row.token))
