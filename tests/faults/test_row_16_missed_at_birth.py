"""Row 16: a clock removed and a due time edited by SQL; the auditor finds both, mends them and says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from service_desk.audit.models import AuditEntry
from service_desk.deadlines.models import Incident
from tests.faults.conftest import Run
from tests.faults.house import FULL


def test_the_auditor_mends_what_sql_has_taken_away_or_moved(run: Run, say: Callable[[str], None]) -> None:
    case = run.world.register(severity="major")
    gone = case.deadlines.get(kind="restoration")
    moved = case.deadlines.get(kind="solution")
    run.fleet.start("audit", command=[*run.fleet.plan["audit"], *([] if FULL else ["--every", "3"])])
    run.fleet.until_ready()
    # As the database's administrator: triggers would rightly refuse to lose history.
    run.house.ask("SET session_replication_role = replica")
    run.house.ask("DELETE FROM cases_caseclockevent WHERE deadline_id = %s", gone.pk)
    run.house.ask("DELETE FROM cases_casedeadline WHERE id = %s", gone.pk)
    run.house.ask("SET session_replication_role = DEFAULT")
    edited = run.house.ask(
        "UPDATE cases_casedeadline SET due_at = due_at + interval '9 days', next_at = next_at + interval '9 days'"
        " WHERE id = %s RETURNING due_at",
        moved.pk,
    )
    assert edited == [(moved.due_at + timedelta(days=9),)]
    assert run.house.one("SELECT count(*) FROM cases_casedeadline WHERE case_id = %s", case.pk) == 2
    took = run.fleet.until(
        lambda: (
            case.deadlines.filter(kind="restoration", state="running", due_at=gone.due_at).exists()
            and case.deadlines.filter(pk=moved.pk, due_at=moved.due_at, next_at=moved.next_at).exists()
        ),
        seconds=60 if FULL else 15,
        what="both clocks as they were",
    )
    say(f"mended after {took:.1f} s")
    found = Incident.objects.filter(repaired_at__isnull=False).values_list("kind", "thing")
    assert set(found) >= {("clock_missing", f"case:{case.pk}"), ("clock_moved", f"casedeadline:{moved.pk}")}
    entries = AuditEntry.objects.filter(verb__in=["case.rearm", "clock.mend"]).values_list("verb", "thing")
    assert set(entries) == {("case.rearm", f"case:{case.pk}"), ("clock.mend", f"casedeadline:{moved.pk}")}
    assert run.ledger.differences() == []
