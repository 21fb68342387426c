"""What stands around a phrase decides whether it is a finding: each rule with a text on either side of it (K3)."""

from __future__ import annotations

import pytest

from service_desk.knowledge.language.check import check
from service_desk.knowledge.language.lines import Roles
from service_desk.knowledge.rules import Direction, How, Speaker
from tests.knowledge.books import shipped

TO_CUSTOMER, NOTE, TRANSCRIPT = Direction.TO_CUSTOMER, Direction.INTERNAL_NOTE, Direction.TRANSCRIPT


def found(text: str, direction: str = TO_CUSTOMER) -> list[tuple[str, str]]:
    return [(finding.entry, finding.phrase) for finding in check(shipped(), text, direction).findings]


@pytest.mark.parametrize(
    ("said", "entry", "not_said"),
    [
        ("您买得起吗，就试？", "B19", "这款手机您买得起，也用得起。"),
        ("这单我解决不了，您打总部电话。", "B38", "这单我解决不了，已请专家给您回电。"),
        ("问别人去，我不管。", "B30", "问别人去过的网点。"),
        ("着什么急，排队去。", "B37", "着什么急都不如安全重要。"),
        ("先生您快点，后面有人。", "B42", "麻烦先生您快点儿。"),
        ("还不知道，您等着。", "B39", "还不知道结果，一有消息马上告知您。"),
        ("那个老头又来了。", "B26", "老头沟基站断电。"),
        ("那病号又来了。", "B06", "您的看病号码是三十六。"),
        ("您人矮，站前面。", "B18", "孩子可用矮的水池。"),
        ("您这身高，矮得够不着。", "B18", "您看看身高矮是否影响骑行？"),
        ("没有零钱找，自己去换。", "B24", "没有零钱找您的情况不会再发生。"),
        ("登记：来访者是个麻子。", "B14", "联系人：麻子健，电话已登记。"),
        ("老家伙，店关了。", "B01", "“老家伙”餐厅订位已确认。"),
        ("您买得起？别摸。", "B19", "您买得起，分期也行，要不要了解一下？"),
        ("Please note 聋子 at the door.", "B13", "Please do not write 聋子 in the remarks."),
        ("I told him 有完没完.", "B34", "The customer said 有完没完 twice."),
        ("答：怎么还问？", "B40", "问：怎么还问身份证？"),
        ("客户在门口，有完没完！", "B34", "客户留言原文：你好。有完没完？"),
        ("您 b u z h i d a o 吗？我 b u z h i d a o。", "B39", "选项 b u z 均可。"),
        ("想好ㄌ没有，快。", "B35", "想好了ㄌ。"),
        ("那个傻孑又报修。", "B09", "孑然一身。"),
        ("不得不说，您就是老废物。", "B03", "不得说老废物。"),
        ("大妈，说了多少遍了，长耳朵干嘛使的！", "B31", "大妈投诉说长耳朵干嘛使的，要求道歉。"),
        ("您反映“没人来”，谁让你不看着点儿。", "B29", "您反映店员说“谁让你不看着点儿”，我们已核实。"),
        ("您说的这个优惠不知道，去问经理。", "B39", "您说的这个优惠不知道的人很多。"),
        ("您太矮了。", "B18", "客户姓矮，已核对。"),
        ("您这个傻zi。", "B09", "沙子两车，已卸货。"),
        ("您嚷什么，排队。", "B36", "让什么师傅上门都行。"),
        ("不知道，您问营业厅。", "B39", "您反映的“不知道”一语，我们已核实。"),
        ("您又不是聋子。", "B13", "我们从不把客户当聋子。"),
        ("那个土老帽又来了。", "B27", "商户“土老帽炒鸡”的订单已发货。"),
        ("不知道，是不是您弄错了。", "B39", "不知道是不是网络的原因，请您重启试试。"),
        ("您b知道吗？我b知道。", "B39", "b知到的人可以问。"),
        ("瞎，子一个。", "B12", "主任姓瞎，子公司已更名。"),
        ("客户在门口，有完没完。", "B34", "来电人情绪激动，大喊有完没完。"),
        ("您到底要不要？", "B35", "到底要不要保留原号码，您可以考虑两天。"),
        ("您有完没完。", "B34", "您录音里的那句有完没完，我们听到了。"),
    ],
)
def test_K3_what_stands_around_decides(said: str, entry: str, not_said: str) -> None:
    assert entry in {code for code, _phrase in found(said)}
    assert entry not in {code for code, _phrase in found(not_said)}


def test_K3_what_a_recording_has_or_a_colleague_said_is_told_and_not_said() -> None:
    assert found("监听发现坐席对客户说有完没完，已下发整改。", NOTE) == []
    assert found("坐席多次使用不耐烦用语（有完没完、喊什么），建议辅导。", NOTE) == []
    assert found("考试题：以下哪句属于服务忌语？A.您好 B.问别人去 C.请稍等", NOTE) == []
    assert found("班组会提醒：个别同事仍对客户说我也不知道，请改正。", NOTE) == []  # nor the shorter phrase in it
    assert found("客户不是傻子。", NOTE) == []
    assert found("户主是不是傻子？", NOTE) == [("B09", "傻子")]
    assert found("门岗说拐子今天没来。", NOTE) == [("B16", "拐子")]  # a name that is given is the writer's own


def test_K3_letters_and_strokes_put_between_do_not_help() -> None:
    assert found("问a别a人a去") == [("B30", "问a别a人a去")]
    assert found("有の完の没の完") == [("B34", "有の完の没の完")]
    assert found("有丨完丨没丨完") == [("B34", "有丨完丨没丨完")]
    assert found("门口那个亻朱亻需要办卡", NOTE) == [("B11", "亻朱亻需")]
    assert found("A座B栋C单元3号线") == []


def test_K3_a_reading_behind_the_last_letter_belongs_to_the_phrase_where_others_have_theirs() -> None:
    assert found("门口一个残(cán)废(fèi)。", NOTE) == [("B08", "残(cán)废(fèi)")]
    assert found("门口一个残废(fèi)。", NOTE) == [("B08", "残废")]


def test_K3_a_list_under_a_rule_is_no_finding_and_a_list_under_another_head_is() -> None:
    assert found("以下说法一律禁用：\n一、老家伙\n二、有完没完", NOTE) == []
    assert found("客户情况：\n一、老家伙\n二、住三楼", NOTE) == [("B01", "老家伙")]


def test_K3_what_the_writer_says_that_he_said_is_his() -> None:
    assert found("我直接回她问别人去，她就挂了。", NOTE) == [("B30", "问别人去")]
    assert found("客户称同事让她问别人去。", NOTE) == []
    assert found("处理结果：告知客户愿意找谁就找谁去。", NOTE) == [("B38", "愿意找谁就找谁去")]
    assert found("客户称师傅告知其愿意找谁就找谁去。", NOTE) == []


def test_K3_of_two_whom_nobody_names_the_desk_is_who_talks_like_one() -> None:
    talk = "A：您好，这里是安居物业。\nB：喂，你们有完没完！\nA：您别急。"
    assert found(talk, NOTE) == []
    assert found(talk.replace("A：您别急。", "A：不知道，问别人去。"), NOTE) == [("B39", "不知道"), ("B30", "问别人去")]
    assert found("说话人1：有完没完！\n说话人2：您好，请问您贵姓？", TRANSCRIPT) == []
    assert found("A：有完没完！\nB：问别人去！", NOTE) == [("B34", "有完没完"), ("B30", "问别人去")]


def test_K3_a_hit_across_an_opening_quotation_mark_is_judged_by_what_is_quoted() -> None:
    assert found("很抱歉，快递员说您“吃饱了撑的”，已停岗。") == []


@pytest.mark.parametrize(
    "label", ["客户：", "【客户】", "B（客户）：", "刘阿姨（客户）：", "[10:21] 客户小陈：", "Customer: ", "收件人："]
)
def test_K3_labels_of_customers_are_known_in_many_shapes(label: str) -> None:
    text = f"客服：您好。\n{label}有完没完！"
    assert found(text, TRANSCRIPT) == []
    assert Roles(text, Speaker.AGENT).at(len(text) - 2) == Speaker.CUSTOMER


def test_K3_in_a_dialogue_of_two_an_unknown_name_is_the_other_side() -> None:
    assert found("坐席：您好。\n张先生：我不知道啊。", TRANSCRIPT) == []
    assert found("客户：您好。\n小李：有完没完！", TRANSCRIPT) == [("B34", "有完没完")]


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("zhe shen me ji", How.PINYIN),
        ("zhao shen me ji", How.PINYIN),
        ("我也卜知道", How.HOMOPHONE),
        ("莪解决不了", How.HOMOPHONE),
        ("你是儍子吗", How.VARIANT),
    ],
)
def test_K3_readings_and_characters_that_stand_for_others_are_found(text: str, how: str) -> None:
    findings = check(shipped(), text, TO_CUSTOMER).findings
    assert [finding.how for finding in findings] == [how]


def test_K3_a_particle_behind_a_phrase_is_no_repeat_of_its_last_letter() -> None:
    assert found("喊什么嘛，孩子都哭了") == [("B36", "喊什么")]
