"""Deliver again, one or all since a moment; try an endpoint out; forget what is old."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.deadlines.clock import now
from service_desk.people.access import require
from service_desk.people.models import Staff
from service_desk.rest.errors import Conflict, Invalid
from service_desk.webhooks.emitting import wake
from service_desk.webhooks.ids import new_key
from service_desk.webhooks.kinds import TEST
from service_desk.webhooks.models import Endpoint, Event, Post
from service_desk.webhooks.rules import KEPT, REDELIVER_AT_MOST, PostState

# What was never handed out (the endpoint was off) is handed out now; what was given up begins again; what is on its way
# is left alone.
_AGAIN = """
INSERT INTO webhooks_post AS p (event_id, endpoint_id, type)
SELECT event.id, e.id, CASE WHEN event.type = ANY(e.types) THEN event.type
    ELSE (SELECT min(name) FROM unnest(event.names) name WHERE name = ANY(e.types)) END
FROM webhooks_event event JOIN webhooks_endpoint e ON e.id = %(endpoint)s AND e.types && event.names
WHERE event.created_at >= %(since)s
    AND (NOT %(missed)s OR NOT EXISTS (
        SELECT 1 FROM webhooks_post sent WHERE sent.event_id = event.id AND sent.endpoint_id = e.id
            AND sent.state <> 'dead'))
ORDER BY event.id LIMIT %(most)s
ON CONFLICT (event_id, endpoint_id) DO UPDATE
    SET state = 'pending', attempts = 0, next_try_at = statement_timestamp(), sent_at = NULL
    WHERE p.state IN ('sent', 'dead')
"""
_PURGE = """
DELETE FROM webhooks_event
WHERE id IN (SELECT id FROM webhooks_event WHERE created_at < %s ORDER BY created_at LIMIT %s)
"""
_PURGED_AT_ONCE = 5000


@transaction.atomic
def redeliver(*, actor: Staff, post: Post) -> Post:
    """Send one delivery again, under the same id; one that is on its way is left alone."""
    require(actor, "webhook.administer", post.endpoint)
    row = Post.objects.with_all().select_for_update(of=("self",)).get(pk=post.pk)
    _demand_on(row.endpoint)
    if row.state == PostState.SENDING:
        raise Conflict(_("It is being sent at this moment."), code="in_progress")
    row.state, row.attempts, row.sent_at = PostState.PENDING, 0, None
    row.next_try_at = Now()
    row.save(update_fields=["state", "attempts", "sent_at", "next_try_at"])
    record(verb="webhook.redeliver", thing=f"webhook:{row.endpoint_id}", actor=actor, detail={"event": row.event.key})
    transaction.on_commit(wake, robust=True)
    return Post.objects.with_all().get(pk=row.pk)


@transaction.atomic
def redeliver_since(*, actor: Staff, endpoint: Endpoint, since: datetime, missed_only: bool = True) -> int:
    """Send again what happened since a moment: what the endpoint has missed, or all of it; how many."""
    require(actor, "webhook.administer", endpoint)
    row = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    _demand_on(row)
    if since > now():
        raise Invalid(_("This lies ahead."), field="since", code="future")
    with connection.cursor() as cursor:
        values: dict[str, Any] = {
            "endpoint": row.pk,
            "since": since,
            "missed": missed_only,
            "most": REDELIVER_AT_MOST,
        }
        cursor.execute(_AGAIN, values)
        count = cursor.rowcount
    detail = {"since": since.isoformat(), "missed_only": missed_only, "count": count}
    record(verb="webhook.redeliver_since", thing=f"webhook:{row.pk}", actor=actor, detail=detail)
    transaction.on_commit(wake, robust=True)
    return int(count)


@transaction.atomic
def send_test(*, actor: Staff, endpoint: Endpoint) -> Post:
    """Send a made-up event to this endpoint alone, whatever it has subscribed to, by the way that real ones go."""
    require(actor, "webhook.administer", endpoint)
    row = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    _demand_on(row)
    data = {"endpoint": {"id": row.pk, "name": row.name}, "by": {"id": actor.pk}}
    event = Event.objects.create(
        key=new_key(), type=TEST, names=[TEST], data=data, about=f"webhook:{row.pk}", fanned_at=Now()
    )
    post = Post.objects.create(event=event, endpoint=row, type=TEST)
    record(verb="webhook.test", thing=f"webhook:{row.pk}", actor=actor)
    transaction.on_commit(wake, robust=True)
    return post


@transaction.atomic
def purge_old() -> int:
    """Forget events and their deliveries after thirty days, a bounded number at once; how many."""
    with connection.cursor() as cursor:
        limit = now() - KEPT
        cursor.execute(
            "DELETE FROM webhooks_post WHERE event_id IN"
            " (SELECT id FROM webhooks_event WHERE created_at < %s ORDER BY created_at LIMIT %s)",
            [limit, _PURGED_AT_ONCE],
        )
        cursor.execute(_PURGE, [limit, _PURGED_AT_ONCE])
        return int(cursor.rowcount)


def _demand_on(endpoint: Endpoint) -> None:
    if not endpoint.is_active:
        raise Conflict(_("Switch the endpoint on first."), code="switched_off")
