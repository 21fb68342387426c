"""C16: request types with fields of their own, kept by administrators, answered through every door."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.urls import reverse

from service_desk.audit.models import AuditEntry
from service_desk.cases import requesting
from service_desk.cases.models import Case, RequestField, RequestType
from service_desk.rest.errors import Invalid
from tests.cases.callers import CASES, fields, key, move, session
from tests.cases.pages import browser, post, text_of
from tests.cases.registering import entry
from tests.factories import World, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


@pytest.fixture
def upgrade(desk: World) -> RequestType:
    """A type with a field of each kind."""
    made = RequestType.objects.create(
        name="版本升级",
        name_en="Version upgrade",
        service_line=desk.line,
        report="upgrade_summary",
        materials="升级方案\n\n客户签字",
        steps="提交方案\n升级",
    )
    for field_key, kind, more in (
        ("version_new", "text", {"required": True}),
        ("elements", "number", {"lowest": 1, "highest": 100}),
        ("window", "date", {}),
        ("risk", "choice", {"choices": "低\n中\n高"}),
        ("affects", "yes_no", {}),
    ):
        RequestField.objects.create(
            request_type=made, key=field_key, name=f"字段{field_key}", name_en=field_key, kind=kind, **more
        )
    return made


def answers(**changed: Any) -> dict[str, Any]:
    return {
        "value_version_new": "V6.2",
        "value_elements": "12",
        "value_window": "2026-12-1",
        "value_risk": "中",
        "value_affects": "true",
        **changed,
    }


KEPT = {"version_new": "V6.2", "elements": 12, "window": "2026-12-01", "risk": "中", "affects": True}


def test_C16_the_form_asks_what_the_type_asks_and_tells_what_it_lists(desk: World, upgrade: RequestType) -> None:
    page = text_of(browser(desk.agent).get("/register/request/", {"request_type": upgrade.pk}))
    for words in ("version_new", "elements", "升级方案", "客户签字", "提交方案", "Told the customer"):
        assert words in page
    for nothing in ("", "0", "999999", "x", "1e9", "9" * 40, "\x00"):
        answer = browser(desk.agent).get("/register/request/", {"request_type": nothing})
        assert answer.status_code == 200
        assert "Told the customer" not in text_of(answer)


def test_C16_answers_and_told_once_are_on_the_case_its_sheet_and_its_timeline(
    desk: World, upgrade: RequestType
) -> None:
    client = browser(desk.agent)
    client.post("/register/", entry(desk, request_type=upgrade.pk, told_once="on", **answers()))
    case = Case.objects.get()
    assert case.request_type == upgrade
    assert case.request_values == KEPT
    assert case.told_once_by == desk.agent
    for address in (case.get_absolute_url(), f"{case.get_absolute_url()}print/"):
        page = text_of(client.get(address))
        for words in ("Version upgrade", "V6.2", "2026-12-01", "中", "Yes", "Told once what is needed", "升级方案"):
            assert words in page, (address, words)
    upgrade.materials = "别的"
    upgrade.save()
    told = case.events.get(type="told_once")
    assert told.data["materials"] == ["升级方案", "客户签字"]  # what was told stays as it was told


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("value_version_new", ""),
        ("value_version_new", "长" * 501),
        ("value_version_new", "a\x00b"),
        ("value_elements", "0"),
        ("value_elements", "101"),
        ("value_elements", "many"),
        ("value_elements", "9" * 400),
        ("value_elements", "1e5"),
        ("value_elements", "NaN"),
        ("value_window", "2026-02-30"),
        ("value_window", "0000-00-00"),
        ("value_window", "tomorrow"),
        ("value_risk", "最高"),
        ("value_affects", "perhaps"),
        ("request_type", "999999"),
        ("request_type", "x" * 300),
        ("request_type", "1\x00"),
    ],
)
def test_a_wrong_answer_is_said_beside_its_field_and_nothing_is_lost(
    desk: World, upgrade: RequestType, name: str, wrong: str
) -> None:
    answer = browser(desk.agent).post(
        "/register/", entry(desk, **{"request_type": upgrade.pk, **answers(), name: wrong})
    )
    assert answer.status_code == 422
    assert name in answer.context["form"].errors
    assert not Case.objects.exists()
    page = answer.content.decode()
    assert "整站断站" in page
    if name not in ("value_version_new", "request_type"):
        assert "V6.2" in page


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({}, {"request_values/version_new": "required"}),
        ({"version_new": 5}, {"request_values/version_new": "invalid"}),
        ({"version_new": "a", "elements": True}, {"request_values/elements": "invalid"}),
        ({"version_new": "a", "elements": 1e300}, {"request_values/elements": "invalid"}),
        ({"version_new": "a", "elements": [1]}, {"request_values/elements": "invalid"}),
        ({"version_new": "a", "window": {"a": {}}}, {"request_values/window": "invalid"}),
        ({"version_new": "a", "affects": "maybe"}, {"request_values/affects": "invalid"}),
        ({"version_new": "a", "risk": 1}, {"request_values/risk": "invalid"}),
        ({"version_new": "a", "strange": 1}, {"request_values/strange": "unknown_field"}),
        ({str(n): 1 for n in range(101)}, {"request_values": "too_many"}),
        ([], {"request_values": "not_a_dict"}),
        ("x", {"request_values": "not_a_dict"}),
    ],
)
def test_REST_refuses_wrong_answers_by_the_name_of_their_field(
    desk: World, upgrade: RequestType, sent: Any, wrong: dict[str, str]
) -> None:
    body = {
        "customer": desk.customer.pk,
        "product_type": desk.product.pk,
        "fault": "升级",
        "request_type": upgrade.pk,
        "request_values": sent,
    }
    answer = key(desk.agent).post(CASES, body)
    assert answer.status_code == 400
    assert fields(answer) == wrong
    assert not Case.objects.exists()


def test_REST_takes_the_answers_and_shows_them(desk: World, upgrade: RequestType) -> None:
    body = {"customer": desk.customer.pk, "product_type": desk.product.pk, "fault": "升级", "request_type": upgrade.pk}
    answer = key(desk.agent).post(CASES, {**body, "request_values": KEPT, "told_once": True})
    assert answer.status_code == 201, answer.content
    assert answer.json()["request_values"] == KEPT
    assert answer.json()["request_type"]["id"] == upgrade.pk
    assert answer.json()["told_once_at"]
    assert answer.json()["read_back"] == {}
    assert fields(key(desk.agent).post(CASES, {**body, "request_type": 10**18})) == {"request_type": "does_not_exist"}
    without = {name: value for name, value in body.items() if name != "request_type"}
    assert fields(key(desk.agent).post(CASES, {**without, "told_once": True})) == {"told_once": "no_request_type"}
    refused = key(desk.agent).post(CASES, {**without, "request_values": {"a": 1}})
    assert fields(refused) == {"request_values": "no_request_type"}
    listed = key(desk.agent).get("/api/v1/request-types/").json()
    assert [each["key"] for each in listed["results"][0]["fields_asked"]] == list(KEPT)


def test_a_type_of_another_line_or_out_of_use_is_refused(desk: World, upgrade: RequestType) -> None:
    from_property = RequestType.objects.create(
        name="报修", service_line=desk.line.__class__.objects.create(code="property", name="物业")
    )
    answer = browser(desk.agent).post("/register/", entry(desk, request_type=from_property.pk))
    assert "belongs to" in str(answer.context["form"].errors["request_type"])
    with pytest.raises(Invalid, match="another service line"):
        desk.register(request_type=from_property)
    upgrade.is_active = False
    upgrade.save()
    with pytest.raises(Invalid, match="no longer in use"):
        desk.register(request_type=upgrade, request_values=KEPT)


def test_C16_told_later_on_the_case_once_by_screen_and_REST(desk: World, upgrade: RequestType) -> None:
    first, second = (desk.register(request_type=upgrade, request_values=KEPT) for _ in range(2))
    assert post(browser(desk.agent), first, "told_once").status_code == 302
    first.refresh_from_db()
    assert first.told_once_by == desk.agent
    assert move(session(desk.agent), second.number, "told_once").status_code == 200
    again = move(session(desk.agent), second.number, "told_once")
    assert again.status_code == 409
    assert move(session(desk.agent), desk.register().number, "told_once").status_code == 409
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.filter(pk=first.pk).update(told_once_at=None, told_once_by=None)


def test_answers_without_a_type_are_refused_by_the_database(desk: World, upgrade: RequestType) -> None:
    case = desk.register()
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(request_values={"a": 1})


def test_cases_are_found_by_type_and_answer_through_an_index(desk: World, upgrade: RequestType) -> None:
    risky = desk.register(request_type=upgrade, request_values={**KEPT, "risk": "高"})
    desk.register(request_type=upgrade, request_values=KEPT)
    desk.register()
    found = Case.objects.visible_to(desk.agent).of_request(upgrade.pk, {"risk": "高"})
    assert list(found) == [risky]
    assert Case.objects.of_request(upgrade.pk, {"affects": True}).count() == 2
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")
        cursor.execute(
            "EXPLAIN SELECT id FROM cases_case WHERE request_type_id = %s AND request_values @> %s",
            [upgrade.pk, '{"risk": "高"}'],
        )
        plan = " ".join(row[0] for row in cursor.fetchall())
    assert "case_request" in plan


def test_answers_are_columns(desk: World, upgrade: RequestType, django_assert_num_queries: Any) -> None:
    case, other = desk.register(request_type=upgrade, request_values=KEPT), desk.register()
    with django_assert_num_queries(1):
        columns = requesting.request_columns()
    cells = {column.key: column.of(case) for column in columns}
    assert cells == {"version_new": "V6.2", "elements": "12", "window": "2026-12-01", "risk": "中", "affects": "Yes"}
    assert {column.of(other) for column in columns} == {""}
    filters = {field.key: values for field, values in requesting.filterable(upgrade)}
    assert filters == {
        "risk": [("低", "低"), ("中", "中"), ("高", "高")],
        "affects": [("true", "Yes"), ("false", "No")],
    }


# The screens of the administrator ------------------------------------------------------------------------------------
def row(place: int, **changed: Any) -> dict[str, Any]:
    values = {"name": "地址", "name_en": "Site address", "key": "", "kind": "text", "is_active": "on", **changed}
    return {f"fields-{place}-{name}": value for name, value in values.items()}


def written(*rows: dict[str, Any], known: int = 0, **changed: Any) -> dict[str, Any]:
    facts = {"name": "现场支持", "name_en": "On-site support", "materials": "证件", "version": 1, **changed}
    facts |= {"fields-TOTAL_FORMS": len(rows), "fields-INITIAL_FORMS": known}
    for each in rows:
        facts |= each
    return facts


def test_an_administrator_adds_changes_and_retires(desk: World) -> None:
    client = browser(desk.admin)
    answer = client.post(
        "/request-types/new/", written(row(0), row(1, name="等级", name_en="", kind="choice", choices="高\n低"))
    )
    assert answer.status_code == 302, answer.context["form"].errors
    made = RequestType.objects.get()
    assert [field.key for field in made.fields.all()] == ["site_address", "field_1"]
    known = made.fields.get(key="site_address")
    changed = written(row(0, id=known.pk, name="现场地址", required="on"), known=1, name="现场技术支持")
    assert client.post(f"/request-types/{made.pk}/", changed).status_code == 302
    known.refresh_from_db()
    assert (known.name, known.required, known.key) == ("现场地址", True, "site_address")
    assert client.post(f"/request-types/{made.pk}/retire/").status_code == 302
    made.refresh_from_db()
    assert not made.is_active
    assert text_of(client.get("/request-types/")).count("retired") >= 1
    verbs = set(AuditEntry.objects.filter(thing=f"request_type:{made.pk}").values_list("verb", flat=True))
    assert verbs == {"request_type.add", "request_type.edit", "request_type.retire"}


def test_two_administrators_at_once_the_second_is_told(desk: World, upgrade: RequestType) -> None:
    client = browser(desk.admin)
    facts = written(name="版本升级二", version=1)
    assert client.post(f"/request-types/{upgrade.pk}/", facts).status_code == 302
    answer = client.post(f"/request-types/{upgrade.pk}/", {**facts, "name": "版本升级三"})
    assert answer.status_code == 422
    assert "Somebody else has changed this" in text_of(answer)
    assert "版本升级三" in answer.content.decode()


@pytest.mark.parametrize("name", ["agent", "chief", "auditor"])
def test_only_administrators_write(desk: World, upgrade: RequestType, name: str) -> None:
    client = browser(getattr(desk, name))
    assert client.get("/request-types/").status_code == 200
    assert client.get(f"/request-types/{upgrade.pk}/").status_code == 403
    assert client.post("/request-types/new/", written()).status_code == 403
    assert client.post(f"/request-types/{upgrade.pk}/retire/").status_code == 403


@pytest.mark.parametrize(
    ("wrong", "form"),
    [
        ({"name": ""}, "form"),
        ({"name": "长" * 41}, "form"),
        ({"name": "a\x00"}, "form"),
        ({"name": "版本升级"}, "form"),
        ({"report": "novel"}, "form"),
        ({"service_line": "nowhere"}, "form"),
        ({"order": "9" * 30}, "form"),
        ({"order": "-1"}, "form"),
        ({"materials": "长" * 2001}, "form"),
        ({"version": "x"}, "form"),
        ({"fields-0-key": "Größe"}, "rows"),
        ({"fields-0-key": "k" * 31}, "rows"),
        ({"fields-0-kind": "poem"}, "rows"),
        ({"fields-0-kind": "choice"}, "rows"),
        ({"fields-0-lowest": "9" * 40}, "rows"),
        ({"fields-0-lowest": "5", "fields-0-highest": "4"}, "rows"),
        ({"fields-0-order": "99999999999"}, "rows"),
        ({"fields-TOTAL_FORMS": "x"}, "rows"),
        ({"fields-TOTAL_FORMS": "1000000"}, "rows"),
    ],
)
def test_bad_input_is_said_and_never_breaks(
    desk: World, upgrade: RequestType, wrong: dict[str, str], form: str
) -> None:
    answer = browser(desk.admin).post("/request-types/new/", {**written(row(0)), **wrong})
    assert answer.status_code == 422
    assert not answer.context[form].is_valid()
    assert RequestType.objects.count() == 1


def test_two_fields_of_one_key_are_refused_beside_the_second(desk: World) -> None:
    answer = browser(desk.admin).post("/request-types/new/", written(row(0, key="place"), row(1, key="place")))
    assert "Another field has this key" in str(answer.context["rows"].errors[1])


def test_a_field_with_answers_keeps_its_meaning_through_every_door(desk: World, upgrade: RequestType) -> None:
    desk.register(request_type=upgrade, request_values=KEPT)
    field = upgrade.fields.get(key="elements")
    sent = written(row(0, id=field.pk, name="数量", key="elements", kind="text"), known=1, name="版本升级")
    answer = browser(desk.admin).post(f"/request-types/{upgrade.pk}/", sent)
    assert answer.status_code == 422
    assert "has answers already" in str(answer.context["rows"].errors)
    for change in ({"kind": "text"}, {"key": "other"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            RequestField.objects.filter(pk=field.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        field.delete()
    with pytest.raises(ProtectedError):
        upgrade.delete()
    field.is_active = False
    field.save()
    page = text_of(browser(desk.agent).get(Case.objects.get().get_absolute_url()))
    assert "elements 12" in page  # a retired field's answers are still shown


def test_C16_another_type_asks_its_own_fields_and_keeps_what_was_answered(desk: World, upgrade: RequestType) -> None:
    visit = RequestType.objects.create(name="上门巡检", materials="通行证")
    RequestField.objects.create(request_type=visit, key="floor", name="楼层", name_en="Floor", kind="number")
    client = browser(desk.agent)
    client.post("/register/", entry(desk, request_type=upgrade.pk, told_once="on", **answers()))
    case = Case.objects.get()
    clocks = list(case.deadlines.order_by("id").values_list("id", "due_at", "version"))
    url = reverse("case-act", args=[case.number, "retype"])
    shown = text_of(client.get(url, {"request_type": str(visit.pk), "text": "客户改口"}))
    assert "Floor" in shown
    assert "客户改口" in shown
    sent = {"version": case.version, "request_type": visit.pk, "text": "客户改口"}
    asked = client.post(url, sent)  # without a script: the fields of the type come with the first press
    assert asked.status_code == 422
    assert "Floor" in text_of(asked)
    wrong = client.post(url, {**sent, "asked_for": visit.pk, "value_floor": "一楼"})
    assert wrong.status_code == 422
    assert Case.objects.get().request_type == upgrade
    assert client.post(url, {**sent, "asked_for": visit.pk, "value_floor": "12"}).status_code == 302
    case.refresh_from_db()
    assert (case.request_type, case.request_values, case.told_once_at) == (visit, {"floor": 12}, None)
    assert list(case.deadlines.order_by("id").values_list("id", "due_at", "version")) == clocks
    event = case.events.get(type="retyped")
    assert ["字段version_new", "V6.2"] in event.data["kept"] or ["version_new", "V6.2"] in event.data["kept"]
    page = text_of(client.get(case.get_absolute_url()))
    assert "Request type changed from “版本升级” to “上门巡检”" in page
    assert "V6.2" in page
    assert post(client, case, "told_once").status_code == 302
    assert AuditEntry.objects.filter(verb="case.retype", thing=f"case:{case.pk}").count() == 1


def test_C16_another_type_by_REST_and_what_is_refused(desk: World, upgrade: RequestType) -> None:
    case, agent = desk.register(), session(desk.agent)
    url = f"{CASES}{case.number}/retype/"

    def send(**body: Any) -> Any:
        return agent.post(url, body, format="json", headers={"If-Match": "*"})

    lacking = send(request_type=upgrade.pk, text="改为升级")
    assert (lacking.status_code, lacking.json()["errors"][0]["code"]) == (400, "required"), lacking.json()
    assert send(request_type=upgrade.pk, text="改为升级", request_values={"version_new": "V7"}).status_code == 200
    assert send(request_type=upgrade.pk, text="又一次", request_values={"version_new": "V7"}).status_code == 409
    assert send(request_type=upgrade.pk, text="改正", request_values={"version_new": "V8"}).status_code == 200
    for bad in ({"request_type": 2**70}, {"request_type": "x"}, {"request_type": -1}, {"request_values": {"a": "\x00"}},
                {"text": "\x00"}, {"text": ""}, {"request_values": {f"k{n}": 1 for n in range(500)}}):  # fmt: skip
        assert send(**{"request_type": upgrade.pk, "text": "x", "request_values": {}} | bad).status_code in (400, 422)
    assert session(desk.colleague).post(url, {"text": "x"}, format="json", headers={"If-Match": "*"}).status_code == 403
    assert send(text="不再需要").status_code == 200
    case.refresh_from_db()
    assert (case.request_type, case.request_values) == (None, {})


def test_C16_what_was_told_once_goes_with_its_type_and_not_otherwise_by_SQL(desk: World, upgrade: RequestType) -> None:
    client = browser(desk.agent)
    client.post("/register/", entry(desk, request_type=upgrade.pk, told_once="on", **answers()))
    case = Case.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(told_once_at=None, told_once_by=None)
