"""P7 as the organisation is now: whoever comes into a barred line later is out at once, by whatever door they came."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from service_desk.audit.models import AuditEntry
from service_desk.cases import actions as moves
from service_desk.cases.models import Case, CaseBarred, CaseCircle, CaseEvent
from service_desk.complaints import clockwork
from service_desk.complaints.actions import call_in, decide, escalate, satisfaction
from service_desk.complaints.actions.following import follow_organisation
from service_desk.complaints.circle import barred_by
from service_desk.complaints.models import Complaint, Instance
from service_desk.deadlines.clock import now
from service_desk.notices.models import Notice
from service_desk.people.models import Staff, Unit
from service_desk.people.rules import DESK_ROLES, LEADING_ROLES, Role
from service_desk.rest.errors import Invalid
from tests.cases.pages import browser
from tests.complaints.making import complaint, decided, desk
from tests.factories import staff

pytestmark = pytest.mark.django_db


def committed() -> None:
    """What the database does at the commit, now."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def knows(person: Staff, made: Complaint) -> bool:
    return Complaint.objects.visible_to(person).filter(pk=made.pk).exists()


def test_P7_the_line_is_the_same_read_as_a_set_and_read_person_by_person() -> None:
    here = desk()
    Unit.objects.create(name="夜班组", kind="section", parent=here.unit, section_chief=here.colleague)
    for person in here.people.values():
        with connection.cursor() as cursor:
            cursor.execute("SELECT staff_line_of(%s)", [person.pk])
            line = {pk for (pk,) in cursor.fetchall()}
            cursor.execute("SELECT id FROM people_staff WHERE staff_in_line(id, %s)", [person.pk])
            assert line == {pk for (pk,) in cursor.fetchall()}, person.username


def test_P7_the_rule_of_the_database_names_the_roles_that_the_product_has() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'complaint_barred_by'")
        (source,) = cursor.fetchone()
    lists = [set(part.split("}")[0].split(",")) for part in source.split("'{")[1:]]
    assert {str(role) for role in DESK_ROLES | LEADING_ROLES} in lists
    assert {"auditor", "quality_inspector", str(Role.GM_MARKETING), str(Role.GM_PRODUCT)} in lists


@pytest.mark.parametrize("door", ["chief", "head", "parent", "unit", "insert"])
def test_P7_who_comes_into_the_line_leaves_the_circle_with_the_commit(door: str) -> None:
    here = desk()
    made = complaint(here)  # about the colleague in the unit of the chief
    newcomer = here.gm_product
    call_in(complaint=made, actor=here.agent, staff=newcomer, text="需要意见")
    if door == "chief":
        Unit.objects.filter(pk=here.unit.pk).update(section_chief=newcomer)
    elif door == "head":
        Unit.objects.filter(name="客户服务部").update(department_head=newcomer)
    elif door == "parent":
        above = Unit.objects.create(name="新事业部", kind="department", section_chief=newcomer)
        Unit.objects.filter(pk=here.unit.pk).update(parent=above)
    elif door == "unit":
        led = Unit.objects.create(name="夜班组", kind="section", section_chief=here.colleague)
        Staff.objects.filter(pk=newcomer.pk).update(unit=led)
    else:
        led = Unit.objects.create(name="夜班组", kind="section", section_chief=here.colleague)
        newcomer = staff("fresh", unit=led)
    committed()
    assert not knows(newcomer, made)
    assert CaseBarred.objects.get(case=made.pk, staff=newcomer).why == "line"
    with pytest.raises(Invalid):
        call_in(complaint=made, actor=here.agent, staff=newcomer, text="再请一次")
    if door != "insert":
        assert CaseCircle.objects.get(case=made.pk, staff=newcomer).until is not None
        assert CaseEvent.objects.get(case=made.pk, data__line=True).data["left"] == newcomer.full_name
        entry = AuditEntry.objects.get(verb="complaint.left", thing=f"case:{made.pk}")
        assert entry.detail == {"staff": newcomer.pk, "why": "line"}
    assert knows(here.agent, made)


def test_P7_what_the_newcomer_handled_and_was_offered_goes_to_somebody_free_at_once() -> None:
    here = desk()
    made = complaint(here)
    moves.hand_over(
        case=made.case, actor=here.agent, receiver=here.engineer, done="听", remaining="复", promised="今天"
    )
    Unit.objects.filter(pk=here.unit.pk).update(section_chief=here.agent)
    follow_organisation()
    case = Case.objects.get(pk=made.pk)
    assert case.handler == here.manager  # on duty
    assert not case.hand_over_pending
    assert not knows(here.agent, made)
    assert not knows(here.engineer, made)
    assert knows(here.manager, made)
    assert Notice.objects.filter(kind="complaint_yours", recipient=here.manager).exists()
    assert AuditEntry.objects.filter(verb="complaint.follow", thing=f"case:{made.pk}").count() == 1
    words: dict[str, Any] = {"reasons": "录音", "remedy": "道歉", "reply": "已说明", "channel": "phone"}
    decide(complaint=made, actor=here.manager, finding="unfounded", **words)
    assert list(clockwork.overlooked(now())) == []


def test_P7_who_decides_and_comes_into_the_line_is_replaced_by_the_auditor_after_plain_SQL() -> None:
    here = desk()
    made = complaint(here)
    decided(made, here.agent, "unfounded")
    satisfaction(complaint=made, actor=here.agent, satisfied=False, text="不接受")
    escalate(complaint=made, actor=here.agent, text="升级", owner=here.manager)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE people_unit SET section_chief_id = %s WHERE id = %s", [here.manager.pk, here.unit.pk])
    committed()
    assert not knows(here.manager, made)
    for _thing, mend in clockwork.overlooked(now()):
        mend()
    owner = Instance.objects.get(complaint=made.pk, kind="escalated").owner
    assert owner not in (here.manager, here.agent, here.chief, here.head)
    assert knows(owner, made)
    assert list(clockwork.overlooked(now())) == []


def test_P7_a_unit_changed_on_the_screen_of_the_administrator_follows_in_its_transaction() -> None:
    here = desk()
    made = complaint(here)
    page = browser(here.admin)
    form = {"name": "热线一科", "kind": "section", "parent": here.unit.parent_id or "", "section_chief": here.agent.pk}
    answer = page.post(f"/admin/people/unit/{here.unit.pk}/change/", form | {"department_head": ""})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    assert Case.objects.get(pk=made.pk).handler == here.manager
    assert not knows(here.agent, made)


def test_P7_of_somebody_at_the_top_those_stay_who_look_at_others() -> None:
    here = desk()
    line = barred_by(here.president.pk)
    assert here.president.pk in line
    assert here.agent.pk in line
    assert not line & {here.auditor.pk, here.inspector.pk, here.gm_marketing.pk, here.gm_product.pk}
