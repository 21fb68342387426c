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
#: One person keeps so many; the oldest goes first. Of those thrown away so many are remembered beside them.
MOST = 20
_REMEMBERED = 100
#: The largest edition that the column holds.
NEWEST = 2**31 - 1
KEPT = timedelta(days=7)


def save_draft(*, actor: Any, token: UUID, values: Mapping[str, Any], edition: int = 0) -> bool:
    """Keep what was typed so far under the form's token; whether it was not thrown away since this edition began.

    What was registered already is not kept again. The row decides, so that a save that was on its way while somebody
    threw the draft away does not bring it back.
    """
    require(actor, "case.register")
    if len(json.dumps(dict(values), ensure_ascii=False).encode("utf-8", "surrogatepass")) > LARGEST:
        raise Invalid(_("This is too much to be kept as a draft."), code="too_large")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO cases_registerdraft AS kept (user_id, token, "values", edition, saved_at)'
            " SELECT %s, %s, %s, %s, now() WHERE NOT EXISTS (SELECT 1 FROM cases_case WHERE token = %s)"
            ' ON CONFLICT (user_id, token) DO UPDATE SET "values" = EXCLUDED."values", saved_at = EXCLUDED.saved_at'
            " WHERE kept.edition = EXCLUDED.edition",
            [actor.pk, token, json.dumps(dict(values)), edition, token],
        )
        written = cursor.rowcount == 1
        mine = RegisterDraft.objects.filter(user=actor).order_by("-saved_at", "-id")
        _trim(mine.exclude(values={}), MOST)
    return written or edition_of(actor, token) == edition


def empty_draft(*, actor: Any, token: UUID, edition: int = 0) -> bool:
    """Nothing stands in the form any more, so nothing is kept of it; whether it was not thrown away meanwhile."""
    require(actor, "case.register")
    RegisterDraft.objects.filter(user=actor, token=token, edition=edition).exclude(values={}).delete()
    return edition_of(actor, token) in (0, edition)


def discard_draft(*, actor: Any, token: UUID) -> None:
    """Throw a draft of one's own away, also one whose first save is still on its way: the edition ends here."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO cases_registerdraft AS kept (user_id, token, "values", edition, saved_at)'
            " VALUES (%s, %s, '{}', 1, now()) ON CONFLICT (user_id, token) DO UPDATE"
            " SET \"values\" = '{}', edition = least(kept.edition, %s - 1) + 1, saved_at = now()",
            [actor.pk, token, NEWEST],
        )
        _trim(RegisterDraft.objects.filter(user=actor, values={}).order_by("-saved_at", "-id"), _REMEMBERED)


def forget_draft(*, actor: Any, token: UUID) -> None:
    """The draft became a case: nothing of it is left, and the case keeps its token."""
    RegisterDraft.objects.filter(user=actor, token=token).delete()


def _trim(rows: QuerySet[RegisterDraft], most: int) -> None:
    RegisterDraft.objects.filter(pk__in=list(rows.values_list("pk", flat=True)[most : most + MOST])).delete()


def edition_of(user: Any, token: UUID) -> int:
    """The edition that goes on now: a form that begins with this token sends it along with each save."""
    found = RegisterDraft.objects.filter(user=user, token=token).values_list("edition", flat=True).first()
    return found or 0


def drafts_of(user: Any) -> QuerySet[RegisterDraft]:
    """The drafts of this person that are not registered, not thrown away and not too old, newest first."""
    registered = Case.objects.filter(token=OuterRef("token"))
    kept = RegisterDraft.objects.filter(~Exists(registered), user=user, saved_at__gt=Now() - KEPT)
    return kept.exclude(values={}).order_by("-saved_at", "-id")


def sweep_drafts() -> int:
    """Remove drafts that nobody came back to within a week; how many."""
    removed, _by_table = RegisterDraft.objects.filter(saved_at__lte=Now() - KEPT).delete()
    return removed
