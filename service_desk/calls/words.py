"""What to say next on the telephone (K5, T2, T4, T5): approved phrases by situation, with names and time of day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from service_desk.knowledge.models import PhraseVersion
from service_desk.knowledge.rules import PhraseKind

#: How the situation of an approved phrase begins, by what it is needed for; of several the first code counts.
_SITUATIONS = {
    "day": "greeting by time of day",
    "pick_up": "call pick-up with the company's name",
    "late": "pick-up after five rings",
    "offer": "offer of help",
    "hold": "hold: ask consent first",
    "waiting": "hold: report about every 15 seconds",
    "call_back": "long hold",
    "closing": "closing: last sentence of every call",
    "read_back": "read-back of key facts",
    "transfer": "transfer",
    "absent": "person asked for is absent",
}
_COMPANY = re.compile(r"〔[^〕]*(?:公司|中心)[^〕]*〕")
_NOON, _EVENING, _MORNING = 12, 18, 5


@dataclass(frozen=True, slots=True)
class Words:
    """Each is empty while the phrasebook has nothing approved for it."""

    greeting: str = ""
    late: str = ""
    hold: str = ""
    waiting: str = ""
    call_back: str = ""
    closing: str = ""
    transfer: str = ""
    absent: str = ""


def words_for(user: Any, now: datetime) -> Words:
    """The words of one call; one query."""
    rows = (
        PhraseVersion.objects.in_force()
        .filter(phrase__kind=PhraseKind.APPROVED)
        .order_by("phrase__code")
        .values_list("situation", "text")
    )
    return spoken(list(rows), company=settings.COMPANY_NAME, name=str(user), hour=_hour(now))


def spoken(phrases: list[tuple[str, str]], *, company: str, name: str, hour: int) -> Words:
    """The words from `(situation, text)` of what is approved. Pure."""
    found: dict[str, list[str]] = {
        key: [text for situation, text in phrases if situation.startswith(begins)]
        for key, begins in _SITUATIONS.items()
    }

    def first(key: str) -> str:
        return _filled(found[key][0], company) if found[key] else ""

    me = f"我是{name}。"
    return Words(
        greeting=_joined(_of_the_day(found["day"], hour), _with_company(found["pick_up"], company), me, first("offer")),
        late=first("late") and first("late") + me,
        hold=first("hold"),
        waiting=first("waiting"),
        call_back=first("call_back"),
        closing=first("closing"),
        transfer=first("transfer"),
        absent=first("absent"),
    )


def _hour(now: datetime) -> int:
    return now.astimezone(ZoneInfo(settings.TIME_ZONE)).hour


def _of_the_day(greetings: list[str], hour: int) -> str:
    part = "早" if _MORNING <= hour < _NOON else "下午" if _NOON <= hour < _EVENING else "晚"
    return next((text for text in greetings if text.startswith(part)), "")


def _with_company(phrases: list[str], company: str) -> str:
    """A pick-up that names the company; one that names another kind of line is not for every call."""
    named = next((text for text in phrases if "这里是" in text and _COMPANY.search(text)), "")
    return _filled(named, company)


def _joined(of_the_day: str, pick_up: str, me: str, offer: str) -> str:
    """One greeting, not two: the time of day stands in place of a 'hello'."""
    if not pick_up:
        return ""
    opening = f"{of_the_day}，{pick_up.removeprefix('您好，')}" if of_the_day else pick_up
    return f"{opening.rstrip('。')}，{me}{offer}"


def _filled(text: str, company: str) -> str:
    return _COMPANY.sub(company, text)
