"""Complaints on the screen: accepted by anybody, listed for their circle alone, every verb a dialog (P1-P11)."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from service_desk.audit.models import AuditEntry
from service_desk.calls.models import CallSettlement
from service_desk.cases.models import CaseEvent
from service_desk.complaints.circle import hearer_of
from service_desk.complaints.deeds import DEEDS
from service_desk.complaints.models import Complaint
from service_desk.complaints.rules import FiveClear
from service_desk.customers.models import InstalledProduct
from service_desk.deadlines.clock import now
from service_desk.people.models import ProductType, ServiceLine
from service_desk.people.rules import Role
from service_desk.telephony.actions import begin_call
from tests.cases.pages import HTMX, browser, text_of
from tests.complaints.making import PHONE, SECRET, WHO, complaint, decided, desk, fill
from tests.factories import staff

pytestmark = pytest.mark.django_db


def form(**given: Any) -> dict[str, Any]:
    """What the screen sends."""
    return {
        "token": str(uuid.uuid4()),
        "channel": "phone",
        "customer_text": "",
        "name": WHO,
        "phone": PHONE,
        "address": "",
        "anonymous_reason": "",
        "matter": "热线员态度恶劣",
        "description": "两次挂断电话",
        "wanted": "当面道歉",
        "level": "ordinary",
        "accepted_at": "",
        "next_reply_at": "",
        **given,
    }


def act(client: Client, made: Complaint, verb: str, **answers: Any) -> Any:
    """Send a verb's form as somebody does who has just opened it."""
    made.case.refresh_from_db()
    seen = CaseEvent.objects.filter(case=made.pk).order_by("pk").values_list("pk", flat=True).last() or 0
    data = {"version": made.case.version, "seen": seen, **answers}
    return client.post(f"/complaints/{made.number}/do/{verb}/", data)


def test_P1_anybody_accepts_a_complaint_on_one_screen() -> None:
    here = desk()
    for person in (here.agent, here.engineer, here.auditor, here.admin):
        client = browser(person)
        page = client.get("/complaints/new/")
        assert page.status_code == 200
        answer = client.post("/complaints/new/", form(about_service=here.line.pk, matter=f"事项 {person.pk}"))
        assert answer.status_code == 302, text_of(answer)
        made = Complaint.objects.get(case__fault=f"事项 {person.pk}")
        assert answer["Location"] == made.case.get_absolute_url()
        assert made.case.first_responder == person
        assert client.get(answer["Location"]).status_code == 200


def test_P1_the_screen_begins_from_a_case_and_from_a_customer() -> None:
    here = desk()
    case = here.register(caller_name="王经理", caller_phone=PHONE)
    page = browser(here.agent).get(f"/complaints/new/?case={case.number}").content.decode()
    assert case.number in page
    assert f'value="{case.pk}"' in page
    assert here.customer.name in page
    assert "王经理" in page
    page = browser(here.agent).get(f"/complaints/new/?customer={here.customer.pk}").content.decode()
    assert here.customer.name in page


def test_T7_a_complaint_from_a_call_begins_with_its_number_and_registers_it() -> None:
    here = desk()
    call = begin_call(actor=here.agent, number=PHONE, token=uuid.uuid4(), answered=True)
    client = browser(here.agent)
    page = client.get(f"/complaints/new/?call={call.ref}")
    first = page.context["form"].initial
    assert PHONE in page.content.decode()
    sent = form(token=str(first["token"]), call=call.ref, about_service=here.line.pk)
    assert client.post("/complaints/new/", sent).status_code == 302
    made = Complaint.objects.get()
    assert made.call == call
    assert CallSettlement.objects.standing().get().case == made.case
    assert client.post("/complaints/new/", sent)["Location"] == made.case.get_absolute_url()
    assert browser(here.colleague).get(f"/complaints/new/?call={call.ref}").context["form"].initial.get("call") is None


def test_P7_a_call_whose_complaint_its_receiver_may_not_see_is_not_registered_by_them_with_it() -> None:
    here = desk()
    call = begin_call(actor=here.agent, number=PHONE, token=uuid.uuid4(), answered=True)
    client = browser(here.agent)
    token = client.get(f"/complaints/new/?call={call.ref}").context["form"].initial["token"]
    about = {"about_staff": here.agent.pk, "about_staff_text": str(here.agent)}
    assert client.post("/complaints/new/", form(token=str(token), call=call.ref, **about)).status_code == 302
    assert Complaint.objects.get().about_staff == here.agent
    assert not CallSettlement.objects.exists()
    client.get("/complaints/")  # says its number once, for the complainant
    assert Complaint.objects.get().number not in client.get(f"/calls/{call.ref}/").content.decode()


def test_P1_what_is_missing_stands_beside_its_field_and_nothing_typed_is_lost() -> None:
    here = desk()
    client = browser(here.agent)
    answer = client.post("/complaints/new/", form(level="", wanted="", name="", phone=""))
    assert answer.status_code == 422
    words = text_of(answer)
    assert "Say what it is about" in words
    assert "Ask what would put it right" in words
    assert "Choose the level" in words
    assert "or say why there is none" in words  # in the first round already
    assert "两次挂断电话" in answer.content.decode()
    assert Complaint.objects.count() == 0
    answer = client.post("/complaints/new/", form(about_service=here.line.pk, channel="12315"))
    assert "Give the number under which the regulator keeps it." in text_of(answer)
    assert answer.status_code == 422
    needed = answer.content.decode().partition('id="id_regulator_number_field"')[2].partition("</label>")[0]
    assert "optional" not in needed


def test_P3_a_complaint_about_a_person_alone_gets_the_clocks_of_the_customers_own_line() -> None:
    here = desk()
    line = ServiceLine.objects.create(code="zz", name="电梯维保")
    InstalledProduct.objects.create(customer=here.customer, product_type=ProductType.objects.create(
        name="客梯", service_line=line))  # fmt: skip
    assert complaint(here).case.service_line == line
    here.colleague.qualifications.all().delete()
    assert complaint(here, customer=None).case.service_line == ServiceLine.objects.earliest("pk")
    here.colleague.qualifications.create(product_type=line.products.get(name="客梯"))
    assert complaint(here, customer=None).case.service_line == line
    assert complaint(here, about_product=here.product).case.service_line == here.line


def test_P1_the_same_form_twice_makes_one_complaint() -> None:
    here = desk()
    client, sent = browser(here.agent), form(about_unit_text=here.unit.name)
    first, second = client.post("/complaints/new/", sent), client.post("/complaints/new/", sent)
    assert first["Location"] == second["Location"]
    assert Complaint.objects.count() == 1
    assert Complaint.objects.get().about_unit == here.unit


def test_P7_who_accepts_a_complaint_about_themself_sees_no_more_of_it() -> None:
    here = desk()
    client = browser(here.agent)
    answer = client.post("/complaints/new/", form(about_staff=here.agent.pk, about_staff_text=str(here.agent)))
    assert answer["Location"] == "/complaints/"
    page = client.get("/complaints/")
    assert "It concerns you" in text_of(page)
    made = Complaint.objects.get()
    assert made.number not in text_of(client.get("/complaints/"))  # nor in what remains
    assert client.get(made.case.get_absolute_url()).status_code == 404


def test_P6_the_list_shows_the_circle_alone_and_its_filters_stand_in_the_address() -> None:
    here = desk()
    mine, other = complaint(here), complaint(here, here.engineer, level="serious", about_unit=here.unit)
    client = browser(here.agent)
    words = text_of(client.get("/complaints/"))
    assert mine.number in words
    assert other.number not in words
    for query in ("level=ordinary", "stage=complaint", "channel=phone", "state=open", "mine=on"):
        assert mine.number in text_of(client.get(f"/complaints/?{query}")), query
    for query in ("level=serious", "stage=appeal", "channel=letter", "state=closed", f"unit={here.unit.parent_id}"):
        assert mine.number not in text_of(client.get(f"/complaints/?{query}")), query
    unit = browser(here.engineer).get(f"/complaints/?unit={here.unit.pk}")
    assert other.number in text_of(unit)
    wrong = client.get("/complaints/?level=%00&stage=x&unit=abc&after=forged")
    assert wrong.status_code == 200


def test_P6_outsiders_get_404_alike_for_a_hidden_and_a_missing_complaint() -> None:
    here = desk()
    made = complaint(here)
    for person in (here.colleague, here.chief, here.admin, here.auditor, staff("new", Role.SUPERVISOR)):
        client = browser(person)
        for page in ("record/", "record/pdf/", "record/full/", "reveal/", "do/decide/", "do/call_in/"):
            hidden = client.get(f"/complaints/{made.number}/{page}")
            missing = client.get(f"/complaints/CMP-20200101-0001/{page}")
            assert hidden.status_code == missing.status_code == 404, (person, page)
            assert SECRET not in hidden.content.decode()
        assert client.post(f"/complaints/{made.number}/do/clear/", {}).status_code == 404


def test_P2_the_five_clears_are_written_on_the_page_and_closing_names_the_empty_ones() -> None:
    here = desk()
    made = complaint(here)
    client = browser(here.agent)
    page = client.get(made.case.get_absolute_url())
    assert "5 still empty" in text_of(page)
    assert f"/complaints/{made.number}/do/clear/?clear=ask" in page.content.decode()
    dialog = client.get(f"/complaints/{made.number}/do/clear/?clear=ask", headers=HTMX)
    assert re.search(r'value="ask"[^>]*checked', dialog.content.decode())
    for clear in FiveClear:
        if clear != FiveClear.REPLY:
            assert act(client, made, "clear", clear=clear, text=f"做了 {clear}").status_code == 302
    assert "1 still empty" in text_of(client.get(made.case.get_absolute_url()))
    decided(made, made.instances.get().owner)
    for verb, answers in (
        ("start", {}),
        ("resolve", {"outcome": "已道歉"}),
        ("reply", {"reply": "已回复客户", "channel": "phone"}),
    ):
        made.case.refresh_from_db()
        client.post(f"/cases/{made.number}/do/{verb}/", {"version": made.case.version, **answers})
    made.case.refresh_from_db()
    shut = client.post(f"/cases/{made.number}/do/close/", {"version": made.case.version})
    assert "Replied clearly" in text_of(shut)
    made.case.refresh_from_db()
    assert made.case.state == "replied"


def test_P5_escalation_offers_only_those_who_may_hear_it() -> None:
    here = desk()
    made = complaint(here, about_unit=here.unit)
    lead = browser(here.agent)
    decided(made, here.agent)
    assert act(lead, made, "satisfaction", satisfied="no", text="不接受，没有诚意").status_code == 302
    page = lead.get(f"/complaints/{made.number}/do/escalate/", headers=HTMX).content.decode()
    assert "Escalate" in page
    assert f'<option value="{here.agent.pk}"' not in page
    assert f'<option value="{hearer_of(made, "escalated")}" selected' in page  # the nearest who may, not the highest
    answer = act(lead, made, "escalate", owner=here.agent.pk, text="客户不满意")
    assert answer.status_code == 422
    answer = act(lead, made, "escalate", owner=here.head.pk, text="客户不满意")
    assert answer.status_code == 302, text_of(answer)
    made.refresh_from_db()
    assert made.stage == "escalated"
    words = text_of(browser(here.head).get(made.case.get_absolute_url()))
    assert "Escalated complaint" in words
    assert "录音证实" in words  # the first instance stays readable


def test_P5_a_decision_stands_and_its_reply_goes_through_the_language_check() -> None:
    here = desk()
    made = complaint(here, about_unit=here.unit)
    client = browser(here.agent)
    answers = {"finding": "partly", "reasons": "部分属实", "remedy": "重新上门", "channel": "phone"}
    empty = act(client, made, "decide", **answers | {"reasons": ""}, reply="")
    assert empty.status_code == 422
    assert "部分属实" not in CaseEvent.objects.filter(case=made.pk).values_list("text", flat=True)
    done = act(client, made, "decide", **answers, reply="已向您说明结果并致歉")
    assert done.status_code == 302, text_of(done)
    assert "Partly substantiated" in text_of(client.get(made.case.get_absolute_url()))
    again = act(client, made, "decide", **answers, reply="换一个决定")
    assert again.status_code == 409


def test_the_decision_is_not_written_twice() -> None:
    here = desk()
    made = complaint(here, about_unit=here.unit)
    decided(made, here.agent)
    client = browser(here.agent)
    made.case.refresh_from_db()
    client.post(f"/cases/{made.number}/do/start/", {"version": made.case.version})
    assert "当面道歉并补偿" in client.get(f"/cases/{made.number}/do/resolve/").content.decode()
    made.case.refresh_from_db()
    client.post(f"/cases/{made.number}/do/resolve/", {"version": made.case.version, "outcome": "当面道歉并补偿"})
    assert "已向客户说明处理结果" in client.get(f"/cases/{made.number}/do/reply/").content.decode()
    assert "当面道歉并补偿" not in client.get(f"/cases/{made.number}/do/note/").content.decode()


def test_P10_a_corrective_action_has_owner_and_date_on_the_page() -> None:
    here = desk()
    made = complaint(here, about_unit=here.unit)
    client = browser(here.agent)
    assert act(client, made, "correct", text="培训", owner=here.engineer.pk, due_at="23:59").status_code in (409, 422)
    decided(made, here.agent)
    due = timezone.localtime(now() + timedelta(days=3)).strftime("%Y-%m-%d %H:%M")
    answer = act(client, made, "correct", text="全组培训挂断规则", owner=here.engineer.pk, due_at=due)
    assert answer.status_code == 302, text_of(answer)
    owner = browser(here.engineer)
    page = owner.get(made.case.get_absolute_url())
    assert "全组培训挂断规则" in text_of(page)
    action = made.corrective_actions.get()
    assert act(owner, made, "finish", action=action.pk, text="已培训十二人").status_code == 302
    action.refresh_from_db()
    assert action.done_by == here.engineer


def test_P6_who_joins_the_circle_is_recorded_and_who_it_is_about_cannot_join() -> None:
    here = desk()
    made = complaint(here)
    client = browser(here.agent)
    refused = act(client, made, "call_in", staff=here.colleague.pk, text="了解情况")
    assert refused.status_code == 422
    assert "must not know" in text_of(refused)
    assert act(client, made, "call_in", staff=here.gm_marketing.pk, text="需要总经理批准补偿").status_code in (302, 422)
    free = staff("free", Role.QUALITY_INSPECTOR)
    assert act(client, made, "call_in", staff=free.pk, text="听录音").status_code == 302
    words = text_of(client.get(made.case.get_absolute_url()))
    assert "听录音" in words
    assert browser(free).get(made.case.get_absolute_url()).status_code == 200
    assert AuditEntry.objects.filter(verb="complaint.join", thing=f"case:{made.pk}").exists()
    assert act(client, made, "let_go", staff=free.pk, text="听完了").status_code == 302
    assert browser(free).get(made.case.get_absolute_url()).status_code == 404


def test_P6_numbers_are_masked_and_shown_for_a_recorded_reason_alone() -> None:
    here = desk()
    made = complaint(here)
    client = browser(here.agent)
    page = client.get(made.case.get_absolute_url()).content.decode()
    assert PHONE not in page
    assert "福中三路一号" not in page
    assert "138****8000" in page
    assert client.post(f"/complaints/{made.number}/reveal/", {"reason": ""}).status_code == 422
    shown = client.post(f"/complaints/{made.number}/reveal/", {"reason": "预约上门时间"})
    assert PHONE in text_of(shown)
    entry = AuditEntry.objects.get(verb="complaint.reveal")
    assert entry.detail["reason"] == "预约上门时间"


def test_P4_a_level_is_raised_from_the_page_and_never_lowered() -> None:
    here = desk()
    made = complaint(here, level="serious")
    client = browser(here.agent)
    assert 'value="ordinary"' not in client.get(f"/complaints/{made.number}/do/level/").content.decode()
    assert act(client, made, "level", level="ordinary", text="没那么严重").status_code == 422
    assert act(client, made, "level", level="major", text="涉及人身安全").status_code == 302
    made.refresh_from_db()
    assert made.case.level == "major"


def test_P11_a_suggestion_goes_to_its_unit_and_its_answer_back() -> None:
    here = desk()
    made = complaint(here, about_product=here.product)
    client = browser(here.agent)
    due = timezone.localtime(now() + timedelta(days=2)).strftime("%Y-%m-%d %H:%M")
    answer = act(client, made, "suggest", unit=here.unit.pk, text="挂机前先道别", due_at=due)
    assert answer.status_code == 302, text_of(answer)
    found = made.case.suggestions.get()
    chief = browser(here.chief)
    assert "挂机前先道别" in text_of(chief.get("/suggestions/"))
    page = chief.get(f"/suggestions/{found.pk}/")
    assert made.number not in page.content.decode()
    assert chief.post(f"/suggestions/{found.pk}/", {"text": "已写入规范"}).status_code == 302
    assert browser(here.engineer).get(f"/suggestions/{found.pk}/").status_code == 404
    assert client.post(f"/suggestions/{found.pk}/", {"text": "已电话告知客户"}).status_code == 302
    found.refresh_from_db()
    assert found.returned_by == here.agent


def test_P10_praise_is_written_down_but_nobodys_own() -> None:
    here = desk()
    assert browser(here.agent).get("/complaints/praise/").status_code == 403
    client = browser(here.chief)
    own = client.post("/complaints/praise/", {"staff": here.chief.pk, "text": "客户表扬我"})
    assert own.status_code == 422
    assert client.post("/complaints/praise/", {"staff": here.engineer.pk, "text": "半小时修好"}).status_code == 302


@pytest.mark.parametrize(
    "bad",
    [
        {"matter": "a\x00b"},
        {"name": "\ud800"},
        {"customer": "9" * 40},
        {"about_case": "99999999999999999999"},
        {"about_staff": "-1", "about_staff_text": "nobody"},
        {"about_service": "abc"},
        {"level": "fatal"},
        {"channel": "pigeon"},
        {"token": "x"},
        {"accepted_at": "9999-99-99 99:99"},
        {"next_reply_at": "yesterday"},
        {"regulator_due_at": "2026-13-01 00:00"},
        {"call": "'; drop table"},
        {"phone": "1" * 500},
    ],
    ids=lambda bad: next(iter(bad)),
)
def test_bad_input_is_never_a_500(bad: dict[str, str]) -> None:
    here = desk()
    client = browser(here.agent)
    client.raise_request_exception = False
    sent = form(about_service=here.line.pk) | bad
    body = "&".join(f"{name}={_quoted(str(value))}" for name, value in sent.items())
    answer = client.post("/complaints/new/", body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code in (302, 400, 422), answer.status_code


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


def test_every_verb_bears_nonsense() -> None:
    here = desk()
    made = complaint(here, about_unit=here.unit)
    fill(made, here.agent)
    client = browser(here.agent)
    client.raise_request_exception = False
    for verb in DEEDS:
        for nonsense in ({}, {"version": "x", "text": "\x00"}, {"version": 2**40, "owner": "9" * 30, "staff": "-5"}):
            answer = client.post(f"/complaints/{made.number}/do/{verb}/", nonsense)
            assert answer.status_code in (403, 409, 412, 422), (verb, nonsense, answer.status_code)
        assert client.get(f"/complaints/{made.number}/do/{verb}/").status_code == 200
    assert client.get(f"/complaints/{made.number}/do/fly/").status_code == 404


def test_the_type_aheads_offer_what_the_person_may_see() -> None:
    here = desk()
    case = here.register()
    hidden = complaint(here)
    client = browser(here.colleague)
    found = client.get("/complaints/suggest/cases/", {"q": case.number}).json()["results"]
    assert [one["label"] for one in found] == [case.number]
    assert client.get("/complaints/suggest/cases/", {"q": hidden.number}).json()["results"] == []
    assert client.get("/complaints/suggest/cases/", {"q": "", "customer": str(here.customer.pk)}).json()["results"]
    assert client.get("/complaints/suggest/units/").json()["results"]
    assert client.get("/complaints/suggest/products/", {"q": "\x00"}).json()["results"]
    people = client.get("/complaints/suggest/customers/", {"q": here.customer.name[:3]}).json()["results"]
    assert people[0]["label"] == here.customer.name


def test_the_pages_of_complaints_cost_a_bounded_number_of_queries(django_assert_max_num_queries: Any) -> None:
    here = desk()
    made = complaint(here)
    for _more in range(5):
        complaint(here, matter="又一件")
    fill(made, here.agent)
    client = browser(here.agent)
    with django_assert_max_num_queries(12):
        client.get("/complaints/")
    with django_assert_max_num_queries(25):
        client.get(made.case.get_absolute_url())
