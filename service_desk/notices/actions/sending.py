"""Writes notices and everything that has to leave the house for them, in the transaction of their cause."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from service_desk.audit.actions import record
from service_desk.notices.addressing import LATER, LETTERS, MANY, values
from service_desk.notices.live import poke_many, told, topic_of
from service_desk.notices.rules import Level
from service_desk.people.access import require
from service_desk.people.models import Staff

_NO_FACTS: Mapping[str, Any] = {}


class NewNotice(NamedTuple):
    """What is to be told to whom; `dedup_key` makes a repeat harmless, `chain` is what one acknowledgement answers.

    `facts` fill the texts of `kind` (see `notices.kinds`) and must be plain JSON; `private` keeps the notice off
    the robots and webhooks of units and of the whole desk.
    """

    dedup_key: str
    chain: str
    kind: str
    level: str
    recipient_id: int | None
    slot: str = ""
    facts: Mapping[str, Any] = _NO_FACTS
    about: str = ""
    link: str = ""
    needs_ack: bool = False
    repeat_seconds: int | None = None
    instead_of_id: int | None = None
    fallback: bool = False
    late_by_seconds: int | None = None
    repeat_no: int = 0
    private: bool = False


#: What thousands of notices of one step and slot have in common, so that it is sent and read once for all of them.
_SHAPE = (
    "kind",
    "level",
    "recipient_id",
    "slot",
    "needs_ack",
    "repeat_seconds",
    "instead_of_id",
    "fallback",
    "late_by_seconds",
    "repeat_no",
    "private",
)
_shape_of = attrgetter(*_SHAPE)

# One statement, so that a batch costs one round trip and its recipients' channels are looked up once.
_NOTICES = """
WITH given AS (
    SELECT t.dedup_key, t.chain, t.about, t.link, facts.facts, shape.*
    FROM json_to_recordset(%(rows)s::json) AS t(
        no integer, dedup_key text, chain text, about text, link text, shape_no integer, facts_no integer)
    JOIN json_to_recordset(%(shapes)s::json) AS shape(
        no integer, kind text, level text, recipient_id bigint, slot text, needs_ack boolean, repeat_seconds integer,
        instead_of_id bigint, fallback boolean, late_by_seconds integer, repeat_no integer, private boolean)
        ON shape.no = t.shape_no
    JOIN jsonb_array_elements(%(facts)s::jsonb) WITH ORDINALITY AS facts(facts, no) ON facts.no = t.facts_no
    ORDER BY t.no
), notice AS (
    INSERT INTO notices_notice (dedup_key, chain, kind, level, recipient_id, slot, facts, about, link, needs_ack,
        repeat_seconds, instead_of_id, fallback, late_by_seconds, repeat_no, private, next_repeat_at)
    SELECT dedup_key, chain, kind, level, recipient_id, slot, facts, about, link, needs_ack,
        repeat_seconds, instead_of_id, fallback, late_by_seconds, repeat_no, private,
        CASE WHEN needs_ack THEN statement_timestamp() + make_interval(secs => repeat_seconds) END
    FROM given
    ON CONFLICT (dedup_key) DO NOTHING
    RETURNING id, dedup_key, chain, slot, level, recipient_id, needs_ack, repeat_no, private
), {ways_out}
SELECT id, recipient_id FROM notice ORDER BY id
"""
_WITH_LETTERS, _LETTERS_LATER = (_NOTICES.format(ways_out=ways_out) for ways_out in (LETTERS, LATER))


def send_many(notices: Sequence[NewNotice]) -> list[int]:
    """Write `notices` and their deliveries inside the caller's transaction; the numbers of those that were new.

    Of many at once the deliveries follow, written by the dispatcher (`notices.addressing`). A dedup key that is there
    already is passed over. Open pages and the dispatcher are poked after the commit, as a courtesy: both look by
    themselves.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("Notices are written in the transaction of their cause.")
    if not notices:
        return []
    statement = _WITH_LETTERS if len(notices) < MANY else _LETTERS_LATER
    with connection.cursor() as cursor:
        cursor.execute(statement, {**_written(notices), **values()})
        written: list[tuple[int, int | None]] = cursor.fetchall()
    if written:
        recipients = {recipient for _pk, recipient in written if recipient is not None}
        newest = written[-1][0]
        abouts = {notice.about for notice in notices if not notice.private}
        transaction.on_commit(lambda: announce(recipients, newest, abouts), robust=True)
    return [pk for pk, _recipient in written]


def _written(notices: Iterable[NewNotice]) -> dict[str, str]:
    """The notices as JSON for `_NOTICES`: what is of one alone, and by numbers the facts and the rest that many share.

    In a storm over a third of what a notice cost PostgreSQL was to read each one's full text (docs/performance.md).
    """
    shapes: dict[tuple[Any, ...], int] = {}
    facts: dict[int, int] = {}  # by identity: a step's notices share one object
    every: list[Mapping[str, Any]] = []
    rows = []
    for no, notice in enumerate(notices):
        shape_no = shapes.setdefault(_shape_of(notice), len(shapes))
        facts_no = facts.setdefault(id(notice.facts), len(facts) + 1)
        if facts_no > len(every):
            every.append(notice.facts)
        rows.append(
            {
                "no": no,
                "dedup_key": notice.dedup_key,
                "chain": notice.chain,
                "about": notice.about,
                "link": notice.link,
                "shape_no": shape_no,
                "facts_no": facts_no,
            }
        )
    numbered = [{"no": no, **dict(zip(_SHAPE, shape, strict=True))} for shape, no in shapes.items()]
    return {"rows": _json(rows), "shapes": _json(numbered), "facts": _json(every)}


def _json(thing: Any) -> str:
    return json.dumps(thing, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":"))


def announce(recipients: set[int], newest: int, abouts: set[str]) -> None:
    """Wake the dispatcher (a NOTIFY by itself, so that no writing commit queues for its lock) and the open pages."""
    with connection.cursor() as cursor:
        cursor.execute("NOTIFY notices")
    to_people = ((topic_of(recipient), "notice", {"id": newest}) for recipient in recipients)
    poke_many([*to_people, *told(abouts)])


@transaction.atomic
def send_test(*, actor: Staff, recipient: Staff, level: str = Level.INFO, mark: str) -> list[int]:
    """Send a trial notice through all channels of `recipient`; `mark` tells one trial from the next."""
    require(actor, "notice.test", recipient)
    key = f"test:{recipient.pk}:{mark}"
    sent = send_many(
        [NewNotice(key, key, "test", level, recipient.pk, facts={"by": str(actor)}, about=f"staff:{recipient.pk}")]
    )
    record(verb="notice.test", thing=f"staff:{recipient.pk}", actor=actor, detail={"level": level})
    return sent
