"""Drafts of the register form: kept while somebody types, gone when the call is registered or a week has passed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from service_desk.cases.models import Case, RegisterDraft
from service_desk.people.access import require
from service_desk.rest.errors import Invalid

#: A draft is not larger than this as JSON in UTF-8; the form's own fields fit in twice over.
LARGEST = 100_000
#: One person keeps so many; the oldest goes first.
MOST = 20
KEPT = timedelta(days=7)


def save_draft(*, actor: Any, token: UUID, values: Mapping[str, Any]) -> None:
    """Keep what was typed so far under the form's token; what was registered already is not kept again."""
    require(actor, "case.register")
    if len(json.dumps(dict(values), ensure_ascii=False).encode("utf-8", "surrogatepass")) > LARGEST:
        raise Invalid(_("This is too much to be kept as a draft."), code="too_large")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO cases_registerdraft (user_id, token, "values", saved_at)'
            " SELECT %s, %s, %s, now() WHERE NOT EXISTS (SELECT 1 FROM cases_case WHERE token = %s)"
            ' ON CONFLICT (user_id, token) DO UPDATE SET "values" = EXCLUDED."values", saved_at = EXCLUDED.saved_at',
            [actor.pk, token, json.dumps(dict(values)), token],
        )
        mine = RegisterDraft.objects.filter(user=actor).order_by("-saved_at", "-id")
        RegisterDraft.objects.filter(pk__in=list(mine.values_list("pk", flat=True)[MOST : MOST * 2])).delete()


def discard_draft(*, actor: Any, token: UUID) -> None:
    """Throw a draft of one's own away; one that is not there is none too."""
    RegisterDraft.objects.filter(user=actor, token=token).delete()


def drafts_of(user: Any) -> QuerySet[RegisterDraft]:
    """The drafts of this person that are not registered and not too old, newest first."""
    registered = Case.objects.filter(token=OuterRef("token"))
    return RegisterDraft.objects.filter(~Exists(registered), user=user, saved_at__gt=Now() - KEPT).order_by(
        "-saved_at", "-id"
    )


def sweep_drafts() -> int:
    """Remove drafts that nobody came back to within a week; how many."""
    removed, _by_table = RegisterDraft.objects.filter(saved_at__lte=Now() - KEPT).delete()
    return removed
