"""What an entry needs around a hit before it counts: a person, an answer that is given, a demand, a refusal (K3)."""

from __future__ import annotations

import re

from service_desk.knowledge.language.around import Around
from service_desk.knowledge.language.mentions import STAFF, WHO

_CONDITION = re.compile(r"如果|要是|假如|假若|倘若|若|万一|即使|就算|哪怕|除非|一旦|以防")
_MOOD = "了啊呀吧呢哦哟嘛吗啦哈哎诶耶的嗯噢喔呗"
_POLITE_OBJECT = re.compile(
    r"您|贵(?:姓|方|司|公司|单位)|是否|是不是|能否|可否|方便|方不方便|有没有帮|怎么称呼|如何称呼|密码|介不介意|可不可以(?:麻烦|请|先)|能不能(?:麻烦|请|耽误)|哪位|大家|各位|诸位"
)
_POLITE_START = re.compile(
    r"您(?!的?(?:[这那]|在说|说))|贵|是否|是不是|能否|可否|方便|哪位|这样|(?:该|要|应该)?(?:如何|怎么|怎样)(?:称呼|感谢|谢|表达|安慰|报答)|该说什么"
)
_ADVICE = re.compile(
    r"[^，,]{1,12}?(?:可(?!能)|请|也能|点击|点开|拨打|就(?:打|看|点|查|问|来))"
)  # who does not know may …
_NOT_YET = re.compile(r"(?:还|暂时|暂|尚)(?:都)?$")
_WILL_TELL = re.compile(
    r"(?:一有|一旦|第一时间|马上|立即|尽快|随时|会|将)[^。]{0,14}(?:告知|通知|回复|联系|答复|告诉|同步|短信|更新|回电)"
)
_OTHERS = re.compile(
    rf"(?:{WHO}|{STAFF}|谁|有些人|很多人|不少人|多数人|新人|新手|外人|司机|快递员|物业|厂家|父母|家里人|本机|系统|怕|担心|以为|(?<!名)称|反映|表示|"
    r"明明|假装|装作|是不是|难道|其实不是|并非|不是|不会|不能|不可能|原来|之前|此前|以前|当时|并|尚|如|倘|若|万一|要是|因为|由于|(?<!原)因|别人|"
    r"不知道的|(?<![刚方])才|就连|连|号码|地址)"
)
_ME = re.compile(r"(?:我|我们|咱|咱们|俺|本人|我这边|我这里|我们这边|我也|我真|我哪)[^，,。我]{0,6}$")
_PERSON = re.compile(
    rf"(?:{WHO}|你|这位|那位|这人|那人|这个人|那个人|这小子|丫头|姑娘|小伙子?|大姐|大哥|大嫂|妹子|老板|个子|个头|身材|体型|体态|身高|长得|生得|人|又|死|这么|那么|那个|这个|怎么)"
)
_GOES_ON = re.compile(
    rf"^(?:[{_MOOD}\s~～]*(?:$|[^\w一-鿿])|[{_MOOD}]|[你您我他她别甭行好不就还再谁爱随那]|反正|自己|问|懒得|没)"
)  # what may follow 'go and …': a pause or another clause, but nothing that one goes for
_LATER = re.compile(
    r"再(?:和|跟|与|同|向)您(?:商量|确认|沟通|说|联系|核对|决定)|再(?:请|由)您(?:决定|定|确认)|(?:专家|医生|老师|本文|文章)[^。]{0,6}(?:解答|告诉|解读)|点击|详见|请遵"
    r"|请[^，。]{0,6}(?:批示|示下|定夺|裁定|决定|指示|明示|确认)|(?:可以?|再|慢慢|不妨|先)考虑"
)
_MOTION = re.compile(r"(?:[来去]|过了)$")
_WHATEVER = re.compile(
    r"^(?:(?:也|都)(?:没关系|没事|可以|行|不要紧|无妨|不碍事|不如|好|听不)|听不|都不|[，,]?都没关系)|听您|由您|看您|您(?:来|自己)?(?:决定|定|做主|说了算)"
)
#: What is spoken of, and said to nobody: 没有零钱找您的情况.
_SPOKEN_OF = re.compile(r"^[^，,]{0,4}的(?:情况|情形|现象|问题|事情?|做法|说法|原因|时候|可能|烦恼|困扰|难题|尴尬)")
_ASKING = re.compile(r"[？?]|吗|么$|怎么|哪里|哪儿|凭什么|就[你您]|别")
_CALLED = re.compile(
    r"(?:^|(?<=[啊呀哎唉诶]))[一-鿿]{0,3}(?:先生|女士|小姐|太太|大爷|大妈|大叔|阿姨|老人家|老太太|奶奶|爷爷|同学|老板|师傅|老师|家长|乘客)$"
)
_NO_NEED = re.compile(
    r"不会|不让|不再|不用|无需|无须|不必|免得|省得|以免|用不着|麻烦|烦请|劳驾|辛苦|还请|敬请|恳请|拜托"
)
_THIRD = re.compile(rf"其$|(?<![跟对和向给])(?:{WHO.replace('|您|您家人', '')}|{STAFF})")
_YOU_ARE = re.compile(
    r"(?:你|您|[他她这那]人?)(?:们|人|先生|女士|小姐|也|又|都|真|可|实在|确实){0,2}(?:太|很|好|这么|那么|真|偏|够|特别|非常|有点|比较|挺)$"
)
#: What it is about, and not who: 您说的这个….
_TOPIC = re.compile(r"^您(?:们)?(?:刚才)?(?:说|问|要|讲|提|反映|咨询|看)的(?=.)")
_NAMED = ("姓", "名叫", "名字叫", "叫做")
_CHOSEN = re.compile(r"[用选要买拿换订发给]$")
_THIS = re.compile(r"[这那你您个死臭]$")
_SOMEBODY = re.compile(r"个子|个儿|子|冬瓜|佬|婆|仔|妞|胖子|墩")
_FIGURE = re.compile(r"您|你|身材|体型|身高|个子|个头|长相|模样|胖|瘦|客户|用户|顾客|先生|女士|男|女|这人|那人")
_DEGREE = re.compile(
    r"(?:太|很|偏|挺|真|好|有点儿?|有些|这么|那么|特别|非常|够|超|更|比较|过于|又|实在|确实|最|那样|这样|死|多|老|还)$"
)
_THING = re.compile(
    r"猫|狗|宠物|兔|件|条|套|双|领|裤|衣|裙|衫|袖|袍|鞋|帽|袜|腰身|裤腿|版型|尺码|款|码|肉|猪|鱼|羊|牛|鸡|鸭|鹅|蟹|虾|土|地|田|桌|椅|凳|柜|墙|楼|门|窗|台|栏|树|草|苗|花|果|藤|"
    r"层高|塔|杆|屋|房|棚|顶|盆|床|位置|设备|机|井|山|坡|桥|洞|梁|管|线|架|箱|灶|水池|天花|吊顶|灯|车|座|板|坎|堤|坝|篱|围|电杆|支架|字体|尺寸|画面|菜|汤|油|膘|"
    r"沙发|音|信号|天线|缆|网|镜|伞|包|袋|绳|缝|纸|屏|级|档|价|楼层|高度|宽"
)
_ADDRESS_NEXT = re.compile(
    r"^(?:$|[\s！!，,。？?~～…—、：:；;“”\"]|你|您|好|谁|哪位|哪里|哪个|听|在吗|有人|说话|讲话|怎么|什么|干|找|别|那个|那边|老|小|大|先生|女士|师傅|快|等|让)"
)
_START = re.compile(r"(?:^|[\s！!，,。？?~～…—、：:；;“”「」『』\"‘’（(\]】>]|说|道|声)$")

_REMEDY = re.compile(
    r"我(?:们|这)?(?:就|马上|立即|立刻|现在|已|会|来|去|先)?(?:帮|替|给|为|请|找|转|问|联系|上报|反馈)|(?:已|马上|立即|立刻|将|需|再|现|会|即|申请)[^，,。]{0,6}"
    r"(?:升级|转|派|请|上报|反馈|联系|协调|提交|求助|报|回电|答复|处理|支持)|^[，,](?:转派|升级|上报|请求|求助|需要|需|申请|烦请|麻烦)"
)
_I_SAID = re.compile(
    r"(?:^|[，,])(?:所以|于是|然后|最后|后来)?(?:我|我们|本人|俺)(?:就|直接|干脆|只好|只能|当场|当时|便|也|又|已|顺口|随口|没好气地?){0,3}"
    r"(?:跟|对|给|和)?(?:他|她|客户|对方|用户|业主|顾客|老人|家属)?们?(?:就|直接)?(?:回|说|怼|答|喊|告诉|告知|骂|吼|顶|回复|答复|回答)"
    r"(?:了一句|了句|一句|了|道|过|的是)?(?:他|她|客户|对方|用户|业主|顾客|老人|家属)?们?(?:一句|说|道)?$"
    r"|(?:^|[，,])(?:已|就|直接|当场|便)?(?:告知|告诉|回复|答复|回|怼|回绝)(?:了)?(?:他|她|客户|对方|用户|业主|顾客|老人|家属)(?:说|道)?$"
)


class Needs(Around):
    """The surroundings of a hit, and whether they are what its entry asks for."""

    def is_person(self) -> bool:
        """Whether a word such as 'fat' is said of a person: the clause names one, or says 'too', and no thing."""
        before, after = self.before[-12:], self.after[:6]
        if (_YOU_ARE.search(before) and not _THING.match(after)) or (_THIS.search(before) and _SOMEBODY.match(after)):
            return True
        chosen = after.startswith("的") and _CHOSEN.search(before)
        if chosen or before.endswith(_NAMED) or _THING.search(before) or (after and _THING.match(after)):
            return False
        topic = self.ahead[-16:]
        if _THING.search(topic) and not re.search(r"您|你|他|她|人|客户|先生|女士", before):
            return False
        if after[:1] and after[0] not in _MOOD + "子个胖瘦得到成佬婆仔妞妹姐哥矬矮肥" and not _DEGREE.search(before):
            return False
        if not before.strip() and _FIGURE.search(topic) and not _THING.search(topic):
            return True
        return bool(_PERSON.search(before) or _DEGREE.search(before))

    def is_address(self) -> bool:
        """Whether 喂 stands where one shouts it: at the beginning, before a pause or the person."""
        before = self.plain[max(0, self.start - 12) : self.start].rstrip("喂")
        after = self.plain[self.end : self.end + 12].lstrip("喂")
        return bool(_START.search(before) and _ADDRESS_NEXT.search(after))

    def is_demand(self) -> bool:
        """Whether the person spoken to is meant, and not somebody whom the clause names, or what would happen if."""
        before, after = self.before, self.after
        if self.plain[self.start] in "你您":
            before = _CALLED.sub("", before)  # 先生您快点: who is spoken to, and no third
        if (
            _WHATEVER.search(after)
            or _SPOKEN_OF.search(after)
            or _LATER.search(self.behind)
            or (_MOTION.search(self.plain, self.start, self.end) and not _GOES_ON.search(after))
        ):
            return False
        return not (_THIRD.search(before) or _CONDITION.search(before) or _NO_NEED.search(self.before))

    def is_my_answer(self) -> bool:
        """Whether the writer tells that it was he who said it: 我直接回她问别人去."""
        return bool(_I_SAID.search(self.before))

    def is_question(self) -> bool:
        """Whether the sentence doubts, and does not say that it is so."""
        closing = self.plain[self.sentence_end : self.sentence_end + 1] if self.clause_end == self.sentence_end else ""
        return bool(closing in ("？", "?") or _ASKING.search(self.plain[self.clause_start : self.clause_end]))

    def is_refusal(self, *, internal: bool) -> bool:
        """Whether 'I cannot' is all that is said: no condition, and nothing done about it in the same sentence."""
        if _CONDITION.search(self.before) or _REMEDY.search(self.behind):
            return False
        return not (internal and _REMEDY.search(self.plain[self.sentence_end : self.sentence_end + 20]))

    def is_answer(self, *, internal: bool) -> bool:
        """Whether 'I do not know' is an answer that is given, and no question or statement about others."""
        before, after = _TOPIC.sub("", self.before.strip()), self.after
        mine = bool(_ME.search(before)) or self.plain[self.start] in "我俺咱"
        if _CONDITION.search(before) or after.startswith(("的", "者")) or after.rstrip("，, ").endswith("的话"):
            return False
        knowing = self.plain[self.start : self.end].endswith("道")  # 不知道您…: what is known may be asked politely
        asked = _POLITE_START.match(after) if mine else _POLITE_OBJECT.search(after)
        if (knowing and asked) or re.search(r"您(?:们)?(?:可能|还|是否|也许)?$", before):
            return False
        if not mine and (_OTHERS.search(before) or _WHATEVER.search(after) or (not before and _ADVICE.match(after))):
            return False
        not_yet = _NOT_YET.search(before) and _WILL_TELL.search(self.behind)
        bare = after.strip().strip(_MOOD + "～~ ")
        if not_yet or (
            bare and not mine and not before and self.plain[self.clause_end : self.clause_end + 1] in ("？", "?")
        ):
            return False
        if not internal:
            return True
        return not bare and (
            mine
            or not before
            or re.search(r"(?:回|答|说|告|讲|就是|反正|真的?|直接|一律|都|问了?)$", before) is not None
        )
