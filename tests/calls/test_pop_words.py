"""What to say on the telephone: company, name and time of day once each, apology, words on hold, closing (K5)."""

from __future__ import annotations

from uuid import uuid4

import pytest

from service_desk.calls.screen import words_of
from service_desk.calls.words import Words, spoken, words_for
from service_desk.customers.models import InstalledProduct, PhoneNumber
from service_desk.knowledge.actions import approve, draft
from service_desk.knowledge.actions.scripting import add_line
from service_desk.knowledge.rules import Situation
from service_desk.knowledge.shipped import approve_shipped_drafts, load
from service_desk.people.models import ProductType, ServiceLine
from service_desk.telephony.actions import begin_call
from tests.cases.pages import browser, text_of
from tests.factories import world

LINES = {
    "pick_up": ["早上好", "您好，这里是华信通服"],
    "late_pick_up": ["抱歉让您久等了，您好，这里是华信通服。"],
    "asking": ["我能为您做什么吗？", "请您再说一遍"],
    "hold": ["感谢您的等待，还在为您查询。"],
    "closing": ["您若有什么问题，请拨打4008001234", "谢谢您的来电"],
}


def test_K1_the_greeting_names_time_of_day_company_and_agent_once() -> None:
    words = spoken(LINES, name="陈静")
    assert words.greeting == "早上好，这里是华信通服，我是陈静。我能为您做什么吗？"
    assert words.late == "抱歉让您久等了，您好，这里是华信通服。我是陈静。"
    assert words.waiting == "感谢您的等待，还在为您查询。"
    assert words.closing == "谢谢您的来电"


def test_without_a_script_nothing_is_made_up() -> None:
    assert spoken({}, name="陈静") == Words()


@pytest.mark.django_db
def test_K5_the_shipped_script_has_words_for_every_step_of_a_call() -> None:
    load()
    company = world()
    approve_shipped_drafts(actor=company.chief)
    words = words_for(company.agent)
    for name in Words.__dataclass_fields__:
        assert getattr(words, name), name
    assert "我是员工agent" in words.greeting


@pytest.mark.django_db
def test_K5_a_call_is_led_by_the_script_of_the_service_line_that_the_caller_has_to_do_with() -> None:
    load()
    company = world()
    approve_shipped_drafts(actor=company.chief)
    add_line(actor=company.chief, situation=Situation.WAIT, code="A53", service_line=company.line)
    PhoneNumber.objects.create(customer=company.customer, raw="013865479012", e164="+8613865479012")
    call = begin_call(actor=company.agent, number="013865479012", token=uuid4(), answered=True)
    general = words_of(call, company.agent).hold
    InstalledProduct.objects.create(customer=company.customer, product_type=company.product)
    led = words_of(call, company.agent).hold
    assert (general, led) == (words_for(company.agent).hold, words_for(company.agent, company.line.pk).hold)
    assert general != led
    lift = ProductType.objects.create(
        name="电梯", service_line=ServiceLine.objects.create(code="property", name="物业", name_en="Property")
    )
    InstalledProduct.objects.create(customer=company.customer, product_type=lift)
    assert words_of(call, company.agent).hold == general  # of two lines, nobody knows which one it is


@pytest.mark.django_db
def test_K5_the_callers_name_is_filled_in_and_the_script_stands_on_every_screen_of_a_call() -> None:
    company = world()
    content = {"situation": "hold"}
    version = draft(actor=company.agent, code="N1", kind="approved", text="〔客户姓名〕，请稍等", content=content)
    approve(actor=company.chief, versions=[version])
    add_line(actor=company.chief, situation=Situation.WAIT, code="N1")
    person = company.customer.contacts.create(name="王女士")
    person.numbers.create(customer=company.customer, raw="013865479013", e164="+8613865479013")
    call = begin_call(actor=company.agent, number="013865479013", token=uuid4(), answered=True)
    assert words_of(call, company.agent).hold == "王女士，请稍等"
    client = browser(company.agent)
    for place in (f"/calls/{call.ref}/", "/complaints/new/", "/register/"):
        assert "What to say" in text_of(client.get(place)), place
    asked = {"name": " 王女士 ", "about_product": str(company.product.pk)}  # as the form of a complaint has it
    assert "王女士，请稍等" in text_of(client.post("/phrasebook/script/", asked))
