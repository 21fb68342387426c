"""Which letters a notice sends out of the house, and those of many at once: written after them, by who carries letters.

A storm of fired steps writes its notices and nothing else, because a person is told by the notice; with each batch goes
one row that holds the batch's numbers, in the same transaction, so that no letter is lost (`models.Unaddressed`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import connection

from service_desk.notices.rules import Level

#: From so many notices in one transaction on, their letters are written afterwards.
MANY = 200
#: Of so many notices at most the letters are written in one statement.
_AT_ONCE = 500

# Ways out of the notices that a table expression `notice` holds: the person's mailbox (an emergency goes there whatever
# the person has chosen; graver notices that have no mailbox to go to become a dead letter, which is escalated), the
# person's other channels, those of the unit and of the desk (each step once, not once per recipient), and for nobody a
# dead letter that keeps the gap in sight. The graver a notice, the further back its first attempt is dated, so that an
# emergency overtakes a queue of lesser matters.
LETTERS = """
told AS (
    SELECT notice.*, staff.email, staff.unit_id,
        array_position(%(levels)s, notice.level) AS gravity,
        (CASE WHEN notice.slot = '' THEN notice.chain ELSE replace(notice.chain, ':' || notice.slot, '') END)
            || ':' || notice.repeat_no AS step
    FROM notice LEFT JOIN people_staff staff ON staff.id = notice.recipient_id
), mail AS (
    SELECT told.id, box.id AS address_id, COALESCE(NULLIF(box.target, ''), told.email) AS target, told.dedup_key,
        told.level IN ('breach', 'emergency') OR told.needs_ack AS grave
    FROM told LEFT JOIN notices_channeladdress box ON box.staff_id = told.recipient_id AND box.kind = 'email'
    WHERE told.recipient_id IS NOT NULL
        AND (told.level = 'emergency' OR box.id IS NULL
             OR (box.enabled AND told.gravity >= array_position(%(levels)s, box.min_level)))
), robots AS (
    SELECT told.id, a.kind, a.id AS address_id,
        CASE WHEN a.staff_id IS NULL THEN told.step ELSE told.dedup_key END || ':' || a.kind || ':' || a.id AS dedup_key
    FROM told JOIN notices_channeladdress a ON a.enabled AND a.kind <> 'email'
        AND told.gravity >= array_position(%(levels)s, a.min_level)
        AND (a.staff_id = told.recipient_id
             OR (a.staff_id IS NULL AND NOT told.private AND (a.unit_id IS NULL OR a.unit_id = told.unit_id)))
), out AS (
    SELECT id, 'email' AS channel, address_id, target, dedup_key || ':email' AS dedup_key,
        CASE WHEN target = '' THEN 'dead' ELSE 'pending' END AS state,
        CASE WHEN target = '' THEN 'no_address' ELSE '' END AS last_error
    FROM mail WHERE target <> '' OR grave
    UNION ALL
    SELECT id, kind, address_id, '', dedup_key, 'pending', '' FROM robots
    UNION ALL
    SELECT id, 'email', NULL, '', dedup_key || ':email', 'dead', 'no_recipient' FROM notice WHERE recipient_id IS NULL
), delivery AS (
    INSERT INTO notices_delivery (notice_id, channel, address_id, target, dedup_key, message_id, state, last_error,
        next_attempt_at)
    SELECT out.id, channel, address_id, target, out.dedup_key, '<' || gen_random_uuid() || '@' || %(domain)s || '>',
        state, last_error,
        statement_timestamp() - CASE notice.level WHEN 'emergency' THEN interval '1 day'
            WHEN 'breach' THEN interval '1 hour' ELSE interval '0' END
    FROM out JOIN notice ON notice.id = out.id
    ON CONFLICT (dedup_key) DO NOTHING
)
"""
LATER = """
later AS (
    INSERT INTO notices_unaddressed (notice_ids)
    SELECT array_agg(id) FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) / %(most)s AS part FROM notice) numbered
    GROUP BY part ORDER BY part
)
"""
# The batch goes with its letters, or neither does; a second carrier passes over what the first is at.
_ADDRESS = f"""
WITH taken AS (
    DELETE FROM notices_unaddressed WHERE id = (
        SELECT id FROM notices_unaddressed
        WHERE created_at <= statement_timestamp() - make_interval(secs => %(age)s) OR created_at > statement_timestamp()
        ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING notice_ids
), notice AS (
    SELECT id, dedup_key, chain, slot, level, recipient_id, needs_ack, repeat_no, private
    FROM notices_notice WHERE id = ANY((SELECT notice_ids FROM taken)::bigint[])
), {LETTERS}
SELECT count(*) FROM taken
"""  # noqa: S608 - texts of ours


def values() -> Mapping[str, Any]:
    """What `LETTERS` and `LATER` are given."""
    return {"levels": list(Level.values), "domain": mail_domain(settings.DEFAULT_FROM_EMAIL), "most": _AT_ONCE}


def address_waiting(*, older_than: float = 0.0) -> bool:
    """Write the letters of one batch of notices that has none yet; whether there was one. `older_than`: seconds."""
    with connection.cursor() as cursor:
        cursor.execute(_ADDRESS, {**values(), "age": older_than})
        [(taken,)] = cursor.fetchall()
    return bool(taken)


def mail_domain(sender: str) -> str:
    """The right half of the Message-IDs: the domain of `sender`, which may be written 'Desk <desk@example.com>'."""
    return sender.rpartition("@")[2].rstrip("> ") or "localhost"
