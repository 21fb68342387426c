"""The demo company: cases in every state, clocks that run, numbers in order, everybody can log in."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Count

from service_desk.calls.models import CallDeadline, CallSettlement
from service_desk.cases.models import Case, CaseDeadline, Consultation, CustomerReport, DailyNumber, HandOver, Promise
from service_desk.cases.rules import CaseState
from service_desk.deadlines.actions import retire_and_replace
from service_desk.deadlines.auditor import Auditor
from service_desk.deadlines.clock import now
from service_desk.deadlines.models import Incident, Policy
from service_desk.local import demo, reference
from service_desk.people.models import Staff
from service_desk.people.rules import Role
from tests.reports.lists import all_that_are_filled


def test_demo_company_is_complete_and_its_clocks_run(db: None, settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    reference.load()
    demo.load()
    states = dict(Case.objects.values_list("state").annotate(Count("id")))
    assert set(states) == set(CaseState.values)
    assert sum(states.values()) >= 40
    assert {role for roles in Staff.objects.values_list("roles", flat=True) for role in roles} == set(Role.values)
    assert CaseDeadline.objects.filter(state="running").count() >= 15
    assert CaseDeadline.objects.filter(state="paused").exists()
    assert Case.objects.filter(late_registration=True).count() == 1
    offered = HandOver.objects.filter(state="proposed").values_list("receiver__username", flat=True)
    assert set(offered) == {"liufang", "chenjing"}
    assert set(Promise.objects.values_list("state", flat=True)) == {"open", "kept", "broken"}
    assert timedelta(0) < Promise.objects.filter(state="open").earliest("due_at").due_at - now() < timedelta(minutes=40)
    assert Consultation.objects.get(answered_at=None).expert.username == "linfeng"
    to_register = CallDeadline.objects.to_register()
    assert to_register.count() == 5
    assert to_register.filter(breached_at__isnull=False).count() == 1
    assert dict(CallSettlement.objects.values_list("settled_as").annotate(Count("id"))) == {
        "case": 4,
        "exception": 2,
        "message": 1,
    }
    Auditor().run()
    assert not Incident.objects.exists()
    for day in DailyNumber.objects.all():
        prefix = f"CALL-{day.day:%Y%m%d}-"
        numbers = Case.objects.filter(number__startswith=prefix).order_by("number").values_list("number", flat=True)
        assert list(numbers) == [f"{prefix}{n:04d}" for n in range(1, day.last + 1)]
    assert_every_list_is_a_file()
    username, password, _role = demo.logins()[0]
    assert Staff.objects.get(username=username).check_password(password)
    before = Case.objects.count()
    demo.load()
    assert Case.objects.count() == before


def assert_every_list_is_a_file() -> None:
    """Each cell of each list is written with things in it; of most of them there are some here."""
    for role in (Role.ADMINISTRATOR, Role.SUPERVISOR):
        filled = all_that_are_filled(Staff.objects.filter(roles__contains=[role]).order_by("id")[0])
        assert sum(lines > 0 for lines in filled.values()) > len(filled) / 2, filled


def test_reference_data_is_added_once_and_never_over_a_change(db: None) -> None:
    reference.load()
    count = Policy.objects.count()
    mine = Policy.objects.get(service_line="telecom", severity="critical", kind="restoration")
    assert mine.target_seconds == 4 * 3600
    retire_and_replace(policy=mine, changes={"target_seconds": 2 * 3600}, actor=None, now=now())
    reference.load()
    assert Policy.objects.in_force().count() == count
    kept = Policy.objects.in_force().get(service_line="telecom", severity="critical", kind="restoration")
    assert kept.target_seconds == 2 * 3600
    assert Policy.objects.filter(kind="emergency", target_seconds=4 * 3600).count() == 2


@pytest.mark.parametrize("name", demo.SHOWN)
def test_every_shown_log_in_exists(name: str) -> None:
    assert name in {row[0] for row in demo.organisation.STAFF}


def test_C8_the_demos_engineers_have_written_their_reports(db: None, settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    reference.load()
    demo.load()
    reports = CustomerReport.objects.values_list("kind", "state")
    assert sorted(reports) == [
        ("service_report", "draft"),
        ("service_report", "submitted"),
        ("upgrade_summary", "submitted"),
    ]
    upgrade = CustomerReport.objects.select_related("case").get(kind="upgrade_summary")
    began, ended = (datetime.fromisoformat(upgrade.data[key]) for key in ("actual_start", "actual_end"))
    assert upgrade.submitted_at is not None
    assert upgrade.case.registered_at < began < ended < upgrade.submitted_at
    local = [moment.astimezone(ZoneInfo(settings.TIME_ZONE)) for moment in (began, ended)]
    assert all(moment.hour < 4 for moment in local)
