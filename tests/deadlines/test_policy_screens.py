"""C6, D8 on the screen: targets at a glance, an edit as a new version, its list of clocks, and who may."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from service_desk.audit.models import AuditEntry
from service_desk.cases.models import Case
from service_desk.deadlines import applying
from service_desk.deadlines.actions import edit_policy
from service_desk.deadlines.models import Policy, Rollout
from service_desk.deadlines.rules import RolloutState
from service_desk.deadlines.words import differences, target_word
from service_desk.local import reference
from tests.cases.pages import browser, text_of
from tests.deadlines.screens import JUNK, policy_form, save
from tests.factories import World, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


@pytest.fixture
def policy(desk: World) -> Policy:
    return Policy.objects.get(severity="minor", kind="solution")


def present() -> Policy:
    return Policy.objects.in_force().get(severity="minor", kind="solution")


def test_C6_the_table_says_every_target_in_words(desk: World) -> None:
    reference.load()
    text = text_of(browser(desk.auditor).get("/policies/"))
    for words in ("4 h elapsed", "8 h elapsed", "2 working days", "30 min elapsed", "Property"):
        assert words in text


def test_P4_the_levels_of_complaints_stand_in_their_own_words_and_order(desk: World) -> None:
    reference.load()
    tables = browser(desk.admin, "zh-hans").get("/policies/").context["tables"]
    levels = [table.columns for table in tables if table.subject == "投诉"]
    assert levels
    for columns in levels:
        assert columns == [word for word in ("所有严重程度", "一般", "严重", "重大") if word in columns]
        assert "重大" in columns
    major = Policy.objects.in_force().filter(subject="complaint", severity="major").first()
    assert major is not None
    assert "重大" in text_of(browser(desk.admin, "zh-hans").get(f"/policies/{major.pk}/"))


def test_the_table_costs_few_queries_however_many_targets(desk: World, django_assert_max_num_queries: Any) -> None:
    reference.load()
    client = browser(desk.admin)
    with django_assert_max_num_queries(8):
        assert client.get("/policies/").status_code == 200


def test_D8_saving_is_a_new_version_and_bends_no_running_clock(desk: World, policy: Policy) -> None:
    case = desk.register(severity="minor")
    before = case.deadlines.get(kind="solution").due_at
    answer = save(browser(desk.admin), policy, amount=24, unit="h", may_pause=None)
    assert answer.status_code == 302
    newer = present()
    assert (newer.version, newer.target_seconds, newer.may_pause, newer.created_by) == (2, 86_400, False, desk.admin)
    assert newer.steps == policy.steps
    assert case.deadlines.get(kind="solution").due_at == before
    text = text_of(browser(desk.admin).get(f"/policies/{policy.pk}/"))
    assert "1 clock runs by an earlier version" in text
    assert "5 d elapsed → 24 h elapsed" in text


def test_the_form_shows_every_shipped_ladder_as_it_is(desk: World) -> None:
    reference.load()
    client = browser(desk.admin)
    for policy in Policy.objects.in_force():
        assert save(client, policy).status_code == 302, policy
    assert not Policy.objects.filter(version=2).exists(), "saved as it was shown, nothing had changed"


def test_C6_the_ladder_is_edited_row_by_row_without_a_script(desk: World, policy: Policy) -> None:
    client = browser(desk.admin)
    page = client.post(f"/policies/{policy.pk}/edit/", policy_form(policy, add="1", steps_0_code="early"))
    assert page.status_code == 200
    assert page.context["ladder"].total_form_count() == 4
    assert 'value="early"' in page.content.decode()
    assert present().version == 1
    moved = client.post(f"/policies/{policy.pk}/edit/", policy_form(policy, up="1"))
    assert [form["code"].value() for form in moved.context["ladder"]] == ["breach", "warn", "head"]
    done = save(client, policy, steps_0_amount="50", steps_1_needs_ack="on", steps_1_repeat="10", steps_2_DELETE="on")
    assert done.status_code == 302
    assert present().steps == [
        {**policy.steps[0], "at": {"share": 0.5}},
        {**policy.steps[1], "needs_ack": True, "repeat_seconds": 600},
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"amount": ""}, "required"),
        ({"amount": "0"}, "greater than or equal to 1"),
        ({"amount": "99999999", "unit": "d"}, "at most 3660 days"),
        ({"amount": "5", "unit": "wd"}, "Working days need a working calendar"),
        ({"unit": "fortnights"}, "not one of the available choices"),
        ({"calendar": "999"}, "not one of the available choices"),
        ({"steps_0_amount": "150"}, "a share from 1 to 100"),
        ({"steps_0_code": "Warn!"}, "only a-z, 0-9 and _"),
        ({"steps_0_code": "breach"}, "used twice"),
        ({"steps_0_slots": []}, "Choose at least one"),
        ({"steps_0_slots": ["nobody"]}, "not one of the available choices"),
        ({"steps_0_repeat": "5"}, "Only a step that must be acknowledged is repeated"),
        ({"steps_0_needs_ack": "on", "steps_0_repeat": "0.05"}, "from 10 seconds"),
        ({"steps_0_kind": "shout"}, "not one of the available choices"),
        ({"steps-TOTAL_FORMS": "banana"}, "ManagementForm"),
        ({"steps-TOTAL_FORMS": "999999999"}, "needs your attention"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(
    desk: World, policy: Policy, changes: dict[str, Any], said: str
) -> None:
    data = {**policy_form(policy), **{k: v for k, v in changes.items() if not k.startswith("steps_")}}
    steps = {k: v for k, v in changes.items() if k.startswith("steps_")}
    data |= {k: v for k, v in policy_form(policy, **steps).items() if k in data or steps}
    data |= {k: v for k, v in changes.items() if not k.startswith("steps_")}
    answer = browser(desk.admin).post(f"/policies/{policy.pk}/edit/", data)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert present().version == 1


@pytest.mark.parametrize("junk", JUNK)
def test_junk_in_any_field_is_an_answer_never_a_failure(desk: World, policy: Policy, junk: str) -> None:
    client = browser(desk.admin)
    client.raise_request_exception = False
    for name in policy_form(policy):
        data = {**policy_form(policy), name: junk.encode("utf-8", "surrogatepass")}
        assert client.post(f"/policies/{policy.pk}/edit/", data).status_code in (302, 400, 412, 422), name


def test_D8_of_two_editors_the_second_is_told_and_loses_nothing(desk: World, policy: Policy) -> None:
    mine = policy_form(policy, amount=7, unit="h")
    edit_policy(policy=policy, changes={"target_seconds": 3600}, actor=desk.admin)
    client = browser(desk.admin)
    answer = client.post(f"/policies/{policy.pk}/edit/", mine)
    assert answer.status_code == 412
    text = text_of(answer)
    assert "has put version 2 in force since you opened this page" in text
    assert "5 d elapsed → 1 h elapsed" in text
    assert answer.context["form"]["amount"].value() == "7"
    assert present().target_seconds == 3600
    again = {**mine, "read": answer.context["form"]["read"].value()}
    assert client.post(f"/policies/{policy.pk}/edit/", again).status_code == 302
    assert (present().version, present().target_seconds, present().may_pause) == (3, 7 * 3600, True)


def test_only_an_administrator_edits_and_applies_and_the_auditor_reads(desk: World, policy: Policy) -> None:
    newer = edit_policy(policy=policy, changes={"target_seconds": 3600}, actor=desk.admin)
    rollout = applying.preview_policy(policy=newer, actor=desk.admin)
    for person in (desk.agent, desk.chief, desk.auditor):
        client = browser(person)
        assert client.get(f"/policies/{newer.pk}/").status_code == 200
        assert client.get(f"/policies/{newer.pk}/edit/").status_code == 403
        assert save(client, newer, amount=2).status_code == 403
        assert client.post(f"/policies/{newer.pk}/apply/").status_code == 403
        for verb in ("confirm", "again", "drop"):
            assert client.post(f"/clock-changes/{rollout.pk}/{verb}/", {"token": rollout.token}).status_code == 403
    assert browser(desk.auditor).get(f"/clock-changes/{rollout.pk}/").status_code == 200
    assert browser(desk.agent).get(f"/clock-changes/{rollout.pk}/").status_code == 403
    assert Client().get("/policies/").status_code == 302
    assert AuditEntry.objects.filter(verb="policy.apply", outcome="refused").exists()


def applied(client: Client, policy: Policy) -> tuple[Any, Rollout]:
    """Ask for the list, and the page that shows it."""
    answer = client.post(f"/policies/{policy.pk}/apply/")
    rollout = Rollout.objects.latest("pk")
    assert answer.headers["Location"] == f"/clock-changes/{rollout.pk}/"
    return client.get(answer.headers["Location"]), rollout


def test_D8_the_list_is_shown_first_and_then_applied_as_it_was_shown(desk: World, policy: Policy) -> None:
    case = desk.register(severity="minor")
    secret = desk.register(severity="minor")
    Case.objects.filter(pk=secret.pk).update(confidential=True)
    newer = edit_policy(policy=policy, changes={"target_seconds": 3600}, actor=desk.admin)
    client = browser(desk.admin)
    page, rollout = applied(client, newer)
    text = text_of(page)
    assert case.number in text
    assert desk.agent.full_name in text
    assert secret.number not in text
    assert "and 1 clock of a case that you may not see" in text
    assert case.deadlines.get(kind="solution").policy.version == 1
    assert "Apply to 2 running clocks" in text
    token = re.search(r'name="token" value="(\w+)"', page.content.decode())
    assert token is not None
    done = client.post(f"/clock-changes/{rollout.pk}/confirm/", {"token": token[1]}, follow=True)
    assert "Applied" in text_of(done)
    assert {c.deadlines.get(kind="solution").policy.version for c in (case, secret)} == {2}
    history = text_of(browser(desk.agent).get(f"/cases/{case.number}/"))
    assert f"policy version 2 applied by {desk.admin}" in history


def test_D8_a_list_that_changed_meanwhile_is_shown_again_instead(desk: World, policy: Policy) -> None:
    case = desk.register(severity="minor")
    newer = edit_policy(policy=policy, changes={"target_seconds": 3600}, actor=desk.admin)
    client = browser(desk.admin)
    _page, rollout = applied(client, newer)
    for token in ("", "\x00", "0" * 64, "x" * 5000):
        answer = client.post(f"/clock-changes/{rollout.pk}/confirm/", {"token": token}, follow=True)
        assert "has changed since you looked" in text_of(answer)
        assert Rollout.objects.latest("pk").state == RolloutState.READY
    assert case.deadlines.get(kind="solution").policy.version == 1


def test_a_list_being_made_asks_again_by_itself(desk: World, policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applying, "AT_ONCE", 0)
    desk.register(severity="minor")
    newer = edit_policy(policy=policy, changes={"target_seconds": 3600}, actor=desk.admin)
    client = browser(desk.admin)
    page, rollout = applied(client, newer)
    assert "Being listed" in text_of(page)
    here = f"/clock-changes/{rollout.pk}/"
    assert 'hx-trigger="every' in client.get(here, headers={"HX-Request": "true"}).content.decode()
    applying.work()
    assert client.get(here, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    rollout.refresh_from_db()
    client.post(f"{here}confirm/", {"token": rollout.token})
    assert "Being applied" in text_of(client.get(here))
    applying.work()
    assert "Applied" in text_of(client.get(here))


def test_the_page_of_a_list_costs_the_same_for_many_clocks(desk: World, policy: Policy) -> None:
    client, counts = browser(desk.admin), []
    client.get("/policies/")
    for _round in range(2):
        for _n in range(4):
            desk.register(severity="minor")
        newer = edit_policy(
            policy=present(), changes={"target_seconds": (present().target_seconds or 0) + 60}, actor=desk.admin
        )
        rollout = applying.preview_policy(policy=newer, actor=desk.admin)
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/clock-changes/{rollout.pk}/?from=banana")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 14


def test_versions_say_in_words_how_they_differ(desk: World, policy: Policy) -> None:
    steps = [{**policy.steps[0], "slots": ["duty_manager"]}, policy.steps[1]]
    newer = edit_policy(policy=policy, changes={"may_pause": False, "steps": steps}, actor=desk.admin)
    found = {d.code or d.what: (d.before, d.after) for d in differences(policy, newer)}
    assert found["May be paused"] == ("yes", "no")
    assert found["warn"][1] == "at 75 % of the time: warning · Duty manager"
    assert found["head"][1] == ""
    assert target_word(newer) == "5 d elapsed"


@pytest.mark.parametrize("path", ["policies/999999/", "policies/99999999999999999999/", "clock-changes/999999/"])
def test_what_is_not_there_is_404(desk: World, path: str) -> None:
    assert browser(desk.admin).get(f"/{path}").status_code == 404
