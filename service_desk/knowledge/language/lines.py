"""Whose words a line is: transcripts and notes name the speaker in front of it."""

from __future__ import annotations

import re
from bisect import bisect_right

from service_desk.knowledge.rules import Speaker

_CUSTOMER = (
    "客户|顾客|客人|来电人|来电者|用户|业主|住户|机主|主叫|来访者|访客|投诉人|投诉者|报修人|患者|病人|家属|对方|市民|民众|"
    "收件人|寄件人|被保险人|投保人|车主|学生|储户|读者|游客|考生|委托人|当事人|咨询人|咨询者|求助人|报警人|"
    "问|居民|租户|租客|商户|买家|会员|旅客|乘客|家长|学员|群众|反映人|诉求人|来访人|申请人|"
    "customer|client|caller|guest|user|buyer|resident|tenant"
)
_AGENT = (
    "客服|坐席|座席|话务员|接线员|工号|前台|服务员|营业员|员工|专员|工程师|值班员|班长|主管|我方|本人|坐席员|"
    "站长|理赔员|业务员|班主任|老师|调度|司机|快递员|骑手|收费员|管理员|经理|店长|医生|大夫|药师|导诊|助理|"
    "解答|回答|答|管家|物业|保安|柜员|店员|导购|收银员?|卖家|店家|护士|导医|值班|被叫|"
    "agent|staff|operator|representative|rep|engineer|supervisor|support|clerk|cashier"
)
_TIME = r"(?:[\[【(（]?[0-9０-９:：.\-/ ]{2,20}[\]】)）]?[ \t　]*)?"
_NAME = (
    r"(?:[a-z0-9０-９甲乙一二]{0,6}|[（(][^（()）\n]{1,12}[)）]|[小阿][一-鿿]|方|人员|代表|专员|中心|热线|"
    r"[一-鿿]{0,3}(?:先生|女士|小姐|太太|阿姨|大爷|师傅|经理|工)"
    r"|的?(?:留言|原话|原文|来信|来函|评论|评价|差评|自述|口述|录音)(?:内容|原文|原话|如下|文字)?)"
)
_ROLE = rf"(?:(?P<customer{{0}}>{_CUSTOMER})|(?P<agent{{0}}>{_AGENT}))"
#: `客户：`, `[10:21] 客服小陈：`, `A（坐席）：`, `李先生（业主）：`, `【客户】`: where a line or sentence begins.
_LABEL = re.compile(
    rf"(?:^|(?<=[\n\r。！？!?”」…；;\]】]))[ \t　>*#-]*{_TIME}"
    rf"(?:[\[【(（]?(?:[男女老]|[a-z0-9甲乙][ .、]?)?{_ROLE.format(1)}{_NAME}[\]】)）]?[ \t　*]*{_TIME}[：:>]"
    rf"|[\[【]{_ROLE.format(2)}{_NAME}[\]】][：:]?"
    rf"|[a-z0-9一-鿿]{{1,4}}[（(\[【]{_ROLE.format(3)}{_NAME}[)）\]】][ \t　]*[：:])",
    re.IGNORECASE,
)
_LINE_END = re.compile(r"[\n\r\u2028\u2029\x0b\x0c\x85]")


#: A name in front of a line of a dialogue, of somebody whose role the lists do not know.
_UNKNOWN = re.compile(
    r"^[ \t]*(?!备注|注|地址|时间|电话|原因|诉求|结果|处理|要求|摘要|提示|问题|编号|工单)[a-z一-鿿]{1,6}[ ]?[0-9]?"
    r"[：:]",
    re.IGNORECASE | re.MULTILINE,
)
#: Labels that say that two talk and not who: A, 乙, 说话人1, speaker 2.
_LETTER = re.compile(r"^(?:[a-z]|[甲乙男女]|(?:说话人|话者|讲话人|speaker|spk)[ ]?[0-9])[：:]$", re.IGNORECASE)
#: What the desk says and no caller does.
_DESK_TALK = re.compile(
    r"这里是|很?高兴为您|为您(?:服务|查询|登记|办理|转接|处理)|有什么(?:可以)?帮|请您?稍[等候]|感谢您|祝您"
    r"|请问您?(?:贵姓|怎么称呼|有什么|还有)"
    r"|工号|帮您|您的?(?:姓名|地址|电话|号码|户号|身份证)|(?:地址|电话|户号|姓名)(?:报|说|留)一?下|您别急"
    r"|给您(?:带来|添|安排|登记)|how (?:may|can) i help",
    re.IGNORECASE,
)


class Roles:
    """The speaker at each place of a text: the label's to the end of its line, else the one that was named to us."""

    def __init__(self, plain: str, speaker: str, *, dialogue: bool = False) -> None:
        self._starts, self._roles, self._bodies = [0], [speaker], [0]
        for start, end, role in self._labels(plain, dialogue):
            self._add(start, role, end)
            if line_end := _LINE_END.search(plain, end):
                self._add(line_end.end(), speaker, line_end.end())

    @staticmethod
    def _labels(plain: str, dialogue: bool) -> list[tuple[int, int, str]]:
        """Start, end and role of each label; in a dialogue of two, the one whom we do not know is the other side."""
        found = []
        for label in _LABEL.finditer(plain):
            is_customer = (label.lastgroup or "").startswith("customer")
            found.append((label.start(), label.end(), str(Speaker.CUSTOMER if is_customer else Speaker.AGENT)))
        roles = {role for _start, _end, role in found}
        if not roles:
            return _two_sides(plain, dialogue)
        if dialogue and len(roles) == 1:
            other = str(Speaker.AGENT if Speaker.CUSTOMER in roles else Speaker.CUSTOMER)
            known = {start for start, _end, _role in found}
            unknown = [m for m in _UNKNOWN.finditer(plain) if m.start() not in known]
            if len({m.group().strip() for m in unknown}) == 1:
                found += [(m.start(), m.end(), other) for m in unknown]
        return sorted(found)

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


def _two_sides(plain: str, dialogue: bool) -> list[tuple[int, int, str]]:
    """The lines of two whom nobody names, where one of them alone talks as a desk does."""
    labels = [m for m in _UNKNOWN.finditer(plain) if dialogue or _LETTER.match(m.group().strip())]
    names = dict.fromkeys(m.group().strip() for m in labels)
    if len(names) != 2 or len(labels) < 2:
        return []
    ends = [*(m.start() for m in labels[1:]), len(plain)]
    desk = {m.group().strip() for m, end in zip(labels, ends, strict=True) if _DESK_TALK.search(plain, m.end(), end)}
    if len(desk) != 1:
        return []
    sides = {name: str(Speaker.AGENT if name in desk else Speaker.CUSTOMER) for name in names}
    return [(m.start(), m.end(), sides[m.group().strip()]) for m in labels]
