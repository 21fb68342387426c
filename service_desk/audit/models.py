"""One row for each verb that was carried out or refused; the database itself refuses to change or remove it."""

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from service_desk.audit.append_only import append_only
from service_desk.audit.rules import Door, Outcome


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    """Questions about the trail."""

    def of_thing(self, thing: str) -> "AuditEntryQuerySet":
        """Everything that happened to one thing, newest first."""
        return self.filter(thing=thing).order_by("-id")

    def by_actor(self, actor_id: int) -> "AuditEntryQuerySet":
        """Everything one member of staff did or was refused, newest first."""
        return self.filter(actor_id=actor_id).order_by("-id")


class AuditEntry(models.Model):
    """Who did what to which thing, when by the database's clock, through which door, with what outcome."""

    at = models.DateTimeField(_("at"), db_default=Now(), editable=False)
    # No index of its own: the index by actor and id below begins with it.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("member of staff"),
    )
    actor_label = models.TextField(_("key or worker"), blank=True, default="")
    door = models.TextField(_("door"), choices=Door.choices)
    verb = models.TextField(_("verb"))
    thing = models.TextField(_("thing"))
    outcome = models.TextField(_("outcome"), choices=Outcome.choices, default=Outcome.DONE)
    detail = models.JSONField(_("detail"), default=dict, blank=True, encoder=DjangoJSONEncoder)
    ip = models.GenericIPAddressField(_("IP address"), null=True, blank=True)
    request_id = models.TextField(_("request"), blank=True, default="")

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        # The number follows the time (both are given at insertion), so the indexes need not carry `at` as well.
        indexes = [
            models.Index(fields=["thing", "-id"], name="audit_by_thing"),
            models.Index(fields=["actor", "-id"], name="audit_by_actor"),
            BrinIndex(fields=["at"], name="audit_by_time"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(door__in=Door.values), name="audit_door_is_known"),
            models.CheckConstraint(condition=models.Q(outcome__in=Outcome.values), name="audit_outcome_is_known"),
        ]
        triggers = append_only("audit")

    def __str__(self) -> str:
        return f"{self.verb} {self.thing} ({self.outcome})"


class AuditSeal(models.Model):
    """The seal of one entry, in the order of sealing; see `audit.chain`."""

    place = models.BigIntegerField(_("place"), primary_key=True)
    # No foreign key: that an entry is gone must be found, not prevented by what could be removed with it.
    entry_id = models.BigIntegerField(_("audit entry"), unique=True)
    digest = models.BinaryField(_("digest"), max_length=32)
    sealed_at = models.DateTimeField(_("sealed"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("audit seal")
        verbose_name_plural = _("audit seals")
        constraints = [models.CheckConstraint(condition=models.Q(place__gte=1), name="audit_seal_place_from_one")]
        triggers = append_only("seal")

    def __str__(self) -> str:
        return f"{self.place}: {self.entry_id}"
