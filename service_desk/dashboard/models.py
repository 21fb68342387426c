"""The shift hand-over sheet: what was open at the change of shift, signed by both supervisors, as it stood then."""

from __future__ import annotations

from typing import Any

import pgtrigger
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from service_desk.audit.append_only import append_only

_STAFF = settings.AUTH_USER_MODEL
# The second signature may be added once; all else stands as the first one found it.
_SIGNED = """
IF TG_OP = 'UPDATE' AND OLD.taken_at IS NULL AND NEW.taken_at IS NOT NULL
   AND to_jsonb(NEW) - '{taken_at,taken_by_id}'::text[] = to_jsonb(OLD) - '{taken_at,taken_by_id}'::text[] THEN
    RETURN NEW;
END IF;
RAISE EXCEPTION 'A signed shift sheet is append-only: % is refused.', TG_OP USING ERRCODE = 'restrict_violation';
"""


class ShiftSheet(models.Model):
    """Born with the giver's signature; `facts` is the desk at that moment, without anything confidential."""

    token = models.UUIDField(unique=True, editable=False)  # of the form: a double click is harmless
    facts: Any = models.JSONField(encoder=DjangoJSONEncoder, editable=False)
    notes = models.TextField(_("Notes for the next shift"), blank=True, max_length=4000)
    until = models.DateTimeField(_("Next shift ends"))
    given_by = models.ForeignKey(_STAFF, verbose_name=_("Handed over by"), on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField(_("Signed"), db_default=Now(), editable=False)
    taken_by = models.ForeignKey(
        _STAFF, verbose_name=_("Taken over by"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    taken_at = models.DateTimeField(_("Countersigned"), null=True, editable=False)

    class Meta:
        verbose_name = _("Shift sheet")
        verbose_name_plural = _("Shift sheets")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(taken_by=None, taken_at=None) | Q(taken_by__isnull=False, taken_at__isnull=False),
                name="shift_sheet_signature_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(taken_by=None) | ~Q(taken_by=F("given_by")), name="shift_sheet_signed_by_two"
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="shift_sheet_stands",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func=_SIGNED,
            ),
            append_only("shift_sheet")[1],
        ]

    def __str__(self) -> str:
        return f"{_('Shift sheet')} {self.pk}"
