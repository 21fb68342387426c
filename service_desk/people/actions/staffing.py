"""What a member of staff may do: qualification, roles, password, leaving; log-ins end with what they stood on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.people.access import require
from service_desk.people.actions.guarding import note_reveal
from service_desk.people.logins import end_sessions
from service_desk.people.models import ProductType, Qualification, Staff
from service_desk.people.rules import Role
from service_desk.rest.errors import Conflict, FieldError, Invalid


def qualify(*, actor: Any, staff: Staff, product_type: ProductType) -> Qualification:
    """Let somebody grade faults of a product type (C2); once is enough."""
    with transaction.atomic():
        require(actor, "staff.qualify", staff)
        found, created = Qualification.objects.get_or_create(staff=staff, product_type=product_type)
        if created:
            record(verb="staff.qualify", thing=_key(staff), actor=actor, detail={"product_type": product_type.pk})
    return found


def unqualify(*, actor: Any, staff: Staff, product_type: ProductType) -> None:
    """Take that right away; grades that were given stay."""
    with transaction.atomic():
        require(actor, "staff.qualify", staff)
        deleted, _rows = Qualification.objects.filter(staff=staff, product_type=product_type).delete()
        if deleted:
            record(verb="staff.unqualify", thing=_key(staff), actor=actor, detail={"product_type": product_type.pk})


def set_roles(*, actor: Any, staff: Staff, roles: Iterable[str]) -> Staff:
    """Give exactly these roles. The person's log-ins end; the last administrator stays one."""
    wanted = [role for role in Role.values if role in set(roles)]
    with transaction.atomic():
        require(actor, "staff.administer", staff)
        if unknown := sorted(set(roles) - set(Role.values)):
            raise Invalid(
                _("There is no such role: %(names)s.") % {"names": ", ".join(unknown)}, field="roles", code="unknown"
            )
        locked = Staff.objects.select_for_update().get(pk=staff.pk)
        if Role.ADMINISTRATOR not in wanted:
            _keep_an_administrator(locked, "roles")
        before, locked.roles = locked.roles, wanted
        if before != wanted:
            locked.save(update_fields=["roles"])
            record(verb="staff.set_roles", thing=_key(staff), actor=actor, detail={"before": before, "after": wanted})
            after_change(locked)
    return locked


def deactivate(*, actor: Any, staff: Staff) -> Staff:
    """Somebody leaves: no log-in from now on; the name stays on everything they did."""
    with transaction.atomic():
        require(actor, "staff.administer", staff)
        locked = Staff.objects.select_for_update().get(pk=staff.pk)
        if not locked.is_active:
            return locked
        if locked.pk == actor.pk:
            raise Conflict(_("You cannot deactivate yourself; another administrator does it."), code="self")
        _keep_an_administrator(locked, "is_active")
        locked.is_active = False
        locked.save(update_fields=["is_active"])
        record(verb="staff.deactivate", thing=_key(staff), actor=actor)
        after_change(locked)
    return locked


def set_password(*, actor: Any, staff: Staff, password: str) -> Staff:
    """Set a new password (hashed); the person's log-ins end."""
    with transaction.atomic():
        require(actor, "staff.administer", staff)
        try:
            validate_password(password, staff)
        except ValidationError as error:
            raise Invalid.of([FieldError("password", text, "weak") for text in error.messages]) from error
        staff.set_password(password)
        staff.save(update_fields=["password"])
        record(verb="staff.set_password", thing=_key(staff), actor=actor)
        after_change(staff)
    return staff


def reveal_mobile(*, actor: Any, staff: Staff) -> str:
    """A colleague's mobile in full, as the desk calls whoever is on duty; each look is recorded."""
    with transaction.atomic():
        require(actor, "staff.reveal", staff)
        note_reveal(verb="staff.reveal", thing=_key(staff), actor=actor)
    return staff.mobile


def after_change(staff: Staff) -> None:
    """What follows from any change of rights: whoever is logged in as this person logs in again."""
    end_sessions(staff)


def _keep_an_administrator(staff: Staff, field: str) -> None:
    """Lock all administrators, so that two of them cannot take each other's place away at once."""
    administrators = list(
        Staff.objects.select_for_update()
        .filter(is_active=True, roles__contains=[Role.ADMINISTRATOR])
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    if administrators == [staff.pk]:
        raise Invalid(
            _("This is the last administrator."),
            field=field,
            code="last_administrator",
            remedy=_("Make somebody else an administrator first."),
        )


def _key(staff: Staff) -> str:
    return f"staff:{staff.pk}"
