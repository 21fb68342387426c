"""What to say on the telephone: company, name and time of day once each, apology, words on hold, closing (K5)."""

from __future__ import annotations

import pytest

from service_desk.calls.words import Words, spoken, words_for
from service_desk.knowledge.shipped import approve_shipped_drafts, load
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
