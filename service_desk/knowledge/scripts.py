"""Slots of approved phrases and how they are filled, and the time of day of a greeting (K1, K5). Pure.

A slot stands in 〔 〕 as the sources print it. What is not known stays as it is: seen at once, to be typed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from service_desk.knowledge.rules import DayPart, Situation

_SLOT = re.compile(r"〔([^〔〕\n]{1,40})〕")
#: What a slot asks for, by the words that the sources and the house put into it.
MEANS: Mapping[str, str] = {
    "公司名称": "company",
    "XX公司": "company",
    "××公司": "company",
    "一站式服务中心": "company",
    "山东黄河口大闸蟹有限公司": "company",
    "坐席姓名": "agent",
    "经办人": "agent",
    "客户姓名": "customer",
    "单号": "number",
    "服务热线": "hotline",
}
#: What is said in each situation unless the desk has said otherwise: situation, part of the day, code of the phrase.
SHIPPED = (
    (Situation.PICK_UP, DayPart.MORNING, "A03"),
    (Situation.PICK_UP, DayPart.AFTERNOON, "A04"),
    (Situation.PICK_UP, DayPart.EVENING, "A05"),
    (Situation.PICK_UP, "", "A09"),
    (Situation.LATE_PICK_UP, "", "A51"),
    (Situation.ASKING, "", "A11"),
    (Situation.ASKING, "", "A32"),
    (Situation.READ_BACK, "", "A55"),
    (Situation.WAIT, "", "A52"),
    (Situation.HOLD, "", "A53"),
    (Situation.LONG_HOLD, "", "A54"),
    (Situation.APOLOGY, "", "A20"),
    (Situation.APOLOGY, "", "A23"),
    (Situation.UPSET, "", "A33"),
    (Situation.UPSET, "", "A34"),
    (Situation.UNKNOWN, "", "A58"),
    (Situation.TRANSFER, "", "A56"),
    (Situation.ABSENT, "", "A57"),
    (Situation.THANKS, "", "A26"),
    (Situation.CLOSING, "", "A38"),
    (Situation.CLOSING, "", "A36"),
)
_MORNING_ENDS, _AFTERNOON_ENDS = 12, 18


def fill(text: str, facts: Mapping[str, str]) -> str:
    """The phrase with what is known; what a fact holds is plain text and is not looked into again."""
    return _SLOT.sub(lambda found: facts.get(MEANS.get(found[1].strip(), "")) or found[0], text)


def open_slots(facts: Mapping[str, str]) -> str:
    """As JSON, for a form whose text boxes know more than the list of phrases: the words of each slot, and its fact."""
    return json.dumps({word: facts[name] for word, name in MEANS.items() if facts.get(name)}, ensure_ascii=False)


def day_part(hour: int) -> DayPart:
    """Morning, afternoon or evening at this hour of the desk's own zone."""
    if hour < _MORNING_ENDS:
        return DayPart.MORNING
    return DayPart.AFTERNOON if hour < _AFTERNOON_ENDS else DayPart.EVENING
