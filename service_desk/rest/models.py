"""The two tables of the REST ground: API keys (never the key itself) and answers kept for repeated requests."""

import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from service_desk.rest.rules import LONGEST_LIFE, PREFIX_LENGTH


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    """Questions about API keys."""

    def presented(self, prefix: str) -> "tuple[ApiKey, datetime.datetime] | None":
        """The key of this prefix with its owner, and the database's present time, in one query."""
        found = self.select_related("owner").annotate(db_now=Now()).filter(prefix=prefix).first()
        return None if found is None else (found, getattr(found, "db_now"))  # noqa: B009  (an annotation, unknown to mypy)


class ApiKey(models.Model):
    """Lets a program act as its owner, within scopes, networks and time; the key is shown once and not kept."""

    name = models.CharField(_("name"), max_length=100)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="api_keys", verbose_name=_("owner")
    )
    prefix = models.CharField(_("prefix"), max_length=PREFIX_LENGTH, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    scopes = ArrayField(models.CharField(max_length=64), verbose_name=_("scopes"))
    allowed_networks = ArrayField(
        models.CharField(max_length=43), default=list, blank=True, verbose_name=_("allowed networks")
    )
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    expires_at = models.DateTimeField(_("expires"))
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="apikey_expires_after_creation"),
            models.CheckConstraint(
                condition=Q(expires_at__lte=F("created_at") + LONGEST_LIFE), name="apikey_lives_a_year_at_most"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"


class IdempotencyKey(models.Model):
    """The answer to a POST that bore an Idempotency-Key, written in the transaction of the change it answers.

    There is no state 'running': the row becomes visible together with the change, and while the change runs an
    advisory lock stands for it. So a crash leaves nothing behind, neither a half change nor a locked key.
    """

    caller = models.CharField(max_length=40)  # "staff:7" or "key:3": a key is the caller's own
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)  # of method, path with query, and body
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("kept answer")
        verbose_name_plural = _("kept answers")
        constraints = [models.UniqueConstraint(fields=["caller", "key"], name="idempotency_key_of_caller")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_by_time")]

    def __str__(self) -> str:
        return f"{self.caller} {self.key}"
