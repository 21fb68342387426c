"""C8: reports to the customer; no case closes without the one it owes, and a submitted one never changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from service_desk.audit.models import AuditEntry
from service_desk.cases import actions
from service_desk.cases.models import Case, CustomerReport, RequestType
from service_desk.cases.papers import PAPERS, cleaned
from service_desk.cases.timeline import stream
from service_desk.deadlines.clock import now
from service_desk.rest.errors import Conflict, Invalid, NotAllowed, NotFound, Stale
from tests.cases.callers import move, session
from tests.cases.pages import browser, post, text_of
from tests.cases.papers import SERVICE, UPGRADE, submitted
from tests.factories import World, shift_time, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


def replied(desk: World, *, arrives: bool = True, request_type: RequestType | None = None) -> Case:
    """A case of which nothing is left but to close it."""
    case = desk.register(severity="minor", request_type=request_type)
    steps: list[tuple[str, dict[str, Any]]] = [
        ("start", {}),
        *([("arrive", {})] if arrives else []),
        ("resolve", {"outcome": "更换光模块"}),
        ("reply", {"reply": "已恢复", "channel": "phone"}),
    ]
    for verb, words in steps:
        case = getattr(actions, verb)(case=case, actor=desk.agent, **words)
    return case


# Closing -------------------------------------------------------------------------------------------------------------
def by_verb(desk: World, case: Case) -> str:
    with pytest.raises(Conflict) as refused:
        actions.close(case=case, actor=desk.agent)
    return str(refused.value)


def by_screen(desk: World, case: Case) -> str:
    answer = post(browser(desk.agent), case, "close")
    assert answer.status_code == 409
    assert f'href="/cases/{case.number}/report/service_report/"' in answer.content.decode()
    return text_of(answer)


def by_rest(desk: World, case: Case) -> str:
    answer = move(session(desk.agent), case.number, "close")
    assert answer.status_code == 409
    return str(answer.json()["detail"])


def _by_statement(write: Callable[[], Any]) -> str:
    with pytest.raises(IntegrityError, match="C8") as refused, transaction.atomic():
        write()
    return str(refused.value).replace("its service_report", "the technical service report")


def by_update(_desk: World, case: Case) -> str:
    return _by_statement(lambda: Case.objects.filter(pk=case.pk).update(state="closed", ended_at=now()))


def by_save(_desk: World, case: Case) -> str:
    case.state, case.ended_at = "closed", now()
    return _by_statement(case.save)


def by_sql(_desk: World, case: Case) -> str:
    def write() -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE cases_case SET state = 'closed', ended_at = now() WHERE id = %s", [case.pk])

    return _by_statement(write)


@pytest.mark.parametrize("door", [by_verb, by_screen, by_rest, by_update, by_save, by_sql])
def test_C8_after_a_visit_no_door_closes_without_the_service_report(
    desk: World, door: Callable[[World, Case], str]
) -> None:
    case = replied(desk)
    assert "technical service report" in door(desk, case)
    assert Case.objects.get(pk=case.pk).state == "replied"
    actions.save_report(case=case, actor=desk.agent, kind="service_report", data=SERVICE)
    with pytest.raises(Conflict):
        actions.close(case=case, actor=desk.agent)
    submitted(case, desk.agent)
    assert actions.close(case=case, actor=desk.agent).state == "closed"


@pytest.mark.parametrize(
    ("demanded", "other"), [("upgrade_summary", "service_report"), ("service_report", "upgrade_summary")]
)
def test_C8_the_request_type_demands_its_report(desk: World, demanded: str, other: str) -> None:
    kind = RequestType.objects.create(name="版本升级", report=demanded)
    case = replied(desk, arrives=False, request_type=kind)
    submitted(case, desk.agent, other)
    with pytest.raises(Conflict, match="upgrade summary" if demanded == "upgrade_summary" else "service report"):
        actions.close(case=case, actor=desk.agent)
    with pytest.raises(IntegrityError, match="C8"), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(state="closed", ended_at=now())
    submitted(case, desk.agent, demanded)
    assert actions.close(case=case, actor=desk.agent).state == "closed"


def test_C8_a_visit_after_the_report_needs_another(desk: World) -> None:
    case = replied(desk)
    submitted(case, desk.agent)
    Case.objects.filter(pk=case.pk).update(arrived_at=now())
    with pytest.raises(Conflict, match="technical service report"):
        actions.close(case=case, actor=desk.agent)
    with pytest.raises(IntegrityError, match="C8"), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(state="closed", ended_at=now())


def test_C8_without_visit_and_demand_nothing_is_owed(desk: World) -> None:
    case = replied(desk, arrives=False, request_type=RequestType.objects.create(name="咨询"))
    assert actions.close(case=case, actor=desk.agent).state == "closed"


def test_C8_the_missing_report_is_named_on_the_page_with_the_way_to_it(desk: World) -> None:
    case = replied(desk)
    html = browser(desk.agent).get(case.get_absolute_url()).content.decode()
    assert "needed before closing" in html
    assert html.count(f'href="/cases/{case.number}/report/service_report/"') >= 2


# Drafts and submission -----------------------------------------------------------------------------------------------
def test_a_draft_may_lack_anything_and_is_kept_by_version(desk: World) -> None:
    case = desk.register(severity="minor")
    before = case.version
    draft = actions.save_report(
        case=case, actor=desk.agent, kind="service_report", data={"found": "光衰过大"}, version=0
    )
    assert (draft.state, draft.revision, draft.version, draft.data["found"]) == ("draft", 1, 1, "光衰过大")
    again = actions.save_report(case=case, actor=desk.engineer, kind="service_report", data={}, version=1)
    assert (again.pk, again.version, again.changed_by) == (draft.pk, 2, desk.engineer)
    with pytest.raises(Stale):
        actions.save_report(case=case, actor=desk.agent, kind="service_report", data={}, version=1)
    case.refresh_from_db()
    assert case.version == before
    assert AuditEntry.objects.filter(verb="case.report", thing=f"case:{case.pk}").count() == 2


def test_submitting_names_everything_that_is_missing(desk: World) -> None:
    case = desk.register(severity="minor")
    with pytest.raises(Invalid) as refused:
        actions.submit_report(case=case, actor=desk.agent, kind="service_report", channel="visit", recipient="李工")
    named = {error.field for error in refused.value.errors}
    assert named == {entry.key for entry in PAPERS["service_report"].entries if entry.required}
    assert not CustomerReport.objects.exists()


@pytest.mark.parametrize(
    ("kind", "wrong", "field"),
    [
        ("service_report", {"left_at": "2020-01-01T00:00:00+00:00"}, "left_at"),
        ("service_report", {"arrived_at": "2090-01-01T00:00:00+00:00"}, "arrived_at"),
        ("service_report", {"arrived_at": "2026-11-21 10:00"}, "arrived_at"),
        ("service_report", {"arrived_at": "2026-02-31T10:00:00+08:00"}, "arrived_at"),
        ("service_report", {"arrived_at": 7}, "arrived_at"),
        ("service_report", {"result": "perfect"}, "result"),
        ("service_report", {"result": ["solved"]}, "result"),
        ("service_report", {"found": "x" * 4001}, "found"),
        ("service_report", {"found": "a\x00b"}, "found"),
        ("service_report", {"found": "\ud800"}, "found"),
        ("service_report", {"parts": "SFP"}, "parts"),
        ("service_report", {"parts": [{"name": "光模块"}] * 21}, "parts"),
        ("service_report", {"parts": [{"old_serial": "A1"}]}, "parts/0/name"),
        ("service_report", {"parts": [{"name": "光模块", "price": "1"}]}, "parts/0/price"),
        ("service_report", {"colour": "red"}, "colour"),
        ("upgrade_summary", {"rollback": "yes"}, "rollback_reason"),
        ("upgrade_summary", {"planned_end": "2020-01-01T00:00:00+00:00"}, "planned_end"),
    ],
)
def test_what_is_wrong_is_named_by_its_entry(desk: World, kind: str, wrong: dict[str, Any], field: str) -> None:
    case = desk.register(severity="minor")
    good = SERVICE if kind == "service_report" else UPGRADE
    with pytest.raises(Invalid) as refused:
        actions.submit_report(
            case=case, actor=desk.agent, kind=kind, channel="visit", recipient="李工", data={**good, **wrong}
        )
    assert field in {error.field for error in refused.value.errors}


@pytest.mark.parametrize(("channel", "recipient", "field"), [("", "李工", "channel"), ("visit", " ", "recipient")])
def test_C8_a_submission_says_by_what_way_and_to_whom(desk: World, channel: str, recipient: str, field: str) -> None:
    case = desk.register(severity="minor")
    with pytest.raises(Invalid) as refused:
        submitted(case, desk.agent, channel=channel, recipient=recipient)
    assert [error.field for error in refused.value.errors] == [field]


def test_C8_what_was_submitted_never_changes_through_no_door(desk: World) -> None:
    case = desk.register(severity="minor")
    report = submitted(case, desk.agent)
    for write in (
        lambda: CustomerReport.objects.filter(pk=report.pk).update(data={}),
        lambda: CustomerReport.objects.filter(pk=report.pk).update(state="draft", submitted_at=None),
        lambda: CustomerReport.objects.filter(pk=report.pk)._raw_delete("default"),
        report.save,
    ):
        with pytest.raises(IntegrityError, match="C8"), transaction.atomic():
            write()
    with pytest.raises(IntegrityError, match="C8"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE cases_customerreport SET recipient = 'x' WHERE id = %s", [report.pk])


def test_C8_a_correction_is_a_new_revision_that_takes_its_place(desk: World) -> None:
    case = desk.register(severity="minor")
    first = submitted(case, desk.agent)
    second = submitted(case, desk.agent, data={**SERVICE, "found": "尾纤弯折"})
    assert (first.revision, second.revision) == (1, 2)

    def revisions() -> list[tuple[int, Any]]:
        return [(report.revision, report) for report in CustomerReport.objects.with_successor()]

    known = dict(revisions())
    assert (known[1].superseded, known[2].superseded) == (True, False)
    assert known[1].data["found"] == SERVICE["found"]


def test_a_report_may_be_corrected_after_closing_and_never_on_a_cancelled_case(desk: World) -> None:
    case = replied(desk)
    submitted(case, desk.agent)
    actions.close(case=case, actor=desk.agent)
    assert submitted(case, desk.agent).revision == 2
    gone = desk.register(severity="minor")
    actions.cancel(case=gone, actor=desk.agent, text="误报")
    with pytest.raises(Conflict):
        actions.save_report(case=gone, actor=desk.agent, kind="service_report", data={})


def test_P6_who_may_not_see_the_case_writes_no_report_for_it(desk: World) -> None:
    case = desk.register(severity="minor")
    with pytest.raises(NotAllowed):
        actions.save_report(case=case, actor=desk.auditor, kind="service_report", data={})
    Case.objects.filter(pk=case.pk).update(confidential=True)
    with pytest.raises(NotFound):
        actions.save_report(case=case, actor=desk.colleague, kind="service_report", data={})
    report = submitted(case, desk.agent)
    for rest in (f"reports/{report.pk}/print/", f"reports/{report.pk}/pdf/", "report/service_report/"):
        assert browser(desk.colleague).get(f"{case.get_absolute_url()}{rest}").status_code == 404
        assert browser(desk.agent).get(f"{case.get_absolute_url()}{rest}").status_code == 200


def test_the_timeline_tells_what_was_submitted_to_whom(desk: World) -> None:
    case = desk.register(severity="minor")
    submitted(case, desk.agent)
    (line,) = [moment for moment in stream(case, "words").moments if moment.anchor.startswith("event")]
    assert line.title == "Technical service report (revision 1) submitted to 李工: Visit"


def test_time_that_passes_for_a_case_passes_for_its_reports(desk: World) -> None:
    case = desk.register(severity="minor")
    report = submitted(case, desk.agent)
    before, arrived = report.submitted_at, report.data["arrived_at"]
    shift_time(case, hours=5)
    report.refresh_from_db()
    case.refresh_from_db()
    assert before is not None
    assert report.submitted_at == before - timedelta(hours=5) == case.service_report_at
    assert cleaned("service_report", report.data, now=now(), complete=True)["arrived_at"] < arrived
