"""The life of a case through REST: each verb by its rule, from the version that was seen, by those who may."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from rest_framework.test import APIClient

from service_desk.cases.models import Case
from service_desk.cases.rules import MOVES
from service_desk.notices.models import Notice
from tests.cases.callers import CASES, fields, key, move, session
from tests.factories import World, shift_time, world

#: What a verb is sent, where its rule asks for something.
WORDS: dict[str, dict[str, Any]] = {
    "grade": {"severity": "minor"},
    "note": {"text": "查看告警"},
    "tell": {"text": "工程师已出发", "channel": "phone"},
    "observe": {"text": "影响扩大", "level": "major"},
    "wait": {"waiting_for": "part", "text": "等备件"},
    "restore": {"text": "更换主控板"},
    "resolve": {"outcome": "主控板故障,已更换"},
    "reply": {"reply": "已恢复并说明原因", "channel": "phone"},
    "cancel": {"text": "重复登记"},
}


@pytest.fixture
def desk(db: None) -> World:
    return world()


@pytest.fixture
def agent(desk: World) -> APIClient:
    return session(desk.agent)


def do(client: APIClient, case: Case, verb: str, version: int | str = "*", /, **more: Any) -> Any:
    return move(client, case.number, verb, version, **{**WORDS.get(verb, {}), **more})


def test_every_verb_of_the_table_has_a_door(desk: World, agent: APIClient) -> None:
    case = desk.register()
    for verb in MOVES:
        assert agent.post(f"{CASES}{case.number}/{verb}/", WORDS.get(verb, {})).status_code == 428, verb


def test_a_critical_case_lives_from_registration_to_closing(desk: World, agent: APIClient) -> None:
    case = desk.register(severity="critical")
    way = {"start": "in_progress", "restore": "restored", "resolve": "resolved", "reply": "replied", "close": "closed"}
    for version, (verb, state) in enumerate(way.items(), start=1):
        answer = do(agent, case, verb, version)
        assert (answer.status_code, answer.json()["state"]) == (200, state), answer.content.decode()
        assert answer.headers["ETag"] == f'"{version + 1}"'
    told = answer.json()
    assert (told["outcome"], told["reply"], told["reply_channel"]) == ("主控板故障,已更换", "已恢复并说明原因", "phone")
    assert {clock["state"] for clock in agent.get(f"{CASES}{case.number}/deadlines/").json()} == {"met"}
    assert [line["type"] for line in agent.get(f"{CASES}{case.number}/timeline/").json()["results"]] == [
        "registered", "graded", "emergency", "started", "restored", "resolved", "replied", "closed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "verb", "missing"),
    [
        ((), "close", "Not possible while the case is: Registered."),
        ((), "reply", "Not possible while the case is: Registered."),
        (("start",), "resolve", "The first responder has not graded the severity yet."),
        (("start", "start"), "note", ""),
        (("grade",), "grade", "The severity has been graded; it never changes. Record an impact observation."),
        (("start", "arrive"), "arrive", "The arrival on site is recorded already."),
        (("cancel",), "note", "Not possible while the case is: Cancelled."),
    ],
)
def test_a_refused_move_says_which_condition_is_missing(
    desk: World, agent: APIClient, before: tuple[str, ...], verb: str, missing: str
) -> None:
    case = desk.register()
    for earlier in before:
        do(agent, case, earlier)
    answer = do(agent, case, verb)
    if not missing:
        assert answer.status_code == 200
        return
    assert (answer.status_code, answer.headers["Content-Type"]) == (409, "application/problem+json")
    assert (answer.json()["detail"], answer.json()["code"]) == (missing, "not_possible")
    offered = {line["verb"]: line for line in agent.get(f"{CASES}{case.number}/").json()["allowed_moves"]}
    assert offered[verb] == {"verb": verb, "title": offered[verb]["title"], "allowed": False, "reason": missing}


def test_C7_a_running_emergency_neither_waits_nor_is_resolved(desk: World, agent: APIClient) -> None:
    case = desk.register(severity="critical")
    do(agent, case, "start")
    assert do(agent, case, "wait").json()["detail"] == "An emergency process is never paused."
    assert do(agent, case, "resolve").json()["detail"] == "Restore the service first: restoration is not solution."


def test_C2_a_severity_cannot_be_changed_through_any_verb(desk: World, agent: APIClient) -> None:
    case = desk.register(severity="minor")
    assert do(agent, case, "grade", severity="critical").status_code == 409
    for verb in ("start", "note", "observe"):
        assert fields(do(agent, case, verb, severity="critical")) == {"severity": "read_only"}
    for method in (agent.patch, agent.put, agent.delete):
        assert method(f"{CASES}{case.number}/", {"severity": "critical"}).status_code == 405
    case.refresh_from_db()
    assert case.severity == "minor"


def test_C2_only_the_qualified_first_responder_grades(desk: World) -> None:
    case = desk.register()
    refused = do(session(desk.manager), case, "grade")
    assert (refused.status_code, refused.json()["detail"]) == (403, "Only the first responder grades the severity.")
    own = desk.register(actor=desk.colleague)
    unqualified = do(session(desk.colleague), own, "grade")
    assert unqualified.status_code == 403
    assert "ask an expert of the product centre" in unqualified.json()["detail"]


@pytest.mark.parametrize("field", ["first_responder", "accepted_at", "registered_at", "handler", "number", "state"])
def test_C3_C5_no_verb_takes_a_write_once_field(desk: World, agent: APIClient, field: str) -> None:
    case = desk.register()
    assert fields(do(agent, case, "note", **{field: 1})) == {field: "read_only"}
    assert fields(do(agent, case, "start", nonsense=1)) == {"nonsense": "unknown_field"}
    case.refresh_from_db()
    assert (case.version, case.first_responder) == (1, desk.agent)


@pytest.mark.parametrize(
    ("verb", "body", "named"),
    [
        ("note", {}, {"text": "required"}),
        ("note", {"text": " \n "}, {"text": "blank"}),
        ("note", {"text": "x" * 10_000}, {"text": "max_length"}),
        ("note", {"text": "\x00"}, {"text": "unclean_text"}),
        ("tell", {"text": "x", "channel": "pigeon"}, {"channel": "invalid_choice"}),
        ("observe", {"text": "x", "level": "awful"}, {"level": "invalid_choice"}),
        ("observe", {"text": "x", "level": "major", "start_process": "perhaps"}, {"start_process": "invalid"}),
        ("cancel", {"text": "x" * 2001}, {"text": "max_length"}),
        ("grade", {"severity": None}, {"severity": "null"}),
    ],
)
def test_what_a_verb_needs_is_named(
    desk: World, agent: APIClient, verb: str, body: dict[str, Any], named: dict[str, str]
) -> None:
    answer = move(agent, desk.register().number, verb, **body)
    assert (answer.status_code, fields(answer)) == (400, named)


def test_a_stale_version_changes_nothing_and_names_the_present_one(desk: World, agent: APIClient) -> None:
    case = desk.register()
    do(agent, case, "start", 1)
    late = do(session(desk.manager), case, "note", 1)
    assert (late.status_code, late.json()["code"], late.json()["current_etag"]) == (412, "stale", '"2"')
    assert not case.events.filter(type="note").exists()
    assert do(session(desk.manager), case, "note", 2).status_code == 200


@pytest.mark.parametrize("tag", ["", "1", 'W/"1"', "null", '"99999999999999999999"', "\u00e9"])
def test_an_if_match_that_names_no_version_changes_nothing(desk: World, agent: APIClient, tag: str) -> None:
    case = desk.register()
    answer = agent.post(f"{CASES}{case.number}/start/", headers={"If-Match": tag})
    assert answer.status_code in {412, 428}
    case.refresh_from_db()
    assert case.state == "registered"


@pytest.mark.django_db(transaction=True)
def test_two_browsers_on_one_case_only_one_gets_through() -> None:
    desk = world()
    case = desk.register(severity="minor")
    ready = threading.Barrier(2, timeout=20)
    clients = [session(desk.agent), session(desk.manager)]

    def start(client: APIClient) -> int:
        try:
            ready.wait()
            return int(do(client, case, "start", 1).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as both:
        answers = sorted(both.map(start, clients))
    assert answers == [200, 412]
    assert case.events.filter(type="started").count() == 1


def test_a_repeated_verb_is_done_once(desk: World) -> None:
    robot, case = key(desk.agent), desk.register()
    sent = {"If-Match": '"1"', "Idempotency-Key": "n-1"}
    first, again = (robot.post(f"{CASES}{case.number}/note/", WORDS["note"], headers=sent) for _ in range(2))
    assert (first.status_code, again.status_code, first.content) == (200, 200, again.content)
    assert case.events.filter(type="note").count() == 1


def test_C7_an_observation_through_rest_starts_the_emergency_process(desk: World, agent: APIClient) -> None:
    case = desk.register(severity="minor")
    told = do(agent, case, "observe", level="critical", start_process=True).json()
    assert (told["severity"], told["emergency_is_running"]) == ("minor", True)
    clock = next(c for c in agent.get(f"{CASES}{case.number}/deadlines/").json() if c["kind"] == "emergency")
    assert 4 * 3600 - 60 < clock["remaining_seconds"] <= 4 * 3600


def test_C7_restoring_through_rest_ends_the_chain_and_tells_them(desk: World, agent: APIClient) -> None:
    from service_desk.deadlines.engine import sweep
    from service_desk.deadlines.rules import Door

    case = desk.register(severity="critical")
    shift_time(case, hours=4, seconds=1)
    sweep(Door.SENTINEL)
    do(agent, case, "start")
    assert do(agent, case, "restore").status_code == 200
    told = Notice.objects.filter(about=f"case:{case.pk}", kind="emergency_restored")
    assert {"gm_marketing", "gm_product"} <= set(told.values_list("recipient__username", flat=True))


def test_who_only_reads_moves_nothing(desk: World) -> None:
    case = desk.register()
    for person in (desk.auditor, desk.inspector, desk.colleague):
        answer = do(session(person), case, "start")
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    reader = key(desk.agent, "cases:read")
    assert do(reader, case, "start").json()["code"] == "scope_missing"
    assert do(APIClient(), case, "start").status_code == 401


def test_P6_a_confidential_case_is_not_there_for_others(desk: World, agent: APIClient) -> None:
    case = desk.register()
    Case.objects.filter(pk=case.pk).update(confidential=True)
    other = session(desk.manager)
    for address in ("", "timeline/", "deadlines/"):
        assert other.get(f"{CASES}{case.number}/{address}").status_code == 404
    assert do(other, case, "note").status_code == 404
    assert other.get(CASES).json()["results"] == []
    assert other.get("/api/v1/deadlines/").json()["results"] == []
    assert agent.get(f"{CASES}{case.number}/").status_code == 200


def test_a_session_without_its_csrf_token_is_refused(desk: World) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(desk.agent)
    answer = do(client, desk.register(), "start")
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf")
