"""Once a day the head of the audit trail leaves the machine: who rewrites the trail cannot rewrite what is elsewhere.

By e-mail to auditors and administrators, to the address in AUDIT_HEAD_TO, and to every endpoint that asks for it.
"""

from __future__ import annotations

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from service_desk.audit import chain
from service_desk.notices.actions import NewNotice, send_many
from service_desk.notices.kinds import register as register_notice
from service_desk.notices.rules import Level
from service_desk.people.models import Staff
from service_desk.people.roster import database_now
from service_desk.people.rules import Role
from service_desk.webhooks.emitting import emit
from service_desk.webhooks.kinds import register as register_event

EVENT = "audit.head"
# The address that belongs to nobody here: one more letter of the day's first notice, under its own key.
_ELSEWHERE = """
INSERT INTO notices_delivery (notice_id, channel, target, dedup_key, message_id, state, last_error)
SELECT %s, 'email', %s, %s, '<' || gen_random_uuid() || '@desk>', 'pending', ''
ON CONFLICT (dedup_key) DO NOTHING
"""

register_notice(
    "audit_head",
    subject=_("Audit trail of %(day)s: %(place)s entries sealed"),
    body=_(
        "Head: %(head)s\n"
        "Keep this message away from the desk's machine. Later\n"
        "manage.py verify_audit --head %(head)s\n"
        "shows whether anything up to here was rewritten, even by who made all seals anew."
    ),
)
register_event(
    EVENT,
    _("Head of the audit trail, once a day"),
    {
        "day": "2026-11-22",
        "place": 120345,
        "head": "120345:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    },
)


def send_head() -> bool:
    """Send today's head if that was not done yet; a second call on the same day changes nothing."""
    with transaction.atomic():
        head = chain.head()
        day = timezone.localtime(database_now()).date().isoformat()
        if not head.place:
            return False
        facts = {"day": day, "place": head.place, "head": str(head)}
        people = Staff.objects.with_role(Role.AUDITOR, Role.ADMINISTRATOR).order_by("pk").values_list("pk", flat=True)
        written = send_many(
            [
                NewNotice(
                    dedup_key=f"audit:head:{day}:{pk}",
                    chain=f"audit:head:{day}:{pk}",
                    kind="audit_head",
                    level=Level.INFO,
                    recipient_id=pk,
                    facts=facts,
                    private=True,
                )
                for pk in people
            ]
        )
        if not written:
            return False
        if settings.AUDIT_HEAD_TO:
            with connection.cursor() as cursor:
                cursor.execute(_ELSEWHERE, [written[0], settings.AUDIT_HEAD_TO, f"audit:head:{day}:elsewhere"])
        emit(EVENT, facts)
    return True
