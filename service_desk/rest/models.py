"""The two tables of the REST ground: API keys (never the key itself) and answers kept for repeated requests."""

import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from service_desk.prepared import prepare
from service_desk.rest.rules import LONGEST_LIFE, PREFIX_LENGTH

_PRESENTED = "desk_api_key"
ModelT = TypeVar("ModelT", bound=models.Model)


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    """Questions about API keys."""

    def presented(self, prefix: str) -> "tuple[ApiKey, datetime.datetime] | None":
        """The key of this prefix with its owner, and the database's present time, in one query.

        In SQL that is composed once and planned once a connection: this is on the way of every REST request, and
        composing the same query anew took the ORM 1.6 ms of processor time, a quarter of a small request.
        """
        prepare(connection, _PRESENTED, f"PREPARE {_PRESENTED} AS {_presented_sql()}")
        with connection.cursor() as cursor:
            cursor.execute(f"EXECUTE {_PRESENTED} (%s)", [prefix])
            row = cursor.fetchone()
        if row is None:
            return None
        width = len(ApiKey._meta.concrete_fields)
        key = _loaded(ApiKey, row[1 : 1 + width])
        key.owner = _loaded(get_user_model(), row[1 + width :])
        return key, row[0]

    def database_now(self) -> datetime.datetime:
        """The present time by the database, from which a key's life is counted."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT statement_timestamp()")
            (moment,) = cursor.fetchone()
        result: datetime.datetime = moment
        return result


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


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """A kept answer, ready to be sent again."""

    request_hash: str
    status: int
    headers: dict[str, str]
    body: bytes


class IdempotencyKeyQuerySet(models.QuerySet["IdempotencyKey"]):
    """Reads and keeps answers in plain SQL: this is on the way of every POST, and the ORM doubles its cost."""

    def kept(self, *, caller: str, key: str) -> KeptAnswer | None:
        """The answer kept for this caller's key."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT request_hash, status, headers::text, body FROM rest_idempotencykey"
                " WHERE caller = %s AND key = %s",
                [caller, key],
            )
            row = cursor.fetchone()
        return None if row is None else KeptAnswer(row[0], row[1], json.loads(row[2]), bytes(row[3]))

    def keep(self, answer: KeptAnswer, *, caller: str, key: str) -> None:
        """Keep an answer; the unique constraint refuses a second one."""
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO rest_idempotencykey (caller, key, request_hash, status, headers, body)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                [caller, key, answer.request_hash, answer.status, json.dumps(answer.headers), answer.body],
            )


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

    objects = IdempotencyKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("kept answer")
        verbose_name_plural = _("kept answers")
        constraints = [models.UniqueConstraint(fields=["caller", "key"], name="idempotency_key_of_caller")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_by_time")]

    def __str__(self) -> str:
        return f"{self.caller} {self.key}"


@cache
def _presented_sql() -> str:
    key, owner = ApiKey._meta, get_user_model()._meta
    columns = [f'k."{field.column}"' for field in key.concrete_fields]
    columns += [f'o."{field.column}"' for field in owner.concrete_fields]
    return (
        f'SELECT statement_timestamp(), {", ".join(columns)} FROM "{key.db_table}" k'  # noqa: S608  (our own names)
        f' JOIN "{owner.db_table}" o ON o."{owner.pk.column}" = k.owner_id WHERE k.prefix = $1'
    )


def _loaded(model: type[ModelT], row: Sequence[Any]) -> ModelT:
    """An instance from a row of all its columns, converted as the ORM would."""
    names, converted = _columns(model)
    values = list(row)
    for place, converters in converted:
        for convert in converters:
            values[place] = convert(values[place], None, connection)
    return model.from_db(connection.alias, names, values)


@cache
def _columns(model: type[models.Model]) -> tuple[list[str], list[tuple[int, list[Any]]]]:
    """The names of a model's columns, and where a value is converted."""
    fields = model._meta.concrete_fields
    converted = [(place, field.get_db_converters(connection)) for place, field in enumerate(fields)]
    return [field.attname for field in fields], [(place, each) for place, each in converted if each]
