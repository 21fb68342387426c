"""Cases side by side: parent and child without loops, related ones, and a part that becomes a case of its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError

from service_desk.cases import actions
from service_desk.cases.models import Case, CaseLink
from service_desk.cases.ties import ties_of
from service_desk.deadlines.clock import now
from service_desk.people.models import ProductType, ServiceLine
from service_desk.rest.errors import Conflict, Invalid, NotAllowed
from tests.cases.callers import CASES, fields, move, session
from tests.cases.pages import browser, post, text_of
from tests.factories import World, shift_time, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


def link(desk: World, case: Case, other: Case, relation: str, actor: Any = None) -> Case:
    return actions.link(case=case, actor=actor or desk.agent, other=other.number, relation=relation)


def test_parent_and_child_are_seen_from_both_sides(desk: World) -> None:
    parent, one, two = desk.register(), desk.register(), desk.register()
    link(desk, one, parent, "parent")
    link(desk, parent, two, "child")
    assert [child.pk for child in ties_of(parent, desk.agent).children] == [one.pk, two.pk]
    two.refresh_from_db()
    above = ties_of(two, desk.agent).parent
    assert above is not None
    assert above.pk == parent.pk
    told = list(parent.events.filter(type="linked").values_list("data__number", "data__relation"))
    assert told == [(one.number, "child"), (two.number, "child")]


def test_related_cases_are_linked_once_and_parted_again(desk: World) -> None:
    one, two = desk.register(), desk.register()
    link(desk, two, one, "related")
    assert [case.pk for case in ties_of(one, desk.agent).related] == [two.pk]
    with pytest.raises(Conflict, match="linked already"):
        link(desk, one, two, "related")
    link(desk, one, two, "none")
    assert not ties_of(one, desk.agent).any
    with pytest.raises(Invalid, match="not linked"):
        link(desk, one, two, "none")
    with pytest.raises(IntegrityError, match="case_link_in_order"), transaction.atomic():
        CaseLink.objects.create(first=two, second=one, made_by=desk.agent)


def test_no_case_is_its_own_ancestor_through_any_door(desk: World) -> None:
    top, middle, low = desk.register(), desk.register(), desk.register()
    link(desk, middle, top, "parent")
    link(desk, low, middle, "parent")
    with pytest.raises(Conflict, match="above and below"):
        link(desk, top, low, "parent")
    with pytest.raises(Conflict, match="has a parent already"):
        link(desk, low, top, "parent")
    for case, above in ((top, low), (top, top)):
        with pytest.raises(IntegrityError, match="ancestor"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE cases_case SET parent_id = %s WHERE id = %s", [above.pk, case.pk])


def test_a_link_is_refused_with_words_beside_the_number(desk: World) -> None:
    case, other = desk.register(), desk.register()
    Case.objects.filter(pk=other.pk).update(confidential=True)
    for number, code in (("CALL-9", "unknown"), (case.number, "itself")):
        with pytest.raises(Invalid) as caught:
            actions.link(case=case, actor=desk.agent, other=number, relation="related")
        assert (caught.value.errors[0].field, caught.value.errors[0].code) == ("other", code)
    with pytest.raises(Invalid, match="no such case"):  # confidential: the chief may not know of it
        link(desk, case, other, "related", actor=desk.chief)
    with pytest.raises(NotAllowed):
        link(desk, case, desk.register(), "related", actor=desk.inspector)


def test_P6_a_link_to_a_confidential_case_is_seen_by_its_holders_alone(desk: World) -> None:
    case, other = desk.register(), desk.register()
    link(desk, case, other, "related")
    Case.objects.filter(pk=other.pk).update(confidential=True)
    assert [tie.pk for tie in ties_of(case, desk.agent).related] == [other.pk]
    assert not ties_of(case, desk.chief).any
    assert (
        other.number not in browser(desk.chief).get(f"/cases/{case.number}/").content.decode().split("What happened")[0]
    )
    assert session(desk.chief).get(f"{CASES}{case.number}/").json()["ties"]["related"] == []


def test_P6_a_confidential_and_an_ordinary_case_are_not_linked_and_a_part_stays_confidential(desk: World) -> None:
    case, other = desk.register(), desk.register()
    Case.objects.filter(pk=case.pk).update(confidential=True)
    with pytest.raises(Conflict, match="confidential"):
        link(desk, case, other, "related")
    assert not case.events.filter(type="linked").exists()
    made = split(desk, case)
    assert made.confidential
    assert not Case.objects.visible_to(desk.chief).filter(pk=made.pk).exists()


def test_children_of_a_merged_case_hang_below_the_survivor(desk: World) -> None:
    merged, survivor, child = desk.register(), desk.register(), desk.register()
    link(desk, child, merged, "parent")
    actions.merge(case=merged, actor=desk.agent, into=survivor.number, text="重复")
    assert Case.objects.get(pk=child.pk).parent == survivor
    with pytest.raises(Conflict, match="stands below"):
        actions.merge(case=survivor, actor=desk.agent, into=child.number, text="重复")


# Splitting ------------------------------------------------------------------------------------------------------------
def split(desk: World, case: Case, **more: Any) -> Case:
    actions.split(case=case, actor=desk.agent, fault="传输误码", text="客户另报传输误码", **more)
    return Case.objects.latest("id")


def test_C3_C5_what_is_split_off_keeps_acceptance_and_first_responder_and_is_not_late(desk: World) -> None:
    case = desk.register(severity="major")
    words: dict[str, Any] = {"done": "无", "remaining": "无", "promised": "无"}
    actions.hand_over(case=case, actor=desk.agent, receiver=desk.colleague, **words)
    actions.accept(case=case, actor=desk.colleague)
    shift_time(case, days=3)
    case.refresh_from_db()
    made = split(desk, case)
    assert (made.accepted_at, made.first_responder, made.handler) == (case.accepted_at, desk.agent, desk.colleague)
    assert (made.late_registration, made.severity, made.fault) == (False, None, "传输误码")
    assert made.subject.endswith("传输误码")
    assert made.deadlines.get(kind="first_response").started_at == case.accepted_at
    assert made.events.get(type="registered").data["late"] is False
    assert ties_of(case, desk.agent).split_off[0].pk == made.pk
    origin = ties_of(made, desk.agent).split_from
    assert origin is not None
    assert origin.pk == case.pk


def test_C3_lateness_is_not_washed_away_by_calling_a_case_split_off(desk: World) -> None:
    origin = desk.register()
    late = desk.register(accepted_at=now() - timedelta(hours=30))
    assert late.late_registration
    with pytest.raises(IntegrityError, match="split off"), transaction.atomic():
        Case.objects.filter(pk=late.pk).update(split_from=origin)


def test_a_part_may_be_of_another_product_of_the_same_line(desk: World) -> None:
    other = ProductType.objects.create(name="传输设备", service_line=desk.line)
    elsewhere = ProductType.objects.create(
        name="电梯", service_line=ServiceLine.objects.create(code="property", name="物业", name_en="Property")
    )
    case = desk.register()
    assert split(desk, case, product_type=other.pk).product_type == other
    for wrong in (elsewhere.pk, 2**62):
        with pytest.raises(Invalid) as caught:
            split(desk, case, product_type=wrong)
        assert caught.value.errors[0].field == "product_type"
    with pytest.raises(Invalid) as caught:
        actions.split(case=case, actor=desk.agent, fault=" ", text="好")
    assert caught.value.errors[0].field == "fault"


def test_the_links_stand_on_the_case_within_its_queries(desk: World, django_assert_max_num_queries: Any) -> None:
    case = desk.register(severity="major")
    for relation in ("child", "child", "related"):
        link(desk, case, desk.register(), relation)
    split(desk, case)
    client = browser(desk.agent)
    client.get(f"/cases/{case.number}/")
    with django_assert_max_num_queries(2):
        assert len(ties_of(case, desk.agent).children) == 2
    words = text_of(client.get(f"/cases/{case.number}/"))
    assert all(word in words for word in ("Linked cases", "Child", "Related", "Split off"))


def test_linking_and_splitting_through_the_screen_and_through_rest(desk: World) -> None:
    case, other = desk.register(), desk.register()
    client, api = browser(desk.agent), session(desk.agent)
    assert other.number in client.get(f"/cases/{case.number}/do/link/").content.decode()
    assert post(client, case, "link", other="", relation="related").status_code == 422
    assert post(client, case, "link", other=other.number, relation="sideways").status_code == 422
    assert post(client, case, "link", other=other.number, relation="related").status_code == 302
    assert post(client, case, "split", fault="另一处", product_type=desk.product.pk, text="说明").status_code == 302
    assert f"Split off as {Case.objects.latest('pk').number}." in text_of(client.get(f"/cases/{case.number}/"))
    assert post(client, case, "split", fault="另一处", product_type="9" * 30, text="说明").status_code == 422
    answer = move(api, case.number, "link", other=other.number, relation="none")
    assert (answer.status_code, answer.json()["ties"]["related"]) == (200, [])
    for bad in (
        {"other": "\x00", "relation": "related"},
        {"other": other.number, "relation": 5},
        {"relation": "child"},
    ):
        assert move(api, case.number, "link", **bad).status_code == 400
    for bad, field in (
        ({"fault": "长" * 121, "text": "好"}, "fault"),
        ({"fault": "好", "text": "好", "product_type": 10**30}, "product_type"),
    ):
        refused = move(api, case.number, "split", **bad)
        assert (refused.status_code, field in fields(refused)) == (400, True)
    done = move(api, case.number, "split", fault="第三处", text="说明")
    assert (done.status_code, len(done.json()["ties"]["split_off"])) == (200, 2)
