"""Row 14: among a thousand due clocks (the short form: 300) two cannot be fired and two have nobody to tell."""

from __future__ import annotations

from collections.abc import Callable

from service_desk.cases.models import CaseClockEvent, CaseDeadline
from service_desk.deadlines.models import Incident, Policy
from service_desk.notices.models import Notice
from service_desk.people.models import DutyShift
from tests.faults.conftest import Run
from tests.faults.fleet import DOORS
from tests.faults.house import choose
from tests.faults.ledger import Owed, figures

COUNT = choose(full=1_000, short=300)
#: On a machine that other work shares, the short form is more patient.
ON_TIME = choose(full=2.0, short=5.0)
RED = 5.0


def test_the_bad_ones_are_red_and_told_and_the_others_fire(run: Run, say: Callable[[str], None]) -> None:
    _nobody_for(run)
    run.fleet.start("web-1", *DOORS, "dispatch")
    run.fleet.until_ready()
    run.ledger.arm(COUNT, lead=6.0, spread=0.05)
    cycles = dict(CaseDeadline.objects.filter(pk__in=run.ledger.moments).values_list("pk", "cycle"))
    torn, misruled, empty, dangling = run.chance.sample(sorted(run.ledger.moments), 4)
    ladders = {
        misruled: [{"code": "warn", "at": "soon", "slots": "everybody"}],
        empty: _ladder("gm_product"),
        dangling: _ladder("emergency_group"),
    }
    CaseDeadline.objects.filter(pk=torn).update(schedule={"due": "never", "steps": [["warn", "no time"]]})
    for pk, steps in ladders.items():
        made = Policy.objects.create(
            service_line=run.world.line, severity=f"s{pk}", kind="restoration", target_seconds=3600, steps=steps
        )
        CaseDeadline.objects.filter(pk=pk).update(policy=made)
    case = CaseDeadline.objects.get(pk=torn).case_id
    due = max(run.ledger.moments.values())
    assert run.house.one("SELECT clock_timestamp() < %s", due)  # what is bad was so before it came due
    _owe(run, case, {pk: cycles[pk] for pk in (torn, misruled)}, {empty: "gm_product", dangling: "emergency_group"})
    before = run.fleet.pids()

    run.fleet.until(lambda: b"broken" in run.fleet.get("/healthz")[1], seconds=30, what="red")
    red = (run.house.one("SELECT clock_timestamp()") - due).total_seconds()
    assert run.fleet.get("/healthz")[0] == 503
    run.fleet.until(run.ledger.all_fired, seconds=30, what="all but the bad fired")
    run.fleet.until(lambda: Notice.objects.filter(kind="clock_error").count() == 2, seconds=RED, what="told")
    lateness = run.ledger.lateness()
    told = [at - due for at in Notice.objects.filter(kind="clock_error").values_list("created_at", flat=True)]
    say(f"{COUNT - 2} of {COUNT} fired: {figures(lateness)}")
    say(f"red after {red:.1f} s, told of the bad after {max(told).total_seconds():.1f} s")
    assert lateness[-1] <= ON_TIME
    assert red <= RED
    assert max(told).total_seconds() <= RED
    assert {item.recipient for item in Notice.objects.filter(kind="clock_error")} == {run.world.manager}
    things = {f"casedeadline:{pk}" for pk in (torn, misruled)}
    assert set(Incident.objects.filter(kind="poison_clock", repaired_at=None).values_list("thing", flat=True)) == things
    for slot in ("gm_product", "emergency_group"):
        assert Notice.objects.get(slot=slot).recipient == run.world.manager
        assert Notice.objects.get(slot=slot).fallback

    run.fleet.until_ready()  # everybody goes on, nobody was started again, nothing is tried again
    assert run.fleet.pids() == before
    assert CaseClockEvent.objects.filter(type="error").count() == 2
    run.fleet.until(run.ledger.all_delivered, seconds=choose(full=600, short=90), what="delivered")
    assert set(run.ledger.differences(mail=run.mail)) == {
        *(f"clock {pk} did an error, which nobody owed" for pk in (torn, misruled)),
        "2 notices that no clock owed",
    }


def _nobody_for(run: Run) -> None:
    """One general manager's roster is empty, and of the emergency group a person is on duty who is in no table."""
    DutyShift.objects.filter(role="gm_product").delete()
    run.house.ask("SET session_replication_role = replica")
    run.house.ask("UPDATE people_dutyshift SET staff_id = 987654321 WHERE role = 'emergency_group'")
    run.house.ask("SET session_replication_role = origin")
    assert not DutyShift.objects.filter(role="emergency_group", staff__isnull=False, staff__is_active=True).exists()


def _ladder(slot: str) -> list[dict[str, object]]:
    step = {"kind": "warning", "needs_ack": False, "repeat_seconds": None, "slots": [slot]}
    return [{**step, "code": "warn", "at": {"share": 0.75}}, {**step, "code": "breach", "at": {"share": 1}}]


def _owe(run: Run, case: int, bad: dict[int, int], moved: dict[int, str]) -> None:
    """What is owed after all: of the bad ones word to the duty manager, of those without a person their own slot."""
    ledger = run.ledger
    cycles = dict(CaseDeadline.objects.filter(pk__in=moved).values_list("pk", "cycle"))
    for pk, cycle in bad.items():
        del ledger.moments[pk]
        del ledger.owed[Owed(case, "restoration", cycle, "warn", "gm_marketing", "email")]
        ledger.owed[Owed(case, "restoration", cycle, "error", "duty_manager", "email")] += 1
    for pk, slot in moved.items():
        del ledger.owed[Owed(case, "restoration", cycles[pk], "warn", "gm_marketing", "email")]
        ledger.owed[Owed(case, "restoration", cycles[pk], "warn", slot, "email")] += 1
