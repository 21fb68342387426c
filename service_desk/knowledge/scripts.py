"""Slots of approved phrases and how they are filled, and the time of day of a greeting (K1, K5). Pure.

A slot stands in 〔 〕 as the sources print it. What is not known stays as it is: seen at once, to be typed over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from service_desk.knowledge.rules import DayPart

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
    "××": "customer",
    "某某": "customer",
    "客户姓名": "customer",
    "单号": "number",
    "服务热线": "hotline",
}
_MORNING_ENDS, _AFTERNOON_ENDS = 12, 18


def fill(text: str, facts: Mapping[str, str]) -> str:
    """The phrase with what is known; what a fact holds is plain text and is not looked into again."""
    return _SLOT.sub(lambda found: facts.get(MEANS.get(found[1].strip(), "")) or found[0], text)


def day_part(hour: int) -> DayPart:
    """Morning, afternoon or evening at this hour of the desk's own zone."""
    if hour < _MORNING_ENDS:
        return DayPart.MORNING
    return DayPart.AFTERNOON if hour < _AFTERNOON_ENDS else DayPart.EVENING
