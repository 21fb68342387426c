"""What administrators do to request types: add, change, retire. Nothing that has answers is removed or made another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.cases.models import Case, RequestField, RequestType
from service_desk.people.access import require
from service_desk.rest.errors import FieldError, Invalid, Stale


def save_request_type(
    *, actor: Any, request_type: RequestType, fields: Sequence[RequestField] = (), version: int = 0
) -> RequestType:
    """Write a request type with its new or changed fields.

    Raises Stale when somebody else has changed it since `version`, Invalid when a field with answers would become
    another (`fields/<place>/kind`).
    """
    with transaction.atomic():
        require(actor, "request_type.edit", request_type if request_type.pk else None)
        made = request_type.pk is None
        if not made:
            now_there = RequestType.objects.select_for_update().filter(pk=request_type.pk).first()
            if now_there is None or now_there.version != version:
                raise Stale
            request_type.version = version + 1
        _demand_meaning(request_type, fields)
        request_type.save()
        for field in fields:
            field.request_type = request_type
            field.save()
        record(
            verb="request_type.add" if made else "request_type.edit",
            thing=f"request_type:{request_type.pk}",
            actor=actor,
            detail={"name": request_type.name, "active": request_type.is_active, "fields": [f.key for f in fields]},
        )
    return request_type


def retire_request_type(*, actor: Any, request_type: RequestType, retired: bool = True) -> RequestType:
    """Take a request type out of use, or back into it; cases that have it keep it."""
    with transaction.atomic():
        require(actor, "request_type.edit", request_type)
        locked = RequestType.objects.select_for_update().get(pk=request_type.pk)
        locked.is_active = not retired
        locked.version += 1
        locked.save(update_fields=["is_active", "version"])
        verb = "request_type.retire" if retired else "request_type.restore"
        record(verb=verb, thing=f"request_type:{locked.pk}", actor=actor, detail={"name": locked.name})
    return locked


def _demand_meaning(request_type: RequestType, fields: Sequence[RequestField]) -> None:
    """The kind and the key of a field that has answers stay; the trigger would say so in fewer words."""
    before = {field.pk: field for field in request_type.fields.all()} if request_type.pk else {}
    errors = []
    for place, field in enumerate(fields):
        old = before.get(field.pk)
        if old is None or (old.kind, old.key) == (field.kind, field.key):
            continue
        if Case.objects.filter(request_type=request_type, request_values__has_key=old.key).exists():
            words = _("This field has answers already. Retire it and add another one instead.")
            errors.append(FieldError(f"fields/{place}/kind", words, "in_use"))
    if errors:
        raise Invalid.of(errors)
