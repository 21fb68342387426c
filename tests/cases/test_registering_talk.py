"""Registering while talking: read-back (C15), drafts, what stands beside the form, like cases, late entry (D7)."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from service_desk.cases.actions.drafting import MOST, NEWEST, sweep_drafts
from service_desk.cases.models import Case, CaseDeadline, RegisterDraft
from service_desk.cases.similar import likeness, pairs
from service_desk.cases.tasks import sweep_register_drafts
from service_desk.customers.models import Contact, Customer, PhoneNumber
from service_desk.deadlines.clock import now
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.rules import Door
from service_desk.notices.models import Notice
from service_desk.people.models import ProductType
from tests.cases.callers import CASES, fields, key
from tests.cases.pages import browser, post, text_of
from tests.cases.registering import entry, errors_of, local
from tests.factories import World, shift_time, world

FACTS = ("phone", "name", "address", "matter")


@pytest.fixture
def desk(db: None) -> World:
    return world()


@pytest.fixture
def agent(desk: World) -> Client:
    return browser(desk.agent)


# C15 -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("fact", FACTS)
def test_C15_a_fact_not_read_back_is_refused_beside_its_tick(desk: World, agent: Client, fact: str) -> None:
    sent = entry(desk)
    del sent[f"read_{fact}"]
    answer = agent.post("/register/", sent)
    assert answer.status_code == 422
    assert set(errors_of(answer)) == {f"read_{fact}"}
    assert not Case.objects.exists()
    agent.post("/register/", {**sent, "read_reason": "   "})
    assert not Case.objects.exists()


def test_C15_what_could_not_be_read_back_is_kept_with_its_reason_and_shown(desk: World, agent: Client) -> None:
    sent = entry(desk, read_reason="客户挂断了电话")
    del sent["read_address"]
    agent.post("/register/", sent)
    case = Case.objects.get()
    ticks = {"phone": True, "name": True, "address": False, "matter": True}
    assert case.read_back == {**ticks, "reason": "客户挂断了电话"}
    for address in (case.get_absolute_url(), f"{case.get_absolute_url()}print/"):
        page = text_of(agent.get(address))
        assert "Phone number, Name, Matter" in page
        assert "Not read back: Address. 客户挂断了电话" in page


def test_C15_a_reason_without_need_is_not_kept(desk: World, agent: Client) -> None:
    agent.post("/register/", entry(desk, read_reason="客户挂断"))
    assert Case.objects.get().read_back == dict.fromkeys(FACTS, True)


@pytest.mark.parametrize("reason", ["长" * 201, "a\x00b"])
def test_C15_a_reason_that_cannot_be_kept_is_said_beside_it(desk: World, agent: Client, reason: str) -> None:
    sent = entry(desk, read_reason=reason)
    del sent["read_name"]
    assert set(errors_of(agent.post("/register/", sent))) == {"read_reason"}


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({}, {f"read_back/{fact}": "required" for fact in FACTS}),
        ({"phone": True, "name": True, "address": True}, {"read_back/matter": "required"}),
        ({"phone": "perhaps"}, {"read_back/phone": "invalid"}),
        ({"strange": True}, {"read_back/strange": "unknown_field"}),
        ({"reason": "长" * 201}, {"read_back/reason": "max_length"}),
        ("yes", {"read_back": "invalid"}),
    ],
)
def test_C15_REST_read_back_is_whole_or_reasoned(desk: World, sent: Any, wrong: dict[str, str]) -> None:
    body = {"customer": desk.customer.pk, "product_type": desk.product.pk, "fault": "断站", "read_back": sent}
    answer = key(desk.agent).post(CASES, body)
    assert answer.status_code == 400
    assert fields(answer) == wrong


def test_C15_software_need_not_read_back_and_the_case_says_so(desk: World, agent: Client) -> None:
    body = {"customer": desk.customer.pk, "product_type": desk.product.pk, "fault": "断站"}
    assert key(desk.agent).post(CASES, body).json()["read_back"] == {}
    assert "not read back" in text_of(agent.get(Case.objects.get().get_absolute_url()))
    reasoned = key(desk.agent).post(CASES, {**body, "read_back": {"phone": True, "reason": "hung up"}})
    assert reasoned.json()["read_back"]["reason"] == "hung up"


def test_C15_what_was_read_back_never_changes_afterwards(desk: World) -> None:
    case = desk.register(read_back=dict.fromkeys(FACTS, True))
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(read_back={})


# Drafts ---------------------------------------------------------------------------------------------------------------
def keep(client: Client, token: uuid.UUID, **typed: str) -> int:
    return client.post("/register/draft/", {"token": str(token), **typed}).status_code


def test_a_draft_comes_back_in_another_browser_and_goes_when_registered(desk: World, agent: Client) -> None:
    sent = entry(desk, fault="断断续续", read_reason="线路不好")
    assert agent.post("/register/draft/", sent).status_code == 204
    elsewhere = browser(desk.agent)
    page = elsewhere.get("/register/")
    html = page.content.decode()
    assert "restored" in text_of(page)
    for name in ("fault", "description", "caller_name", "caller_phone", "read_reason", "token"):
        assert sent[name] in html, name
    assert desk.customer.name in html
    assert page.context["form"]["read_phone"].value() == "on"
    elsewhere.post("/register/", sent)
    assert Case.objects.get().fault == "断断续续"
    assert not RegisterDraft.objects.exists()
    assert "restored" not in text_of(elsewhere.get("/register/"))


def test_a_draft_that_is_saved_after_its_registration_does_not_come_back(desk: World, agent: Client) -> None:
    sent = entry(desk)
    agent.post("/register/", sent)
    assert agent.post("/register/draft/", sent).status_code == 204
    assert not RegisterDraft.objects.exists()


def test_a_draft_is_its_owners_alone(desk: World, agent: Client) -> None:
    token = uuid.uuid4()
    keep(agent, token, fault="只给自己看")
    other = browser(desk.colleague)
    for address in ("/register/", f"/register/?draft={token}", f"{desk.register().get_absolute_url()}do/note/"):
        assert "只给自己看" not in other.get(address, {"draft": str(token)}).content.decode()
    other.post("/register/draft/discard/", {"token": str(token)})
    assert RegisterDraft.objects.filter(user=desk.agent).exists()


def test_a_draft_is_discarded_and_others_are_offered(desk: World, agent: Client) -> None:
    first, second = uuid.uuid4(), uuid.uuid4()
    keep(agent, first, fault="第一个电话")
    keep(agent, second, fault="第二个电话")
    RegisterDraft.objects.filter(token=first).update(saved_at=now() - timedelta(minutes=5))
    page = agent.get("/register/")
    assert page.context["draft"].token == second
    assert [other.token for other in page.context["others"]] == [first]
    assert agent.get(f"/register/?draft={first}").context["draft"].token == first
    assert agent.get("/register/?fresh=1").context["draft"] is None
    answer = agent.post("/register/draft/discard/", {"token": str(second)})
    assert answer["Location"] == "/register/?fresh=1"
    assert RegisterDraft.objects.get(token=second).values == {}
    assert "第二个电话" not in text_of(agent.get("/register/"))
    assert agent.get(f"/register/?draft={second}").context["draft"] is None


def test_a_save_that_was_on_its_way_does_not_bring_a_discarded_draft_back(desk: World, agent: Client) -> None:
    token = uuid.uuid4()
    keep(agent, token, fault="扔掉的电话")
    agent.post("/register/draft/discard/", {"token": str(token)})
    late = agent.post("/register/draft/", {"token": str(token), "fault": "扔掉的电话", "edition": "0"})
    assert (late.status_code, late.json()) == (200, {"edition": 1})
    assert agent.get("/register/").context["draft"] is None
    assert "扔掉的电话" not in text_of(agent.get(f"/register/?draft={token}"))
    assert agent.get(f"/register/?draft={token}").context["edition"] == 1
    assert keep(agent, token, fault="又写起来的", edition="1") == 204  # the page goes on where it was told to
    assert agent.get("/register/").context["draft"].values["fault"] == "又写起来的"


def test_a_draft_is_discarded_before_its_first_save_has_arrived(desk: World, agent: Client) -> None:
    token = uuid.uuid4()
    agent.post("/register/draft/discard/", {"token": str(token)})
    assert keep(agent, token, fault="第一次保存还在路上") == 200
    assert agent.get("/register/").context["draft"] is None


def test_what_became_a_note_does_not_come_back_as_a_draft_and_the_page_goes_on(desk: World, agent: Client) -> None:
    case, token = desk.register(), uuid.uuid4()
    keep(agent, token, fault="又断了")
    post(agent, case, "note", text="又断了", draft=str(token))
    assert keep(agent, token, fault="又断了", caller_name="王") == 200
    assert agent.get("/register/").context["draft"] is None
    assert keep(agent, token, fault="另一个电话", edition="1") == 204
    assert keep(agent, token, fault="", edition="1") == 204
    assert agent.get("/register/").context["draft"] is None


def test_discarded_drafts_are_remembered_within_bounds_and_go_after_a_week(desk: World, agent: Client) -> None:
    kept = uuid.uuid4()
    keep(agent, kept, fault="这一份还在")
    for _ in range(MOST + 2):
        agent.post("/register/draft/discard/", {"token": str(uuid.uuid4())})
    assert agent.get("/register/").context["draft"].token == kept
    RegisterDraft.objects.update(edition=NEWEST)
    agent.post("/register/draft/discard/", {"token": str(kept)})
    RegisterDraft.objects.update(saved_at=now() - timedelta(days=7, minutes=1))
    assert sweep_drafts() == MOST + 3


def test_an_old_draft_is_offered_and_after_a_week_gone(desk: World, agent: Client) -> None:
    token = uuid.uuid4()
    keep(agent, token, fault="昨天的电话")
    RegisterDraft.objects.update(saved_at=now() - timedelta(hours=13))
    page = agent.get("/register/")
    assert page.context["draft"] is None
    assert "昨天的电话" in text_of(page)
    assert sweep_drafts() == 0
    RegisterDraft.objects.update(saved_at=now() - timedelta(days=7, minutes=1))
    assert "昨天的电话" not in text_of(agent.get("/register/"))
    sweep_register_drafts()
    assert not RegisterDraft.objects.exists()


def test_an_emptied_form_keeps_no_draft_and_nobody_keeps_many(desk: World, agent: Client) -> None:
    token = uuid.uuid4()
    keep(agent, token, fault="写了又删")
    keep(agent, token, fault="  ", product_type_text="基站主设备")
    assert not RegisterDraft.objects.exists()
    for _ in range(MOST + 3):
        keep(agent, uuid.uuid4(), fault="一次")
    assert RegisterDraft.objects.count() == MOST


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ({"token": ""}, 422),
        ({"token": "x" * 500}, 422),
        ({"token": str(uuid.uuid4()), "fault": "x", "edition": "-1"}, 422),
        ({"token": str(uuid.uuid4()), "fault": "x", "edition": "9" * 10}, 422),
        ({"token": str(uuid.uuid4()), "edition": "二"}, 422),
        ({"token": str(uuid.uuid4()), "fault": "a\x00b"}, 204),
        ({"token": str(uuid.uuid4()), "fault": "\ud800".encode("utf-8", "surrogatepass")}, 204),
        ({"token": str(uuid.uuid4()), "fault": "好" * 9_000, "customer": "<script>", "severity": "9" * 99}, 204),
        ({"token": str(uuid.uuid4()), **{f"value_{n}": "好" * 9_000 for n in range(15)}, "fault": "x"}, 422),
        ({"token": str(uuid.uuid4()), "fault": "x", "request_type": "1e9", "customer": "-1"}, 204),
    ],
)
def test_bad_input_to_a_draft_never_breaks_nor_does_the_form_that_begins_with_it(
    desk: World, agent: Client, typed: dict[str, Any], status: int
) -> None:
    assert agent.post("/register/draft/", typed).status_code == status
    assert agent.get("/register/").status_code == 200
    for draft in ("", "x", "\x00", "9" * 400, str(uuid.uuid4())):
        assert agent.get("/register/", {"draft": draft}).status_code == 200
        assert agent.post("/register/draft/discard/", {"token": draft}).status_code == 302


def test_who_may_not_register_keeps_no_draft(desk: World) -> None:
    for name in ("auditor", "admin"):
        assert keep(browser(getattr(desk, name)), uuid.uuid4(), fault="x") == 403
    assert Client().post("/register/draft/", {"token": str(uuid.uuid4())}).status_code == 302


def test_the_form_without_a_script_looks_up_what_a_type_asks_and_loses_nothing(desk: World, agent: Client) -> None:
    answer = agent.post("/register/", entry(desk, look_up="1"))
    assert answer.status_code == 200
    assert "值班员说凌晨三点起全站无信号" in answer.content.decode()
    assert not Case.objects.exists()


# Beside the form ------------------------------------------------------------------------------------------------------
def test_open_promises_and_last_contacts_stand_beside_the_form(
    desk: World, agent: Client, django_assert_max_num_queries: Any
) -> None:
    case = desk.register()
    post(agent, case, "promise", text="带备件上门", due_at=local(now() + timedelta(hours=2)))
    post(agent, case, "tell", text="正在定位", channel="phone")
    with django_assert_max_num_queries(12):
        page = text_of(agent.get(f"/register/customers/{desk.customer.pk}/"))
    for words in ("带备件上门", "正在定位", case.number):
        assert words in page
    Case.objects.filter(pk=case.pk).update(confidential=True)
    hidden = text_of(browser(desk.colleague).get(f"/register/customers/{desk.customer.pk}/"))
    for words in ("带备件上门", "正在定位", case.number):
        assert words not in hidden


def test_the_customers_of_a_callers_number_are_offered(desk: World, agent: Client) -> None:
    contact = Contact.objects.create(customer=desk.customer, name="王建国")
    PhoneNumber.objects.create(customer=desk.customer, contact=contact, raw="13800138000")
    other = Customer.objects.create(name="只打过一次电话的公司")
    desk.register()
    Case.objects.update(customer=other, caller_e164="+8613911112222")
    assert desk.customer.name in text_of(agent.post("/register/callers/", {"caller_phone": "+86 138-0013-8000"}))
    assert other.name in text_of(agent.post("/register/callers/", {"caller_phone": "139 1111 2222"}))
    assert "No customer has this number yet" in text_of(
        agent.post("/register/callers/", {"caller_phone": "13722223333"})
    )
    for nonsense in ("", "x", "\x00", "1" * 500, "١٣٨"):
        assert agent.post("/register/callers/", {"caller_phone": nonsense}).status_code == 200
    in_the_address = agent.get("/register/callers/", {"caller_phone": "13800138000"})
    assert in_the_address.status_code == 405, "an address is kept by browsers and proxies"


# Like cases -----------------------------------------------------------------------------------------------------------
def like(client: Client, desk: World, **asked: Any) -> str:
    return text_of(client.get("/register/similar/", {"customer": desk.customer.pk, **asked}))


def test_a_like_case_is_warned_of_with_the_way_to_it(
    desk: World, agent: Client, django_assert_max_num_queries: Any
) -> None:
    power = ProductType.objects.create(name="电源", service_line=desk.line)
    case = desk.register(fault="整站断站")
    with django_assert_max_num_queries(7):  # the person, the session, the clock, and one
        page = like(agent, desk, product_type=desk.product.pk, fault="站点又断站了，整站无信号")
    assert case.number in page
    assert "same product, like words" in page
    assert "Add a note to that one instead" in page
    assert "like words" in like(agent, desk, product_type=power.pk, fault="整站断站")
    assert case.number not in like(agent, desk, product_type=power.pk, fault="计费不对")
    assert case.number not in like(agent, desk, customer=Customer.objects.create(name="别人").pk, fault="整站断站")


def test_an_ended_case_is_warned_of_for_a_week_and_a_confidential_one_never(desk: World, agent: Client) -> None:
    case = desk.register(fault="整站断站")
    post(browser(desk.chief), case, "cancel", text="误报")
    page = like(agent, desk, fault="整站断站")
    assert case.number in page
    assert "Add a note" not in page
    case.refresh_from_db()
    shift_time(case, days=8)
    assert case.number not in like(agent, desk, fault="整站断站")
    secret = desk.register(fault="整站断站")
    Case.objects.filter(pk=secret.pk).update(confidential=True)
    assert secret.number not in like(browser(desk.colleague), desk, fault="整站断站")


def test_a_note_to_the_like_case_takes_along_what_was_typed(desk: World, agent: Client) -> None:
    case, token = desk.register(), uuid.uuid4()
    keep(agent, token, fault="又断了", description="值班员再次来电", caller_name="王建国", caller_phone="13800138000")
    page = agent.get(f"{case.get_absolute_url()}do/note/?draft={token}").content.decode()
    for words in ("又断了", "值班员再次来电", "王建国", "138****8000"):
        assert words in page
    post(agent, case, "note", text="又断了", draft=str(token))
    assert RegisterDraft.objects.get().values == {}
    post(agent, case, "note", text="再一次", draft="nonsense")
    assert case.events.filter(type="note").count() == 2


@pytest.mark.parametrize("wrong", ["", "x", "-1", "9" * 40, "\x00", "1 OR 1=1"])
def test_bad_input_to_the_small_answers_never_breaks(desk: World, agent: Client, wrong: str) -> None:
    asked = {"customer": wrong, "product_type": wrong, "product": wrong, "fault": wrong, "token": wrong}
    asked |= {"severity": wrong, "accepted_at": wrong}
    for address in ("similar", "acceptance", "products", "request"):
        assert agent.get(f"/register/{address}/", asked).status_code == 200, address


def test_likeness_is_a_share_of_the_shorter_fault() -> None:
    assert likeness(pairs("整站断站"), pairs("今天早上整站断站，无信号")) == 1
    assert likeness(pairs("ＵＰＳ告警"), pairs("ups 告警")) == 1
    assert likeness(pairs("电梯异响"), pairs("电梯停运")) == pytest.approx(1 / 3)
    assert likeness(pairs(""), pairs("断站")) == likeness(pairs("。"), pairs("。")) == 0
    assert likeness(pairs("断"), pairs("断")) == 1


# D7 -------------------------------------------------------------------------------------------------------------------
def acceptance(client: Client, desk: World, ago: timedelta, severity: str = "") -> str:
    asked = {"accepted_at": local(now() - ago), "product": str(desk.product.pk), "severity": severity}
    return text_of(client.get("/register/acceptance/", asked))


def test_D7_the_form_says_what_is_gone_of_each_target_before_saving(desk: World, agent: Client) -> None:
    fresh = acceptance(agent, desk, timedelta(minutes=10))
    assert "this is gone of each" in fresh
    assert "First response" in fresh
    late = acceptance(agent, desk, timedelta(hours=2), "critical")
    assert "Entered late: 1 target has passed already" in late
    for kind in ("First response", "Restoration", "Solution", "Emergency process"):
        assert kind in late
    assert "Emergency process" not in acceptance(agent, desk, timedelta(hours=2), "major")
    assert "Entered late: 3 targets" in acceptance(agent, desk, timedelta(hours=5), "critical")
    assert "passed already" not in text_of(agent.get("/register/acceptance/", {"accepted_at": ""}))


def test_D7_late_at_birth_raises_the_latest_due_step_once_marked_so(desk: World, agent: Client) -> None:
    agent.post("/register/", entry(desk, accepted_at=local(now() - timedelta(hours=2))))
    clock = CaseDeadline.objects.get(kind="first_response")
    for _ in range(3):
        sweep(door=Door.SENTINEL)
    told = Notice.objects.filter(about=f"case:{clock.case_id}", kind__startswith="clock_")
    assert {notice.kind for notice in told} == {"clock_escalation"}  # not the warning, not the breach
    assert {notice.facts["entered_late"] for notice in told} == {True}
    assert clock.history.filter(type="fired").count() == 1


def test_a_registration_without_a_request_type_asks_nothing_more_of_the_database(desk: World) -> None:
    client = key(desk.agent)
    body = {"customer": desk.customer.pk, "product_type": desk.product.pk, "fault": "断站"}
    client.post(CASES, body)
    with connection.execute_wrapper(_no_request_tables):
        assert client.post(CASES, body).status_code == 201


def _no_request_tables(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    assert "cases_request" not in sql.replace("cases_case", ""), sql
    assert "cases_registerdraft" not in sql
    return execute(sql, params, many, context)
