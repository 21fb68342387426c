"""What to say next on the telephone (T2, T4, T5): the desk's script by situation, put together for one call (K5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service_desk.knowledge.offers import facts_for, script
from service_desk.knowledge.rules import Situation

_HELLO = "您好，"


@dataclass(frozen=True, slots=True)
class Words:
    """Each is empty while the script has no line for it."""

    greeting: str = ""
    late: str = ""
    hold: str = ""
    waiting: str = ""
    call_back: str = ""
    closing: str = ""
    transfer: str = ""
    absent: str = ""


def words_for(user: Any, line: str | None = None, **known: str) -> Words:
    """The words of one call, names and time of day filled in; `line`: of this service line where it has its own."""
    scenes = script(line, facts_for(user, **known))
    return spoken({scene.code: [line.text for line in scene.lines] for scene in scenes}, name=str(user))


def spoken(lines: Mapping[str, Sequence[str]], *, name: str) -> Words:
    """The words from the lines of each situation. Pure."""

    def first(situation: Situation) -> str:
        return next(iter(lines.get(situation.value, ())), "")

    def last(situation: Situation) -> str:
        return next(reversed(lines.get(situation.value, ())), "")

    me = f"我是{name}。"
    late = first(Situation.LATE_PICK_UP)
    greeting = _greeting(lines.get(Situation.PICK_UP.value, ()))
    return Words(
        greeting=greeting and f"{greeting}，{me}{first(Situation.ASKING)}",
        late=late and late + me,
        hold=first(Situation.WAIT),
        waiting=first(Situation.HOLD),
        call_back=first(Situation.LONG_HOLD),
        closing=last(Situation.CLOSING),
        transfer=first(Situation.TRANSFER),
        absent=first(Situation.ABSENT),
    )


def _greeting(lines: Sequence[str]) -> str:
    """One greeting, not two: the time of day stands in place of a 'hello'."""
    if not lines:
        return ""
    rest = [line.removeprefix(_HELLO) for line in lines[1:]]
    return "，".join(line.strip("，。") for line in (lines[0], *rest))
