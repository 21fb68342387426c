"""Who wants to hear a call ring: a choice of each person's own, off until they make it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class RingSound(models.Model):
    """One row for each who hears a short tone when a call rings on their screen; no row, no tone."""

    staff = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("Who"),
        on_delete=models.PROTECT,
        primary_key=True,
        related_name="+",
    )

    class Meta:
        verbose_name = _("Sound of a call")
        verbose_name_plural = _("Sounds of calls")

    def __str__(self) -> str:
        return str(self.staff)
