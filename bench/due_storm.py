"""(b) Ten thousand clocks fall due in one second among a million: how late is the last one told?

Cases with a running restoration clock are moved back in time as a whole, as `local.demo.past` does for one case, so
that the warnings of their clocks come within one chosen second. Lateness is from that moment to the commit that made
the notice visible, both by the database's clock.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from bench.figures import Figure, Order, load, of_runs, summary
from bench.house import forget_mail, running, settle
from service_desk.deadlines.clock import now
from service_desk.local.demo.past import history_may_be_written
from service_desk.local.plan import SENTINELS
from service_desk.people.directory import Directory

DUE = 10_000
AIMS = {"p99": 1.0, "max": 2.0}
FIRST_LEAD, SHORTEST_LEAD = 75.0, 10.0
PATIENCE = 60

_CHOOSE = """
DROP TABLE IF EXISTS bench_storm;
CREATE UNLOGGED TABLE bench_storm AS
SELECT d.id, d.case_id, c.handler_id, c.first_responder_id, d.next_at AS comes_at, interval '0' AS back,
    (row_number() OVER (ORDER BY hashint8(d.id)) - 1) * interval '1 second' / %(count)s AS later
FROM cases_casedeadline d
JOIN cases_case c ON c.id = d.case_id
JOIN deadlines_policy p ON p.id = d.policy_id
WHERE d.kind = 'restoration' AND d.state = 'running' AND d.step = -1 AND d.next_at > statement_timestamp()
    AND p.severity = 'major' AND c.state = 'in_progress'
ORDER BY hashint8(d.id) LIMIT %(count)s;
ALTER TABLE bench_storm ADD PRIMARY KEY (case_id);
ANALYZE bench_storm;
"""
_AIM = """
UPDATE bench_storm SET back = comes_at - (
    date_trunc('second', statement_timestamp()) + make_interval(secs => %s) + later)
"""
_SHIFT = (
    "UPDATE cases_case c SET accepted_at = accepted_at - s.back, registered_at = registered_at - s.back,"
    " graded_at = graded_at - s.back, started_at = started_at - s.back FROM bench_storm s WHERE c.id = s.case_id",
    "UPDATE cases_caseevent e SET at = at - s.back FROM bench_storm s WHERE e.case_id = s.case_id",
    "UPDATE cases_caseclockevent e SET at = at - s.back FROM bench_storm s"
    " JOIN cases_casedeadline d ON d.case_id = s.case_id WHERE e.deadline_id = d.id",
    "UPDATE cases_casedeadline d SET armed_at = armed_at - s.back, started_at = started_at - s.back,"
    " due_at = due_at - s.back, next_at = next_at - s.back, breached_at = breached_at - s.back,"
    " ended_at = ended_at - s.back, schedule = jsonb_build_object("
    " 'due', to_jsonb((schedule->>'due')::timestamptz - s.back), 'steps',"
    " (SELECT jsonb_agg(jsonb_build_array(t->0, to_jsonb((t->>1)::timestamptz - s.back)) ORDER BY n)"
    " FROM jsonb_array_elements(schedule->'steps') WITH ORDINALITY AS e(t, n)))"
    " FROM bench_storm s WHERE d.case_id = s.case_id",
)
_FIRED = """
SELECT extract(epoch FROM pg_xact_commit_timestamp(e.xmin) - (e.detail->>'at')::timestamptz)::float8,
    extract(epoch FROM e.at - (e.detail->>'at')::timestamptz)::float8, e.door
FROM bench_storm s JOIN cases_caseclockevent e ON e.deadline_id = s.id AND e.type = 'fired' AND e.code = 'warn'
"""
_NOTICES = """
SELECT count(*), count(DISTINCT n.dedup_key) FROM bench_storm s
JOIN notices_notice n ON n.about = 'case:' || s.case_id AND n.chain LIKE 'case_deadline:' || s.id || ':1:warn:%%'
"""


def figures(order: Order) -> Iterator[Figure]:
    """Lateness of each run: two sentinels alone, then the whole desk."""
    count = order.some(DUE, 50)
    for whole_desk, what in ((False, "two sentinels alone"), (True, "the whole desk")):
        runs = measure(runs=order.runs, count=count, whole_desk=whole_desk)
        doors: Counter[str] = Counter()
        for run in runs:
            doors.update(run["doors"])
        said = f"{runs[-1]['running']:,} running; each fired once, each notice once; {dict(doors)}"
        yield from of_runs(
            f"{count:,} clocks due in one second, {what}", runs, AIMS, names=("p50", "p95", "p99", "max"),
            unit="s", note=said,
        )  # fmt: skip


def measure(*, runs: int, count: int, whole_desk: bool) -> list[dict[str, Any]]:
    """The figures of each run; with two sentinels alone, or with the whole desk of `make run` at work."""
    found = []
    with running(lambda name: whole_desk or name in SENTINELS):
        settle()
        lead = Lead.for_so_many(count)
        for run in range(runs):
            found.append({"run": run, "whole_desk": whole_desk, "clocks": count, **storm(count, lead)})
            forget_mail()
            print(f"late by {found[-1]['p50']:.2f} / {found[-1]['max']:.2f} s (half / worst)", flush=True)
    return found


@dataclass
class Lead:
    """Seconds between the decision and the moment, in which all the cases are moved; the first finds cold disks."""

    seconds: float

    @classmethod
    def for_so_many(cls, count: int) -> Lead:
        """Before anything is known of the machine."""
        return cls(max(SHORTEST_LEAD, FIRST_LEAD * count / DUE))

    def learn(self, prepared_in: float) -> None:
        """As long as it took, and as long again."""
        self.seconds = max(SHORTEST_LEAD, 2 * prepared_in)


@dataclass(frozen=True)
class Arranged:
    """A storm that will come: when it begins, and what must have happened after it."""

    count: int
    begins: datetime
    notices: int
    running: int
    prepared_in: float

    def wait(self, before: float) -> None:
        """Until so many seconds before it begins."""
        time.sleep(max(0.0, (self.begins - now()).total_seconds() - before))


def arrange(count: int, lead_seconds: float) -> datetime:
    """Move cases back in time so that the warnings of `count` clocks come within one second; give its beginning."""
    with transaction.atomic(), history_may_be_written(), connection.cursor() as cursor:
        cursor.execute(_CHOOSE, {"count": count})
        cursor.execute("SELECT count(*) FROM bench_storm")
        if cursor.fetchone() != (count,):
            raise RuntimeError("too few clocks can still be made due; generate more cases")
        cursor.execute(_AIM, [lead_seconds])
        for statement in _SHIFT:
            cursor.execute(statement)
        cursor.execute("SELECT min(d.next_at) FROM bench_storm s JOIN cases_casedeadline d USING (id)")
        (begins,) = cursor.fetchone()
    moment: datetime = begins
    return moment


def prepared(count: int, lead: Lead) -> Arranged:
    """Arrange a storm, and reckon what it must come to."""
    began = time.monotonic()
    begins = arrange(count, lead.seconds)
    spent = time.monotonic() - began
    if begins < now():
        raise RuntimeError(f"the preparation took {spent:.0f} s, longer than its lead; the machine is too busy")
    lead.learn(spent)
    return Arranged(count, begins, _expected_notices(), _running_clocks(), spent)


def storm(count: int, lead: Lead) -> dict[str, Any]:
    """One storm from its preparation to its ledger."""
    ahead = prepared(count, lead)
    ahead.wait(0.5)
    before = load()
    time.sleep(3)
    return {"load": before, **outcome(ahead)}


def outcome(storm: Arranged) -> dict[str, Any]:
    """How late each clock fired; an error unless each fired once and told whom it had to, once."""
    fired = _wait_until_fired(storm.count)
    with connection.cursor() as cursor:
        cursor.execute(_NOTICES)
        notices, distinct = cursor.fetchone()
    if (len(fired), notices, distinct) != (storm.count, storm.notices, storm.notices):
        raise RuntimeError(
            f"fired {len(fired)} of {storm.count}; notices {notices} ({distinct} distinct) of {storm.notices}"
        )
    late = [seconds for seconds, _claimed, _door in fired]
    return {
        "prepared_in": storm.prepared_in,
        "running": storm.running,
        "fired": len(fired),
        "notices": notices,
        **summary(late),
        "claimed_max": max(claimed for _, claimed, _ in fired),
        "doors": dict(Counter(door for _, _, door in fired)),
    }


def _wait_until_fired(count: int) -> list[tuple[float, float, str]]:
    for _attempt in range(PATIENCE):
        with connection.cursor() as cursor:
            cursor.execute(_FIRED)
            fired: list[tuple[float, float, str]] = cursor.fetchall()
        if len(fired) >= count:
            return fired
        time.sleep(1)
    return fired


def _expected_notices() -> int:
    """One per person told: the handler and the first responder, once where they are one person."""
    directory = Directory.load()
    with connection.cursor() as cursor:
        cursor.execute("SELECT handler_id, first_responder_id, count(*) FROM bench_storm GROUP BY 1, 2")
        pairs = cursor.fetchall()
    return sum(
        number * len({directory.resolve(slot, people).staff_id for slot in people})
        for handler, responder, number in pairs
        if (people := {"handler": handler, "first_responder": responder})
    )


def _running_clocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cases_casedeadline WHERE state = 'running' AND next_at IS NOT NULL")
        (count,) = cursor.fetchone()
    return int(count)
