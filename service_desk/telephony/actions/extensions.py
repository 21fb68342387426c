"""Who sits at which phone, from when to when."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.deadlines.clock import now
from service_desk.people.access import require
from service_desk.people.models import Staff
from service_desk.rest.clean import is_clean
from service_desk.rest.errors import Conflict, Invalid
from service_desk.telephony.models import Extension, Integration
from service_desk.turns import take_turn


@transaction.atomic
def add_extension(
    *,
    actor: Staff | None,
    integration: Integration,
    extension: str,
    staff: Staff,
    agent_code: str = "",
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
) -> Extension:
    """Give a phone to somebody; `actor` is None when the phone system says so with its own key."""
    _demand_right(actor, integration)
    extension, agent_code = extension.strip(), agent_code.strip()
    if not 1 <= len(extension) <= 32 or not is_clean(extension):
        raise Invalid(_("An extension has 1 to 32 characters."), field="extension")
    if len(agent_code) > 64 or not is_clean(agent_code):
        raise Invalid(_("An agent code has at most 64 characters."), field="agent_code")
    begins = valid_from or now()
    if valid_to is not None and valid_to <= begins:
        raise Invalid(_("It must end after it begins."), field="valid_to")
    row = Extension(
        integration=integration,
        extension=extension,
        staff=staff,
        agent_code=agent_code,
        valid_from=begins,
        valid_to=valid_to,
    )
    _save(row)
    detail = {"extension": extension, "staff": staff.pk, "from": begins, "to": valid_to}
    record(verb="telephony.add_extension", thing=f"integration:{integration.pk}", actor=actor, detail=detail)
    return row


@transaction.atomic
def end_extension(*, actor: Staff | None, extension: Extension, at: datetime | None = None) -> Extension:
    """The phone is no longer this person's from `at` (default: now); calls answered before stay theirs."""
    _demand_right(actor, extension.integration)
    row = Extension.objects.select_for_update(of=("self",)).select_related("integration", "staff").get(pk=extension.pk)
    moment = at or now()
    if moment <= row.valid_from:
        raise Invalid(_("It must end after it begins."), field="valid_to")
    row.valid_to = moment
    _save(row)
    detail = {"extension": row.extension, "staff": row.staff_id, "to": moment}
    record(verb="telephony.end_extension", thing=f"integration:{row.integration_id}", actor=actor, detail=detail)
    return row


def _save(row: Extension) -> None:
    take_turn("telephony_extension")
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        if "extension_is_one_persons" not in str(error):
            raise
        raise Conflict(
            _("Somebody else has extension %(extension)s in that time.") % {"extension": row.extension},
            code="extension_taken",
            remedy=_("End that entry first, or choose another time."),
        ) from error


def _demand_right(actor: Staff | None, integration: Integration) -> None:
    if actor is not None:
        require(actor, "telephony.administer", integration)
