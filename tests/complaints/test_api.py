"""Complaints through REST: the same verbs, scopes of their own, the same 404 for hidden and missing (P1-P10)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from service_desk.audit.models import AuditEntry
from service_desk.deadlines.clock import now
from tests.cases.callers import fields, key, session
from tests.complaints.making import PHONE, WHO, complaint, desk

pytestmark = pytest.mark.django_db
URL = "/api/v1/complaints/"


def body(**given: Any) -> dict[str, Any]:
    return {
        "channel": "12315",
        "level": "serious",
        "matter": "维修后仍漏水",
        "wanted": "重新维修并赔偿",
        "name": WHO,
        "phone": PHONE,
        "external_identifiers": [{"owner": "12315", "id": "2026112200017", "externalIdentifierType": "referral"}],
        **given,
    }


def test_P1_a_referral_is_accepted_and_found_by_the_regulators_number() -> None:
    here = desk()
    caller = key(here.agent, "complaints:read", "complaints:write")
    due = now() + timedelta(hours=10)
    made = caller.post(URL, body(about_service="telecom", regulator_due_at=due.isoformat()), format="json")
    assert made.status_code == 201, made.content
    number = made.json()["number"]
    found = caller.get(URL, {"external_id": "2026112200017"}).json()["results"]
    assert [line["number"] for line in found] == [number]
    shown = caller.get(f"{URL}{number}/").json()
    assert shown["external_identifiers"] == [
        {"owner": "12315", "externalIdentifierType": "referral", "id": "2026112200017"}
    ]
    assert shown["complainant"]["phone"] == "138****8000"
    assert WHO not in str(shown)


def test_P6_hidden_and_missing_are_answered_alike_by_every_door() -> None:
    here = desk()
    number = complaint(here).case.number
    stranger = session(here.chief)
    for path in ("", "circle/", "barred/", "hearers/"):
        hidden, missing = stranger.get(f"{URL}{number}/{path}"), stranger.get(f"{URL}CMP-20200101-0001/{path}")
        assert hidden.status_code == missing.status_code == 404
        assert hidden.json()["detail"] == missing.json()["detail"]
    assert stranger.get(URL).json()["results"] == []


def test_P6_a_key_for_cases_opens_no_complaint() -> None:
    here = desk()
    number = complaint(here).case.number
    assert key(here.agent, "cases:read", "cases:write").get(f"{URL}{number}/").status_code == 403


def test_P5_the_whole_way_by_REST() -> None:
    here = desk()
    number = complaint(here).case.number
    agent, manager = session(here.agent), session(here.manager)

    def move(client: Any, verb: str, **given: Any) -> Any:
        answer = client.post(f"{URL}{number}/{verb}/", given, format="json", headers={"If-Match": "*"})
        assert answer.status_code == 200, (verb, answer.content)
        return answer.json()

    for clear in ("listen", "ask", "follow", "reply", "record"):
        left = move(agent, "clear", clear=clear, text="已做")["empty_clears"]
    assert left == []
    decision = {"reasons": "录音", "remedy": "道歉", "reply": "已说明", "channel": "phone"}
    move(agent, "decide", finding="partly", **decision)
    move(agent, "satisfaction", satisfied=False, text="不够")
    assert move(agent, "escalate", text="要求上级处理")["stage"] == "escalated"
    names = [one["name"] for one in manager.get(f"{URL}{number}/hearers/").json()]
    assert names == ["员工gm_marketing", "员工gm_product", "员工inspector"]
    move(manager, "decide", finding="substantiated", **decision)
    later = (now() + timedelta(days=3)).isoformat()
    made = move(manager, "correct", owner=here.manager.pk, text="培训", due_at=later)["corrective_actions"]
    done = move(manager, "finish_correction", action=made[0]["id"], text="已培训")
    assert done["corrective_actions"][0]["done_text"] == "已培训"


def test_P6_a_look_in_full_is_recorded_with_its_reason() -> None:
    here = desk()
    made = complaint(here)
    agent = session(here.agent)
    assert agent.post(f"{URL}{made.case.number}/reveal/", {}).status_code == 400
    shown = agent.post(f"{URL}{made.case.number}/reveal/", {"reason": "回访"}).json()
    assert shown["phone"] == PHONE
    entry = AuditEntry.objects.get(verb="complaint.reveal")
    assert entry.detail == {"reason": "回访"}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"matter": "\x00"}, "matter"),
        ({"matter": "长" * 121}, "matter"),
        ({"level": "mild"}, "level"),
        ({"about_staff": 10**17}, "about_staff"),
        ({"about_case": "CALL-20200101-0001"}, "about_case"),
        ({"accepted_at": "2199-01-01T00:00:00Z"}, "accepted_at"),
        ({"next_reply_at": "2020-01-01T00:00:00Z"}, "next_reply_at"),
        ({"severity": "critical"}, "severity"),
        ({"external_identifiers": []}, "identifiers"),
        ({"channel": "phone", "regulator_due_at": "2027-01-01T00:00:00Z"}, "regulator_due_at"),
    ],
)
def test_bad_input_is_named_and_never_a_defect(given: dict[str, Any], field: str) -> None:
    here = desk()
    wanted = body(about_service="telecom") | given
    answer = session(here.agent).post(URL, wanted, format="json")
    assert answer.status_code == 400, answer.content
    assert field in fields(answer)


def test_P11_a_suggestion_goes_to_the_unit_and_its_answer_back_to_the_customer() -> None:
    here = desk()
    made = complaint(here, about_unit=here.unit)
    agent, chief = session(here.agent), session(here.chief)
    later = (now() + timedelta(days=2)).isoformat()
    sent = agent.post(
        "/api/v1/suggestions/",
        {"case": made.case.number, "unit": here.unit.pk, "text": "增加夜间值守", "due_at": later},
        format="json",
    )
    assert sent.status_code == 201, sent.content
    address = f"/api/v1/suggestions/{sent.json()['id']}/"
    assert agent.post(f"{address}return/", {"text": "已告知"}).status_code == 409
    assert "张投诉人" not in str(chief.get(address).content.decode())
    assert chief.post(f"{address}answer/", {"text": "下月起实行"}).status_code == 200
    assert agent.post(f"{address}return/", {"text": "已告知"}).status_code == 200
    made.case.refresh_from_db()
    assert made.case.open_promises == 0
