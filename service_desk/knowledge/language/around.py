"""What stands around a hit: sentence and clause, the words of the tokeniser, quotation marks, reports and rules.

All of it reads the text in simplified characters and usual width, one for one with the original.
"""

from __future__ import annotations

import re

import rjieba

from service_desk.knowledge.language.mentions import (
    ASKED_ABOUT_RULES,
    IS_NONE,
    MENTIONED,
    NAMED_SO,
    NOT_TO_BE_TAKEN,
    OPTION,
    STAFF,
    STAFF_SAID,
    WHO,
)

_SENTENCE_END = re.compile(r"[。！？!?\n\r\u2028\u2029\x0b\x0c\x85]")
_CLAUSE_END = re.compile(r"[。！？!?\n\r，,；;：:“”\"「」『』《》（）()…、\u2028\u2029]")
_REACH = 160  # no sentence is read further than this
_AROUND = 24  # characters that the tokeniser sees on either side

_QUOTES = {"“": "”", "「": "」", "『": "』", "‘": "’", "《": "》", "〈": "〉", '"': '"', "'": "'"}
_CLOSING = {v: k for k, v in _QUOTES.items()}

_SAY = (
    "反复说|一直说|又说|还说|总说|表示|说|称|声称|自称|骂|反映|投诉|反馈|抱怨|质疑|质问|询问|咨询|追问|问道|问|喊|嚷|吼|叫|讲|诉称|诉|"
    "提到|提出|指出|指责|埋怨|告知|告诉|回答|回复|答复|答|描述|转述|复述|强调|觉得|认为|以为|嘲笑|讽刺|辱骂|侮辱|羞辱|歧视|"
    "所述|所称|所说|所言|自嘲|调侃|开玩笑|来电|来函|留言|评价|写道|要求|催促|怀疑|想知道|想问|嘟囔|嘀咕|大骂|破口大骂|说道|称呼|口述|陈述|举报"
)
_REPORT = re.compile(
    rf"(?<![跟对和向给回问替帮同与诉叫让])(?:{WHO})[^。！？!?\n“”「」，,；;]{{0,12}}?(?:{_SAY})(?!的|也没|没用|没有用|都没用|吧|完|明|服|法|话(?![：:“「])|不定|到底|谢|好了|题|[了过]?(?:多少|几|好几|[两三]|八百)[遍次回])"
    rf"|(?:{WHO}|{STAFF})(?:[^。！？!?\n“”「」；;]{{0,14}}?)(?:{_SAY})(?:道|过|了|着|成|是|为)?[：:，,]?[“「『‘\"《]"
    rf"|(?:{WHO})的?(?:原话|意见|诉求|说法|疑问|反馈|投诉内容|抱怨|提问|问题|留言)(?:是|为|如下|：|:|“|「)"
    r"|被[^。！？!?，,；;\n]{0,10}?(?:骂|叫|称|说|喊|嘲笑|当|喻)(?:作|做|成|为|是)?"
    rf"|(?:{WHO}|{STAFF}|[一-鿿]{{1,3}})(?:骂|辱骂|嘲笑|讽刺|侮辱|歧视|羞辱|称呼)(?!完)"
    rf"|(?<![跟对和向与同])(?:{WHO})[^。！？!?\n]{{0,40}}?[，,；;](?:又|还|并|另|同时|且)?(?:称|声称|自称|反映|投诉|诉称?|表示|说|骂|抱怨|质问|大?喊|大?[嚷吼叫])(?!的|明|完|服|法|话|[了过]?(?:多少|几|好几|[两三]|八百)[遍次回])"
    rf"|(?:{STAFF})[^。！？!?，,；;\n“”「」]{{0,8}}?(?:称呼?|说|骂|叫|喊|嘲笑|笑话?)(?:其|{WHO})"
    r"|(?:原话|投诉内容|工单内容|原文|原句|绰号|外号|网名|昵称|小名|诨号|诨名)[^。！？!?\n，,]{0,3}?[为是叫]"
    r"|(?:来电|来信|致电|原话|录音中|投诉内容|投诉单|工单内容|客诉|差评|原文|原句|转述|引用|据反映|据称|自称|自嘲|绰号|外号|网名|昵称|小名)"
    r"[^。！？!?\n，,]{0,6}?(?:说|称|反映|投诉|骂|问|叫|写|：|:|“|「)"
    r"|\b(?:the|this|that|his|her|their) (?:phrase|word|term|expression|quote|nickname|remark)s?[ :]*[“「\"']?$"
    r"|\b(?:customer|caller|client|guest|user|resident|tenant|neighbou?r|colleague|agent|staff|technician|she|he|they|who)"
    r"\s+(?:has |had |have |was |were |is )?(?:said|says|saying|calls?|called|calling|complain(?:s|ed)|asked|wrote"
    r"|writes|told|shouted|reports?|reported|claims?|claimed|used|quoted)\b"
    r"|\b(?:was|were|been|being|got)\s+called\b|\bquot(?:e|ed|ing)\b|\baccording to\b"
)
#: The first person said it after all, or the writer gives an opinion of his own.
_OWN_WORDS = re.compile(
    r"[，,；;]\s*(?:但|可|结果|于是|然后|所以|因此|那|而)?(?:我[回说答讲告跟对就只直看觉]|我们[回说答告]|本人|"
    r"真是|简直|纯粹|这人|这种人|这个|此人|就是个|就是|明显|看来|估计|典型|果然|我看|一听就|一看就|又是|还不是|说话(?!时|中|间)|听[着起]来?像|像个|跟个|活像)"
)
#: What was reported was quoted, and the quotation is over: 您反映“…”，….
_QUOTED_AND_OVER = re.compile(r"[^，,；;“「『\"]{0,4}[“「『\"][^“”「」『』\"]{1,60}[”」』\"][，,；;]")
#: Who asks or calls has said it all by the end of the clause, unless a colon or a quotation follows.
_ASKED = re.compile(r"(?:来电|致电|[询追]?问道?|咨询|要求|催促?)$")
_RULE = re.compile(
    r"(?:不得(?![不已了])|严禁|切忌|忌语|禁语|请勿|切勿|勿|禁止|禁用|杜绝|避免|能否|可否|是否可以|可不可以|岂能|怎能|不准|不许|不允许|不可以?|不能|不要|不应当?|不该|别|莫|从不|从未|"
    r"绝不|决不|不会|没有?|未|不再|不|少|严格?限|谁也不|不宜|不该|防止|戒|无)"
    r"(?:当面|对|向|跟|和|随意|再|随便|直接|轻易|这样|那样|如此|在|以|用|出现|任何|客户|顾客|您|他|她|员工|曾|有|人|诸如|类似|包含|含有|带|把|将|背后){0,5}"
    r"(?:说过?|讲过?|使用|采用|称呼|称|叫做?|叫|骂过?|用|出现|回答|回复|答复|回应|写|喊|提|含|包含|带有|诸如|类似|以|歧视|嘲笑|辱骂|侮辱)"
    r"|\b(?:do not|don't|never|must not|mustn't|should not|shouldn't|may not|cannot|avoid|refrain from|instead of"
    r"|rather than)\s+(?:ever\s+)?(?:writ|say|us[ei]|call|typ|put|answer|repl)"
    r"|\b(?:banned|forbidden|prohibited|blocked|rude|impolite) (?:words?|phrases?|terms?|language|expressions?)\b"
)
_HARD_RULE = re.compile(
    r"不得(?![不已了])|严禁|切忌|忌语|禁语|忌用|请勿|切勿|禁止|禁用|杜绝|不准|不许|避免|敏感词|违禁词|禁用词|忌讳|反面教材|反面例子|错误示范|负面用语|不文明用语|不当用语|违规用语|错误示例|错误用语|不规范用语|错误说法|反例"
)
_LIST_HEAD = re.compile(rf"(?:{_HARD_RULE.pattern}|关键词|关键字|词库|词表|忌说|禁说)[^。！？!?\n：:]{{0,12}}[：:]")
_LINE_HEAD = re.compile(
    rf"(?:{_HARD_RULE.pattern}|关键词|关键字|词库|词表|忌说|禁说|不(?:说|讲|用|可说|能说|要说))[^。！？!?\n]{{0,24}}[：:]?\s*$"
)
_LINE_ITEM = re.compile(
    r"\s*(?:[（(]?[0-9一二三四五六七八九十①-⑳a-z]{1,3}[)）.、．:：]|[-*·•●◆■—×✗❌])?[\s“「『\"]*[^\n]{0,20}$"
)
_LIST_ITEMS = re.compile(r"[。！？!?，,；;、“”「」\s/]")
_LONGEST_LIST_ITEM = 14
_LONGEST_LIST = 600  # all that the standards forbid, in one line
_RULE_BEHIND = re.compile(
    r"^[^。！？!?\n]{0,24}?(?:忌语|禁语|禁用语|禁用词|违禁词|敏感词|不文明用语|不当用语|不当言辞|(?:(?<![电通])话(?![费机务])|词|语(?!音)|句|称呼|字眼|说法|表述|字样|言语|用语|措辞|态度)"
    r"[^。！？!?\n]{0,6}?(?:不得|严禁|禁止|不能|(?<!要)不要|不可|不应|不许|不准|请勿|避免|均属|属于|都是|不当|不妥|不礼貌|不合适|伤人|扣分|违规))"
)
_MENTION_BEHIND = re.compile(
    r"^[”」』’》\"']?(?:这|那|一|等|之类|这样|此|这种|这类|等等)?的?(?:些|个|句|几个|两个|三个|种|类|条)?(?:词|字|话|用语|词语|字眼|措辞|称呼|说法|句子|短语|标签|一词|一语|表述)"
    r"|^[”」』’》\"']?[^。！？!?\n，,]{0,4}?(?:改成|改为|换成|替换为|改说|替换成|一律改|应改|应说成)"
    r"|^[”」』’》\"'](?:网店|小店|店铺?|餐厅|饭店|餐馆|酒楼|食堂|火锅|品牌|牌|公众号|群|账号|直播间|公司|工作室|乐队|节目|栏目|专辑|系列|歌曲|小说|电影|景区|茶馆|民宿)"
    r"|^[”」』’》\"']?[（(](?:昵称|网名|化名|外号|绰号|小名|店名|艺名|品牌|地名|书名)"
    r"|^[”」』’》\"']?[^。！？!?\n]{0,20}?[是为系](?:[^。！？!?，,\n]{0,8})(?:外号|绰号|昵称|网名|小名|艺名|品牌|店名|商标|产品名|系列|角色|菜名|地名|书名|歌名)"
    r"|^[”」』’》\"']?是什么意思|^[”」』’》\"']?怎么(?:写|读|翻译)|^[”」』’》\"']?用(?:英语|英文|普通话)"
)
_NAME_BEFORE = re.compile(
    r"(?:外号|绰号|网名|昵称|用户名|账号名?|店名|品牌|商标|歌名|歌曲|片名|书名|小说|电影|电视剧|话剧|动画|名叫|地名|村名|路名|小名|乐队|"
    r"微信名|群名|备注名|(?:姓名|户名|联系人|收件人|寄件人|收货人|法人|户主|落款|署名)[：:]|关键词|成语|俗语|歇后语|谚语|词条|字典|方言|课文|剧本|台词|密码|暗号|公司名称?|店铺|相声|小品|曲目|菜单|菜品|菜名|型号|书单|片单|剧本杀|绘本|游戏)[^。！？!?，,；;\n]{0,6}$"
)
_SORRY = re.compile(r"抱歉|对不起|道歉|歉意|致歉|不好意思|sorry|apolog")
_ABOUT_WORDS = re.compile(rf"(?:{_SAY})|的话|这句|那句|一句|这话|这个词|字眼|用语|忌语|称呼|原话|所谓|quote|said")


class Around:
    """The surroundings of one hit."""

    def __init__(self, plain: str, start: int, end: int, floor: int) -> None:
        self.plain, self.start, self.end = plain, start, end
        low = max(floor, start - _REACH)
        ends = [m.end() for m in _SENTENCE_END.finditer(plain, low, start)]
        self.sentence_start = ends[-1] if ends else low
        after = _SENTENCE_END.search(plain, end, end + _REACH)
        self.sentence_end = after.start() if after else min(len(plain), end + _REACH)
        ends = [m.end() for m in _CLAUSE_END.finditer(plain, self.sentence_start, start)]
        self.clause_start = ends[-1] if ends else self.sentence_start
        after = _CLAUSE_END.search(plain, end, self.sentence_end)
        self.clause_end = after.start() if after else self.sentence_end

    @property
    def before(self) -> str:
        """The clause up to the hit."""
        return self.plain[self.clause_start : self.start]

    @property
    def after(self) -> str:
        """The clause behind the hit."""
        return self.plain[self.end : self.clause_end]

    @property
    def ahead(self) -> str:
        """The sentence up to the hit."""
        return self.plain[self.sentence_start : self.start]

    @property
    def behind(self) -> str:
        """The sentence behind the hit."""
        return self.plain[self.end : self.sentence_end]

    def quotation(self) -> tuple[int, int, str] | None:
        """The quotation that the hit stands in: its inside and its opening mark."""
        low = max(0, self.start - 80)
        open_at: list[tuple[int, str]] = []
        for place in range(low, self.start):
            char = self.plain[place]
            if char == "\n":
                open_at.clear()
            elif char in _CLOSING and open_at and open_at[-1][1] == _CLOSING[char]:
                open_at.pop()
            elif char in _QUOTES and not (
                char == "'" and place and self.plain[place - 1].isascii() and self.plain[place - 1].isalpha()
            ):
                open_at.append((place, char))
        for place, char in reversed(open_at):
            close = self.plain.find(_QUOTES[char], self.end, self.end + 80)
            if close >= 0 and "\n" not in self.plain[place:close]:
                return place + 1, close, char
        return None

    def is_report(self, *, to_customer: bool = False, epithet: bool = False) -> bool:
        """Whether the sentence up to here says that a customer or a third party said it (K3)."""
        ahead = self.ahead
        if _NAME_BEFORE.search(ahead):
            return True
        clause = ahead[max(ahead.rfind("，"), ahead.rfind("；")) + 1 :]
        if not to_customer and not epithet and STAFF_SAID.search(clause):
            return True
        reports = list(_REPORT.finditer(ahead))
        if not reports:
            return self._reported_behind()
        last = reports[-1]
        between = ahead[last.end() :]
        if _OWN_WORDS.search(between) or (to_customer and _QUOTED_AND_OVER.match(between)):
            return False
        if _ASKED.search(last.group()) and re.match(r"[^：:“「『\"]*[，,；;]", between):
            return False
        said_by = ahead[max(0, last.start() - 2) : last.start() + 2]
        return not re.search(r"(?:^|[，,；;：:])我[^们]?$", said_by)

    def _reported_behind(self) -> bool:
        behind = self.behind.lstrip("”」』’\"'，, ")
        return bool(
            re.match(
                rf"^(?:，|,)?(?!您(?!说|反映|抱怨))(?:{WHO})[^，,]{{0,4}}(?:说|称|骂|问|喊|反映|抱怨)(?!的)", behind
            )
        )

    def is_rule(self) -> bool:
        """Whether the sentence forbids the words or speaks about them."""
        ahead, behind = self.ahead, self.behind
        clause = ahead[max(ahead.rfind("，"), ahead.rfind(","), ahead.rfind("；"), ahead.rfind(";")) + 1 :]
        if (
            (_MENTION_BEHIND.search(behind) or _RULE_BEHIND.search(behind) or MENTIONED.search(ahead))
            or (_RULE.search(clause) or _HARD_RULE.search(clause))
            or (self._is_an_option() or self._is_in_a_list_of_rules())
        ):
            return True
        rules = list(_HARD_RULE.finditer(ahead))
        rest = ahead[rules[-1].end() :] if rules else ""
        speech = re.search(r"说|讲|使用|用语|语|称|出现|词|话|字|如|包括|：|:|“|「|、", rest)
        if rules and speech:
            return True
        listed = _RULE.search(ahead)
        return bool(listed and re.search(r"[“「、]", ahead[listed.start() :]))

    def is_denied(self, *, to_customer: bool) -> bool:
        """Whether the clause says that somebody is not to be taken for one, or in a note, that he is none."""
        if NOT_TO_BE_TAKEN.search(self.before):
            return True
        asked = self.plain[self.sentence_end : self.sentence_end + 1] in ("？", "?") or "吗" in self.after
        said_to = re.search("[你您]", self.before)
        return bool(not to_customer and not asked and not said_to and IS_NONE.search(self.before))

    def _is_an_option(self) -> bool:
        """Whether it is one of the answers to choose from, in a question about what is said and what is not."""
        low = max(self.plain.rfind("\n", 0, self.start) + 1, self.start - _REACH)
        line = self.plain[low : self.start]
        return bool(OPTION.search(line) and ASKED_ABOUT_RULES.search(line))

    def _is_in_a_list_of_rules(self) -> bool:
        """Whether the line begins as a list of what is not said, whatever punctuation its items have of their own."""
        low = max(self.plain.rfind("\n", 0, self.start) + 1, self.start - _LONGEST_LIST)
        heads = list(_LIST_HEAD.finditer(self.plain, low, self.start))
        if not heads:
            return self._is_in_lines_under_a_rule()
        items = _LIST_ITEMS.split(self.plain[heads[-1].end() : self.start])
        return all(len(item) <= _LONGEST_LIST_ITEM for item in items)

    def _is_in_lines_under_a_rule(self) -> bool:
        """Whether the lines above, each an item of a list, begin with one that says that these are not to be said."""
        *above, line = self.plain[max(0, self.start - 2 * _REACH) : self.start].split("\n")
        if not above or not _LINE_ITEM.match(line):
            return False
        for other in reversed(above):
            if _LINE_HEAD.search(other):
                return True
            if other.strip() and not (_LINE_ITEM.match(other) and other.strip()[-1:] not in "：:"):
                return False
        return False

    def excused_as_quotation(self, *, to_customer: bool, epithet: bool) -> bool:
        """Marks with a reason for them: somebody's words in a report, a title; irony is none."""
        quoted = self.quotation()
        if quoted is None:
            return False
        inside_start, inside_end, mark = quoted
        part = inside_end - inside_start > self.end - self.start
        if mark in "《〈" or (part and NAMED_SO.search(self.plain[max(0, inside_start - 12) : inside_start - 1])):
            return True
        near = self.plain[max(0, inside_start - 30) : min(len(self.plain), inside_end + 30)]
        outside = near.replace(self.plain[inside_start:inside_end], "")
        if _FIRST_SAID.search(self.plain[max(0, inside_start - 12) : inside_start]):
            return False
        as_a_word = _AS_A_WORD.match(self.plain, inside_end + 1)
        if to_customer:
            return bool(as_a_word or _SORRY.search(self._neighbourhood()) or _ABOUT_WORDS.search(outside))
        if as_a_word or not epithet or _ABOUT_WORDS.search(outside) or "：" in outside or ":" in outside:
            return True
        return inside_end - inside_start > (self.end - self.start) + 2

    def _neighbourhood(self) -> str:
        return self.plain[max(0, self.start - 60) : self.end + 60]

    def sorry_for_staff(self) -> bool:
        """A text to a customer that apologises for what a colleague said."""
        return bool(
            _SORRY.search(self._neighbourhood())
            and re.search(rf"(?:{STAFF})[^。！？!?\n]{{0,16}}(?:{_SAY})", self.ahead)
        )


_AS_A_WORD = re.compile(r"地|式的?|之类|的(?:情况|回复|答复|态度|现象|做法|说法|话|言论|言辞|尴尬|局面|困扰)")
_FIRST_SAID = re.compile(
    r"(?:我|我们|本人|我就|我直接)(?:就|直接|跟他|对他|跟客户|对客户|当时|只)?(?:说|回|骂|答|告诉他|回复|讲)[了道过]?[：:，,]?[“「『‘\"]$"
)


_PLACE = re.compile(
    r"牌(?!子)|[村镇乡沟川坡岭湾街巷镇岛庄屯堡寨桥山崖峡湖](?!涂)|胡同|营(?!业)|路(?:口|段|[0-9一二三四五六七八九十])"
)


def names_a_place(plain: str, end: int) -> bool:
    """Whether what follows makes a place name of the hit: 老头沟, 瞎子岛."""
    return bool(_PLACE.match(plain, end))


def parts_in_two(plain: str, start: int, end: int) -> bool:
    """Whether the hit is the end of one word and the beginning of the next: 老家|伙食, 看病|号码."""
    for cut in range(start + 1, end):
        behind = any(_is_word(plain[cut : end + more]) for more in (1, 2) if end + more <= len(plain))
        lone = cut == start + 1 and not _is_word(plain[end : end + 2])  # 聋|子女, but not 傻子|女人
        if behind and (
            lone
            or _is_word(plain[start:cut])
            or any(_is_word(plain[start - more : cut]) for more in (1, 2) if start >= more)
        ):
            return True
    return False


def _is_word(letters: str) -> bool:
    return len(letters) > 1 and len(rjieba.cut(letters, False)) == 1


def tokens(plain: str, start: int, end: int) -> list[tuple[int, int]]:
    """The words of the tokeniser around a hit, as offsets of the text; punctuation kept."""
    low, high = max(0, start - _AROUND), min(len(plain), end + _AROUND)
    return [(low + first, low + last) for _word, first, last in rjieba.tokenize(plain[low:high], "default", False)]
