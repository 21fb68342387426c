"""Articles, phrases, releases, findings and transcripts, and what each operation on them takes."""

from __future__ import annotations

from typing import Any

from service_desk.cases import actions as cases
from service_desk.knowledge.actions import approve, draft, roll_back
from service_desk.knowledge.actions import articles as writing
from service_desk.knowledge.actions.articles_beside import change_synonyms
from service_desk.knowledge.actions.scripting import add_line
from service_desk.knowledge.actions.transcripts import send_in
from service_desk.knowledge.models import Article, BookRelease, LanguageFinding, PhraseVersion
from tests.cases.test_files import picture
from tests.factories import World
from tests.knowledge.articles import BODY, published, written
from tests.schema.orders import Orders, order

RUDE = "你等着瞧"
_BANNED = {"category": "unfriendly", "suggestions": ["请您稍等。"], "must_hit": [f"{RUDE}。"], "must_not_hit": ["您好"]}
_ARTICLE = {"title": "光衰过大怎么处理", "body": BODY}
_NOTE = {"note": "已核对"}


def articles(desk: World, orders: Orders) -> list[Article]:
    """Articles in every state that a verb starts from; the two in force."""
    agent, chief = desk.agent, desk.chief
    force = [published(agent, chief, title) for title in ("基站断站怎么处理", "光模块怎么换")]
    mine, sent = written(chief), written(agent)
    writing.submit(actor=agent, article=sent)
    change_synonyms(actor=chief, text="退服 = 断站", based_on=0)
    version = {"id": force[0].pk, "number": force[0].versions.latest("pk").number}
    orders.add(
        {
            "articles/{id}/": {"id": force[0].pk},
            "articles/{id}/versions/{number}/": version,
            "synonyms/{number}/": {"number": 1},
        },
        {
            "POST articles/": order(_ARTICLE),
            "PUT articles/{id}/draft/": order(_ARTICLE, id=mine.pk),
            "POST articles/{id}/submit/": order(id=mine.pk),
            "POST articles/{id}/discard/": order(id=mine.pk),
            "POST articles/{id}/publish/": order({}, id=sent.pk),
            "POST articles/{id}/send-back/": order({"answer": "请补充步骤"}, id=sent.pk),
            "POST articles/{id}/confirm/": order({}),
            "POST articles/{id}/retire/": order({"reason": "设备下线"}),
            "POST articles/{id}/feedback/": order({"useful": True}),
            "POST articles/{id}/pictures/": order({"file": picture("PNG", (10, 10))}),
            "GET articles/search/": order(query={"q": "断站"}),
            "GET articles/suggest/": order(query={"q": "断站"}),
            "GET search/": order(query={"q": "断站"}),
            "POST synonyms/": order({"groups": [["掉站", "断站"]], "based_on": 1}),
        },
    )
    return force


def _drafted(desk: World, code: str, text: str, kind: str = "approved", **content: Any) -> PhraseVersion:
    return draft(actor=desk.agent, code=code, kind=kind, text=text, content=content)


def language(desk: World, orders: Orders) -> None:
    """Two releases and the first of them again, a draft, a finding, a transcript, a line of the script."""
    chief = desk.chief
    wait = _drafted(desk, "A1", "请稍等一下", situation="wait")
    approve(actor=chief, versions=[wait, _drafted(desk, "X1", RUDE, kind="banned", **_BANNED)])
    approve(actor=chief, versions=[_drafted(desk, "A2", "感谢您的来电", situation="thanks")])
    cases.tell(case=desk.register(actor=chief), actor=chief, text=RUDE, channel="phone", override="客户原话")
    roll_back(actor=chief, release=BookRelease.objects.get(number=1))
    waiting = _drafted(desk, "A3", "早上好")
    line = add_line(actor=chief, situation="wait", code="A1")
    talk = send_in(actor=chief, title="回访", text="坐席：您好\n客户：你好")
    finding = LanguageFinding.objects.get()
    csv = "code,kind,text,category,group,situation,severity,need,fuzzy,note\nA4,approved,请讲,,,ask,,,,\n"
    orders.add(
        {
            "phrases/{id}/": {"id": wait.pk},
            "releases/{number}/": {"number": 2},
            "findings/{id}/": {"id": finding.pk},
            "transcripts/{id}/": {"id": talk.pk},
            "scripts/{id}/": {"id": line.pk},
        },
        {
            "POST phrases/": order({"code": "A5", "kind": "approved", "text": "请讲"}),
            "POST phrases/{id}/approve/": order({}, id=waiting.pk),
            "POST phrases/{id}/retire/": order(_NOTE, id=waiting.pk),
            "POST phrases/approve/": order({"phrases": [waiting.pk]}),
            "POST phrases/import/": order({"csv": csv}),
            "POST releases/{number}/roll-back/": order(_NOTE),
            "POST findings/{id}/dismiss/": order({"reason": "引用客户原话"}),
            "POST language/check/": order({"text": RUDE, "direction": "to_customer"}),
            "POST transcripts/": order({"title": "回访", "text": "坐席：您好"}),
            "POST scripts/": order({"situation": "hold", "code": "A1", "position": 2}),
            "POST scripts/say/": order({}),
        },
    )
