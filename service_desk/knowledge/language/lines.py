"""Whose words a line is: transcripts and notes name the speaker in front of it."""

from __future__ import annotations

import re
from bisect import bisect_right

from service_desk.knowledge.rules import Speaker

_CUSTOMER = (
    "客户|顾客|客人|来电人|来电者|用户|业主|住户|机主|主叫|来访者|访客|投诉人|投诉者|报修人|患者|家属|对方|市民|"
    "customer|client|caller|guest|user"
)
_AGENT = (
    "客服|坐席|座席|话务员|接线员|工号|前台|服务员|营业员|员工|专员|工程师|值班员|班长|主管|我方|本人|坐席员|"
    "agent|staff|operator|representative|rep|engineer|supervisor"
)
_LABEL = re.compile(
    rf"(?:^|(?<=[\n\r。！？!?”」…；;\]】]))[ \t　]*"
    rf"(?:[\[【(（]?[0-9０-９:：.\-/ ]{{2,20}}[\]】)）]?[ \t　]*)?[\[【(（]?"
    rf"(?:(?P<customer>{_CUSTOMER})|(?P<agent>{_AGENT}))"
    rf"(?:[a-z0-9０-９甲乙一二]{{0,6}}|[（(][^（()）\n]{{1,12}}[)）]|(?:先生|女士|小姐))"
    rf"[\]】)）]?[ \t　]*(?:[\[(（]?[0-9]{{1,2}}[:：][0-9]{{2}}(?:[:：][0-9]{{2}})?[\])）]?[ \t　]*)?[：:]",
    re.IGNORECASE,
)
_LINE_END = re.compile(r"[\n\r\u2028\u2029\x0b\x0c\x85]")


class Roles:
    """The speaker at each place of a text: the label's to the end of its line, else the one that was named to us."""

    def __init__(self, plain: str, speaker: str) -> None:
        self._starts, self._roles, self._bodies = [0], [speaker], [0]
        for found in _LABEL.finditer(plain):
            role = Speaker.CUSTOMER if found["customer"] else Speaker.AGENT
            self._add(found.start(), role, found.end())
            if end := _LINE_END.search(plain, found.end()):
                self._add(end.end(), speaker, end.end())

    def _add(self, start: int, role: str, body: int) -> None:
        if start == self._starts[-1]:
            self._roles[-1], self._bodies[-1] = role, body
            return
        if start < self._starts[-1]:  # a label inside the line of another: the line's end was noted already
            self._starts.pop(), self._roles.pop(), self._bodies.pop()
        self._starts.append(start)
        self._roles.append(role)
        self._bodies.append(body)

    def at(self, place: int) -> str:
        """Whose words stand here."""
        return self._roles[bisect_right(self._starts, place) - 1]

    def body(self, place: int) -> int:
        """Where the words of this speaker begin, behind the label."""
        return self._bodies[bisect_right(self._starts, place) - 1]
