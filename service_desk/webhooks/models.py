"""Endpoints of other programs, what happened that they want to know, and its way to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.people.models import Staff
from service_desk.webhooks.rules import MAX_TRIES, OPEN_STATES, STUCK, PauseReason, PostState


class Endpoint(models.Model):
    """Where another program listens: its address, what it wants to hear, and the secret that signs."""

    name = models.CharField(pgettext_lazy("webhook", "Name"), max_length=80, unique=True)
    url = models.TextField(_("Address"))
    types = ArrayField(models.CharField(max_length=64), verbose_name=_("Events"))
    secret = models.TextField(editable=False)  # encrypted: see vault
    previous_secret = models.TextField(blank=True, default="", editable=False)
    is_active = models.BooleanField(_("Switched on"), default=True)
    pause_reason = models.TextField(_("Switched off because"), choices=PauseReason, blank=True, default="")
    paused_at = models.DateTimeField(_("Switched off at"), null=True, blank=True)
    last_success_at = models.DateTimeField(_("Last success"), null=True, blank=True)
    failing_since = models.DateTimeField(_("Failing since"), null=True, blank=True)
    last_error = models.TextField(_("Last error"), blank=True, default="")
    created_at = models.DateTimeField(_("Since"), db_default=Now(), editable=False)
    created_by = models.ForeignKey(
        Staff, verbose_name=_("Set up by"), null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        verbose_name = _("Webhook endpoint")
        verbose_name_plural = _("Webhook endpoints")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(types__len__gt=0), name="endpoint_wants_something"),
            models.CheckConstraint(
                condition=Q(pause_reason__in=["", *PauseReason.values]), name="endpoint_pause_is_known"
            ),
            models.CheckConstraint(
                condition=Q(is_active=True, pause_reason="", paused_at=None)
                | (Q(is_active=False, paused_at__isnull=False) & ~Q(pause_reason="")),
                name="endpoint_pause_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Event(models.Model):
    """Something that happened, written in its own transaction; `names` are the types it is told under.

    `fanned_at` is empty until it has become a delivery for each endpoint that wants it.
    """

    key = models.CharField(max_length=40, unique=True, editable=False)
    type = models.CharField(_("Event"), max_length=64)
    names = ArrayField(models.CharField(max_length=64))
    data: Any = models.JSONField(_("Data"), encoder=DjangoJSONEncoder)
    about = models.CharField(_("About"), max_length=80, blank=True)
    created_at = models.DateTimeField(pgettext_lazy("event", "When"), db_default=Now(), editable=False)
    fanned_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("Webhook event")
        verbose_name_plural = _("Webhook events")
        indexes = [
            models.Index(fields=["id"], name="webhook_event_to_fan", condition=Q(fanned_at=None)),
            models.Index(fields=["created_at"], name="webhook_event_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.key}"


class PostQuerySet(models.QuerySet["Post"]):
    """Reads as questions."""

    def open(self) -> PostQuerySet:
        """Still on their way."""
        return self.filter(state__in=OPEN_STATES)

    def stuck(self) -> PostQuerySet:
        """Due for so long that no sender can be at work."""
        return self.open().filter(endpoint__is_active=True, next_try_at__lt=Now() - STUCK)

    def with_all(self) -> PostQuerySet:
        """With event and endpoint at hand."""
        return self.select_related("event", "endpoint")


class Post(models.Model):
    """One event on its way to one endpoint; always under the event's key, so that a repeat is known as one.

    `fence` counts the claims: a sender that was overtaken changes nothing. `tries` are the last answers, cut.
    """

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="posts", db_index=False)
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="posts", db_index=False)
    type = models.CharField(_("Event"), max_length=64)
    state = models.TextField(_("State"), choices=PostState, db_default=PostState.PENDING)
    attempts = models.IntegerField(_("Tries"), db_default=0)
    next_try_at = models.DateTimeField(_("Next try"), db_default=Now())
    fence = models.IntegerField(db_default=0)
    tries: Any = models.JSONField(_("Answers"), db_default=Value([], models.JSONField()))
    sent_at = models.DateTimeField(pgettext_lazy("webhook", "Taken"), null=True, blank=True)
    created_at = models.DateTimeField(_("Written"), db_default=Now(), editable=False)

    objects: ClassVar[Any] = PostQuerySet.as_manager()

    class Meta:
        verbose_name = _("Webhook delivery")
        verbose_name_plural = _("Webhook deliveries")
        indexes = [
            models.Index(
                fields=["endpoint", "next_try_at", "id"],
                name="webhook_post_open",
                condition=Q(state__in=["pending", "sending"]),
            ),
            models.Index(fields=["endpoint", "-id"], name="webhook_post_by_endpoint"),
            models.Index(fields=["endpoint", "-id"], name="webhook_post_dead", condition=Q(state="dead")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["event", "endpoint"], name="webhook_post_once"),
            models.CheckConstraint(condition=Q(state__in=PostState.values), name="webhook_post_state_is_known"),
            models.CheckConstraint(
                condition=Q(state=PostState.SENT, sent_at__isnull=False) | (~Q(state=PostState.SENT) & Q(sent_at=None)),
                name="webhook_post_sent_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(attempts__gte=0, attempts__lte=MAX_TRIES, fence__gte=F("attempts")),
                name="webhook_post_counts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} → {self.endpoint_id} ({self.state})"

    @property
    def last_try(self) -> dict[str, Any]:
        """The newest answer: at, status, ms, error, answer."""
        return self.tries[-1] if self.tries else {}

    @property
    def due_at(self) -> datetime | None:
        """When it is tried next, if it is."""
        return self.next_try_at if self.state in OPEN_STATES else None
