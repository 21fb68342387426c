"""A call's row is made anew from its events, its record and what was noted by hand; then those who listen are told."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from service_desk.telephony.actions.linking import link
from service_desk.telephony.announcing import CallChange, announce
from service_desk.telephony.call_facts import Finding, HandedOver, facts_of
from service_desk.telephony.folding import Folded, Happening, fold
from service_desk.telephony.models import Call, CallFact
from service_desk.telephony.rules import LIMITS, CallRule, Limits, Verdict, e164_cn
from service_desk.telephony.statements import Statement

_TIMES = ("started_at", "ringing_at", "answered_at", "ended_at")

# Everything the fold stands on, in one statement.
_GROUNDS = Statement(
    "call_grounds",
    """
SELECT
    (SELECT json_agg(json_build_array(type, counted_at, seq, extension, data))
        FROM telephony_callevent WHERE call_id = %(call)s),
    (SELECT data::text FROM telephony_callrecord WHERE call_id = %(call)s),
    (SELECT row_to_json(l)::text FROM telephony_calllimits l WHERE id = 1),
    (SELECT json_agg(json_build_array(rule, verdict, detail, withdrawn_at IS NULL))
        FROM telephony_callfact WHERE call_id = %(call)s),
    (SELECT noted_at FROM telephony_transfernote WHERE call_id = %(call)s),
    (SELECT min(c.answered_at) FROM telephony_calllink l JOIN telephony_call c ON c.id = l.child_id
        WHERE l.parent_id = %(call)s),
    nextval('telephony_call_change'), clock_timestamp()
""",
    call="bigint",
)
# Who sat at the phone when it was answered; an extension may change hands, and the agent's code, where it is sent,
# wins over it. Nobody before the answer, or where neither was told.
_HOLDER = """
SELECT staff_id FROM telephony_extension
WHERE integration_id = %(integration)s AND %(answered_at)s IS NOT NULL
    AND valid_from <= %(answered_at)s AND (valid_to IS NULL OR valid_to > %(answered_at)s)
    AND ((%(agent_code)s <> '' AND agent_code = %(agent_code)s) OR (%(extension)s <> '' AND extension = %(extension)s))
ORDER BY (%(agent_code)s <> '' AND agent_code = %(agent_code)s) DESC, valid_from DESC LIMIT 1
"""
# Whether a phone that rings is nobody's, so that no screen opens there; asked when one rings.
_RINGS_AT_NOBODYS = """
%(told_by)s = 'call.ringing' AND EXISTS (
    SELECT 1 FROM unnest(%(extensions_rung)s) AS rung(extension) WHERE NOT EXISTS (
        SELECT 1 FROM telephony_extension e
        WHERE e.integration_id = %(integration)s AND e.extension = rung.extension
            AND e.valid_from <= %(ringing_at)s AND (e.valid_to IS NULL OR e.valid_to > %(ringing_at)s)))
"""
# The columns that the fold writes, with their types; agent and last hearing are written beside them.
_COLUMNS = {
    **dict.fromkeys(
        ("state", "direction", "customer_number", "customer_e164", "line_number", "queue", "extension", "agent_code",
         "parent_call_id", "ended_by", "cause"), "varchar",
    ),
    **dict.fromkeys(
        ("started_at", "ringing_at", "answered_at", "ended_at", "held_since", "last_event_at", "changed_at"),
        "timestamptz",
    ),
    **dict.fromkeys(("transfers", "attributes", "differences"), "jsonb"),
    "recording_url": "text",
    "extensions_rung": "varchar[]",
    "hold_seconds": "float8[]",
    "ring_seconds": "float8",
    "ring_count": "bigint",
    "sip_status": "smallint",
    "is_stale": "boolean",
    "change_no": "bigint",
}  # fmt: skip
_AS_JSON = frozenset({"transfers", "attributes", "differences"})
_UPDATE = Statement(
    "call_update",
    f"UPDATE telephony_call SET {', '.join(f'{name} = %({name})s' for name in _COLUMNS)},"  # noqa: S608  (our own names)
    f" last_heard_at = COALESCE(%(heard_at)s, last_heard_at), agent_id = ({_HOLDER})"
    f" WHERE id = %(call)s RETURNING agent_id, {_RINGS_AT_NOBODYS}",
    **_COLUMNS,
    heard_at="timestamptz",
    told_by="text",
    integration="bigint",
    call="bigint",
)
_KEEP_FACTS = Statement(
    "call_facts",
    """
INSERT INTO telephony_callfact (call_id, rule, verdict, detail, note)
SELECT %(call)s, t.rule, t.verdict, t.detail, t.note
FROM json_to_recordset(%(facts)s) AS t(rule text, verdict text, detail jsonb, note text)
ON CONFLICT (call_id, rule) DO UPDATE SET verdict = EXCLUDED.verdict, detail = EXCLUDED.detail, note = EXCLUDED.note,
    changed_at = statement_timestamp(), withdrawn_at = NULL
RETURNING id, rule, verdict, detail, found_at, changed_at, withdrawn_at, note
""",
    call="bigint",
    facts="json",
)
REFUTED, CHANGED = "refuted by what was heard later", "changed by what was heard later"


@dataclass(frozen=True, slots=True)
class Refolded:
    """What folding anew has shown beside the row."""

    extension_unknown: bool


@dataclass(frozen=True, slots=True)
class _Grounds:
    happenings: list[Happening]
    record: dict[str, Any] | None
    limits: Limits
    facts: dict[str, tuple[str, dict[str, Any], bool]]
    handed: HandedOver
    change_no: int
    changed_at: datetime


def refold(call: Call, *, before: str, cause: str, is_live: bool, heard_at: datetime | None = None) -> Refolded:
    """Fold the locked `call` anew, keep row and facts, join it to its transfer, and tell the listeners."""
    grounds = _grounds(call.pk)
    folded = fold(
        grounds.happenings,
        grounds.record,
        ring_cycle=grounds.limits.ring_cycle_seconds,
        given_up_at=call.given_up_at,
    )
    at_nobodys = _write(call, folded, grounds, heard_at, cause)
    changed = _keep_facts(call, grounds.facts, facts_of(folded, grounds.limits, grounds.handed))
    linked = link(call, is_new=not before, cause=cause)
    if linked.has_new_child:
        transaction.on_commit(lambda: refold_later(call.pk), robust=True)
    if linked.has_parent:
        transaction.on_commit(lambda: refold_parents_of(call.pk), robust=True)
    announce(CallChange(call, before, cause, is_live, changed))
    answered = folded.extension or folded.agent_code
    return Refolded(extension_unknown=at_nobodys or (bool(answered) and call.agent_id is None))


@transaction.atomic
def refold_call(pk: int, *, cause: str) -> Call | None:
    """Fold one call anew on the desk's own account."""
    call = Call.objects.select_for_update(no_key=True, of=("self",)).select_related("integration").filter(pk=pk).first()
    if call is not None:
        refold(call, before=call.state, cause=cause, is_live=False)
    return call


def refold_later(pk: int) -> None:
    """A transfer whose colleague may have answered before the desk heard of the transfer (T6)."""
    refold_call(pk, cause="link")


def refold_parents_of(child: int) -> None:
    """The call that was passed on learns that its colleague has answered (T6); after the child's commit, so that no
    transaction ever holds two calls."""
    for pk in Call.objects.filter(down__child=child).values_list("pk", flat=True):
        refold_call(pk, cause="link")


def _grounds(pk: int) -> _Grounds:
    with connection.cursor() as cursor:
        _GROUNDS.execute(cursor, {"call": pk})
        events, record, limits, facts, noted_at, answered_at, change_no, changed_at = cursor.fetchone()
    events, facts = _json(events) or [], _json(facts) or []
    figures = json.loads(limits) if limits else {}
    return _Grounds(
        happenings=[
            Happening(kind, datetime.fromisoformat(at), seq, extension, data)
            for kind, at, seq, extension, data in events
        ],
        record=_record(record),
        limits=Limits(**{name: figures[name] for name in LIMITS}) if figures else Limits(),
        facts={rule: (verdict, detail, stands) for rule, verdict, detail, stands in facts},
        handed=HandedOver(noted_at, answered_at),
        change_no=change_no,
        changed_at=changed_at,
    )


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _record(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    record: dict[str, Any] = json.loads(text)
    return {**record, **{name: datetime.fromisoformat(record[name].upper()) for name in _TIMES if name in record}}


def _write(call: Call, folded: Folded, grounds: _Grounds, heard_at: datetime | None, cause: str) -> bool:
    """The row as it is folded; whether a phone that rings now is nobody's."""
    values: dict[str, Any] = {
        "state": folded.state,
        "direction": folded.direction,
        "customer_number": folded.customer_number,
        "customer_e164": e164_cn(folded.customer_number, settings.PHONE_REGION),
        "line_number": folded.line_number,
        "queue": folded.queue,
        "extension": folded.extension,
        "agent_code": folded.agent_code,
        "extensions_rung": list(folded.extensions_rung),
        "parent_call_id": folded.parent_call_id,
        **{name: getattr(folded, name) for name in (*_TIMES, "held_since", "ring_seconds", "ring_count")},
        "hold_seconds": list(folded.hold_seconds),
        "ended_by": folded.ended_by,
        "cause": folded.cause,
        "sip_status": folded.sip_status,
        "recording_url": folded.recording_url,
        "transfers": [{**asdict(one), "at": one.at.isoformat()} for one in folded.transfers],
        "attributes": dict(folded.attributes),
        "differences": [list(difference) for difference in folded.differences],
        "is_stale": folded.is_stale,
        "last_event_at": max((event.at for event in grounds.happenings), default=None),
        "change_no": grounds.change_no,
        "changed_at": grounds.changed_at,
    }
    for name, value in values.items():
        setattr(call, name, value)
    if heard_at is not None:
        call.last_heard_at = heard_at
    row = {name: json.dumps(v, cls=DjangoJSONEncoder) if name in _AS_JSON else v for name, v in values.items()}
    row |= {"heard_at": heard_at, "told_by": cause, "integration": call.integration_id, "call": call.pk}
    with connection.cursor() as cursor:
        _UPDATE.execute(cursor, row)
        call.agent_id, at_nobodys = cursor.fetchone()
    return bool(at_nobodys)


def _keep_facts(
    call: Call, known: dict[str, tuple[str, dict[str, Any], bool]], found: dict[str, Finding]
) -> list[CallFact]:
    """Write what differs; a fact that no longer holds is withdrawn with a note."""
    differing = [
        {"rule": rule, "verdict": new.verdict, "detail": dict(new.detail), "note": _note(known.get(rule), new)}
        for rule, new in found.items()
        if known.get(rule) != (new.verdict, dict(new.detail), True)
    ]
    gone = [
        rule
        for rule, (_verdict, _detail, stands) in known.items()
        if stands and rule not in found and rule != CallRule.REGISTERED  # T7 does not follow from the events alone
    ]
    if not differing and not gone:
        return []
    touched: list[CallFact] = []
    with connection.cursor() as cursor:
        if differing:
            _KEEP_FACTS.execute(cursor, {"call": call.pk, "facts": json.dumps(differing)})
            touched += [_fact(call, row) for row in cursor.fetchall()]
        if gone:
            cursor.execute(
                "UPDATE telephony_callfact SET withdrawn_at = statement_timestamp(),"
                " changed_at = statement_timestamp(), note = %s WHERE call_id = %s AND rule = ANY(%s)"
                " RETURNING id, rule, verdict, detail, found_at, changed_at, withdrawn_at, note",
                [REFUTED, call.pk, gone],
            )
            touched += [_fact(call, row) for row in cursor.fetchall()]
    return sorted(touched, key=lambda fact: fact.rule)


def _note(old: tuple[str, dict[str, Any], bool] | None, new: Finding) -> str:
    """What is said beside a fact that was there before."""
    if old is None:
        return ""
    return REFUTED if old[0] == Verdict.BREACHED and new.verdict != Verdict.BREACHED else CHANGED


def _fact(call: Call, row: tuple[Any, ...]) -> CallFact:
    """The fact as it stands now, without asking for it again."""
    pk, rule, verdict, detail, found_at, changed_at, withdrawn_at, note = row
    fact = CallFact(
        pk=pk,
        call=call,
        rule=rule,
        verdict=verdict,
        detail=_json(detail),
        found_at=found_at,
        changed_at=changed_at,
        withdrawn_at=withdrawn_at,
        note=note,
    )
    fact._state.adding = False
    return fact
