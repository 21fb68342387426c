"""What had to happen, worked out from what was armed and from nothing that the engine wrote; compared exactly.

A clock that is armed here has a plain elapsed target, so its steps are its start plus plain arithmetic. Each step that
comes within the run is owed once to each slot of its ladder and, from there, once to each channel.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from service_desk.audit import chain
from service_desk.deadlines.models import Policy
from tests.factories import World
from tests.faults.house import House
from tests.faults.sinks import HookSink, MailSink

HOUR = 3600
TARGET = 4 * HOUR
#: What every storm climbs: a warning at three quarters to these slots; what follows lies an hour later.
WARN_AT = 0.75


@dataclass(frozen=True, order=True)
class Owed:
    """One message of one step that has to leave the house once."""

    case: int
    kind: str
    cycle: int
    step: str
    slot: str
    channel: str


@dataclass
class Ledger:
    """The oracle of one run: arm clocks through it, then ask `differences()`."""

    house: House
    world: World
    slots: Sequence[str] = ("gm_marketing",)
    channels: Sequence[str] = ("email",)
    owed: Counter[Owed] = field(default_factory=Counter)
    moments: dict[int, datetime] = field(default_factory=dict)  # clock: when its step is due
    _last: datetime | None = None  # when the last armed step comes
    _case: Any = None
    _policy: Policy | None = None
    _cycle: int = 1

    def arm(self, count: int, *, lead: float, spread: float, per_case: int = 20_000) -> datetime:
        """Arm `count` clocks whose warning comes from `lead` seconds ahead on, evenly over `spread`; give the first.

        All come in one statement, as rows that the product's own verbs would have left. Times are the database's.
        """
        if self._case is None or self._cycle + count > per_case:
            self._case, self._cycle = self.world.register(severity="minor"), 1
        policy = self._ladder()
        first: datetime = self.house.one("SELECT clock_timestamp()") + timedelta(seconds=lead)
        with connection.cursor() as cursor:
            cursor.execute(
                _ARM,
                {
                    "case": self._case.pk,
                    "policy": policy.pk,
                    "from": self._cycle + 1,
                    "to": self._cycle + count,
                    "first": first,
                    "gap": spread / count,
                    "before": TARGET * WARN_AT,
                    "target": TARGET,
                },
            )
            armed = cursor.fetchall()
        assert len(armed) == count
        self._cycle += count
        self._last = max([*(moment for _pk, _cycle, moment in armed), *([self._last] if self._last else [])])
        for pk, cycle, moment in armed:
            self.moments[pk] = moment
            for slot in self.slots:
                for channel in self.channels:
                    self.owed[Owed(self._case.pk, "restoration", cycle, "warn", slot, channel)] += 1
        return first

    def _ladder(self) -> Policy:
        if self._policy is None:
            step = {"kind": "warning", "needs_ack": False, "repeat_seconds": None}
            self._policy = Policy.objects.create(
                service_line=self.world.line,
                severity="storm",  # no case has it: only what is armed here
                kind="restoration",
                target_seconds=TARGET,
                steps=[
                    {**step, "code": "warn", "at": {"share": WARN_AT}, "slots": list(self.slots)},
                    {**step, "code": "breach", "at": {"share": 1}, "kind": "breach", "slots": ["duty_manager"]},
                ],
            )
        return self._policy

    # --- what came out -----------------------------------------------------------------------------------------
    def fired(self) -> int:
        """Steps of armed clocks that have been fired."""
        found: int = self.house.one(
            "SELECT count(*) FROM cases_caseclockevent WHERE type = 'fired' AND deadline_id = ANY(%s)", self._ids()
        )
        return found

    def all_fired(self) -> bool:
        """Whether no armed clock waits for its step any more; by the index, since it is asked all the time.

        What is fired waits for its next step, an hour on: where the clock went back, that can lie before the last
        moment of what was armed by the time before.
        """
        waits = self.house.one(
            "SELECT EXISTS (SELECT FROM cases_casedeadline"
            " WHERE state = 'running' AND next_at <= %s AND step < 0 AND policy_id = %s)",
            self._last,
            self._policy.pk if self._policy else None,
        )
        return not waits

    def undelivered(self) -> int:
        """Messages that have not left yet."""
        found: int = self.house.one(
            "SELECT (SELECT count(*) FROM notices_delivery WHERE state <> 'sent')"
            " + (SELECT count(*) FROM notices_unaddressed, unnest(notice_ids))"
        )
        return found

    def all_delivered(self) -> bool:
        return self.all_fired() and self.undelivered() == 0

    def lateness(self) -> list[float]:
        """Seconds from due to visible (the commit), by the database's clock, the latest last."""
        return sorted(self.lateness_by_clock().values())

    def lateness_by_clock(self) -> dict[int, float]:
        """The same, of each clock."""
        rows = self.house.ask(
            "SELECT deadline_id, coalesce(pg_xact_commit_timestamp(xmin), at) FROM cases_caseclockevent"
            " WHERE type = 'fired' AND deadline_id = ANY(%s)",
            self._ids(),
        )
        return {pk: (at - self.moments[pk]).total_seconds() for pk, at in rows}

    def worst(self) -> float:
        """The latest of all."""
        return self.lateness()[-1]

    def differences(self, *, mail: MailSink | None = None, hooks: HookSink | None = None) -> list[str]:
        """Everything in which the rows, and the sinks where given, differ from what was owed; [] is exact."""
        found = self._steps() + self._messages()
        if mail is not None or hooks is not None:
            found += self._not_out()
        if mail is not None:
            found += _against(mail.copies(), set(self._sent("email")), "mail") + self._misled(mail)
        if hooks is not None:
            found += _against(hooks.copies(), set(self._sent("webhook")), "webhook")
        connection.close()  # a fault may have taken it
        while chain.seal():
            pass
        return found + [f"audit: {flaw}" for flaw in chain.verify()]

    def _steps(self) -> list[str]:
        told: list[str] = []
        times = Counter(
            dict(
                self.house.ask(
                    "SELECT deadline_id, count(*) FROM cases_caseclockevent WHERE type = 'fired'"
                    " AND deadline_id = ANY(%s) GROUP BY 1",
                    self._ids(),
                )
            )
        )
        told += [f"clock {pk} fired {times[pk]} times" for pk in self.moments if times[pk] != 1]
        strangers = self.house.ask(
            "SELECT deadline_id, code FROM cases_caseclockevent WHERE type IN ('fired', 'error')"
            " AND (deadline_id <> ALL(%s) OR code <> 'warn')",
            self._ids(),
        )
        return told + [f"clock {pk} did {code or 'an error'}, which nobody owed" for pk, code in strangers]

    def _messages(self) -> list[str]:
        rows: Counter[Owed] = Counter()
        for case, kind, cycle, chained, slot, channel, count in self.house.ask(_MESSAGES):
            rows[Owed(case, kind, cycle, chained.split(":")[3], slot, channel)] += count
        missing, extra = self.owed - rows, rows - self.owed
        loose = self.house.one("SELECT count(*) FROM notices_notice WHERE chain NOT LIKE 'case_deadline:%:%:%:%'")
        return [
            *(f"missing: {owed}" for owed in sorted(missing)[:20]),
            *(f"double or not owed: {owed}" for owed in sorted(extra)[:20]),
            *([f"{len(missing)} missing, {len(extra)} too many"] if missing or extra else []),
            *([f"{loose} notices that no clock owed"] if loose else []),
        ]

    def _not_out(self) -> list[str]:
        """Rows of the outbox that have not left, whatever they wait for."""
        rows = self.house.ask(
            "SELECT dedup_key, state FROM notices_delivery WHERE state <> 'sent' ORDER BY id LIMIT 20"
        )
        return [f"{key} is {state}, not sent" for key, state in rows]

    def _misled(self, mail: MailSink) -> list[str]:
        """Letters that came to another mailbox than that of the person whom the notice names."""
        owners = dict(
            self.house.ask(
                "SELECT y.message_id, s.email FROM notices_delivery y JOIN notices_notice n ON n.id = y.notice_id"
                " JOIN people_staff s ON s.id = n.recipient_id WHERE y.channel = 'email' AND y.target IN ('', s.email)"
            )
        )
        wrong = {(one.message_id, one.to) for one in mail.arrivals() if owners.get(one.message_id, one.to) != one.to}
        return [f"mail: {name} came to {to}, not to {owners[name]}" for name, to in sorted(wrong)[:10]]

    def _sent(self, channel: str) -> list[str]:
        """Under which name the outside knows each message that counts as sent."""
        column = "message_id" if channel == "email" else "dedup_key"
        rows = self.house.ask(f"SELECT {column} FROM notices_delivery WHERE state = 'sent' AND channel = %s", channel)
        return [name for (name,) in rows]

    def _ids(self) -> list[int]:
        return list(self.moments)


def let_leases_end(house: House) -> int:
    """Let the lease of what a dead dispatcher held run out now, as a minute would have done; how many there were."""
    return len(
        house.ask(
            "UPDATE notices_delivery SET lease_until = statement_timestamp(), next_attempt_at = statement_timestamp()"
            " WHERE state = 'sending' RETURNING id"
        )
    )


def _against(copies: Counter[str], sent: set[str], what: str) -> list[str]:
    """A row that says `sent` must have arrived; what arrived must have a row that says so."""
    arrived = set(copies)
    return [
        *(f"{what}: {name} is marked sent and never arrived" for name in sorted(sent - arrived)[:10]),
        *(f"{what}: {name} arrived and is not marked sent" for name in sorted(arrived - sent)[:10]),
    ]


def figures(seconds: Sequence[float]) -> str:
    """Lateness in words for the log: how many, median, 99 %, worst."""
    if not seconds:
        return "none"
    ranked = sorted(seconds)
    return json.dumps(
        {
            "n": len(ranked),
            "p50": round(ranked[len(ranked) // 2], 3),
            "p99": round(ranked[min(len(ranked) - 1, int(len(ranked) * 0.99))], 3),
            "max": round(ranked[-1], 3),
        }
    )


_ARM = """
INSERT INTO cases_casedeadline (case_id, kind, cycle, policy_id, state, armed_at, started_at, due_at, schedule, step,
    next_at, version, error)
SELECT %(case)s, 'restoration', t.cycle, %(policy)s, 'running', t.warn - make_interval(secs => %(before)s),
    t.warn - make_interval(secs => %(before)s), t.due,
    jsonb_build_object('due', t.due, 'steps', jsonb_build_array(
        jsonb_build_array('warn', t.warn), jsonb_build_array('breach', t.due))),
    -1, t.warn, 1, ''
FROM (SELECT c AS cycle, w AS warn, w - make_interval(secs => %(before)s) + make_interval(secs => %(target)s) AS due
      FROM generate_series(%(from)s, %(to)s) c,
      LATERAL (SELECT %(first)s::timestamptz + make_interval(secs => %(gap)s * (c - %(from)s)) AS w) moment) t
RETURNING id, cycle, next_at
"""
_MESSAGES = """
SELECT d.case_id, d.kind, d.cycle, n.chain, n.slot, y.channel, count(*)
  FROM notices_notice n
  JOIN cases_casedeadline d ON d.id = split_part(n.chain, ':', 2)::bigint
  LEFT JOIN notices_delivery y ON y.notice_id = n.id
 WHERE n.chain LIKE 'case_deadline:%' GROUP BY 1, 2, 3, 4, 5, 6
"""
