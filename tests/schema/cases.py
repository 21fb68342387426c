"""Cases in every state a verb starts from, with what hangs on them, and what each operation on cases takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from service_desk.cases import actions
from service_desk.cases.actions.articles import link_article
from service_desk.cases.models import Case, CaseDeadline, RequestType
from service_desk.cases.moves import why_not
from service_desk.cases.rules import MOVES
from service_desk.deadlines.clock import now
from service_desk.knowledge.models import Article
from tests.cases.lives import progress_policy
from tests.cases.papers import SERVICE, submitted
from tests.factories import World
from tests.schema.orders import Order, Orders, order

#: Leaves a case behind in every state that a verb starts from.
WAY: list[tuple[str, dict[str, Any]]] = [
    ("start", {}),
    ("wait", {"waiting_for": "part", "text": "等备件"}),
    ("restore", {"text": "更换主控板"}),
    ("resolve", {"outcome": "主控板故障"}),
    ("reply", {"reply": "已恢复", "channel": "phone"}),
    ("close", {}),
]
#: Who may be the one to make a move.
_MOVERS = ("chief", "engineer")


def add(desk: World, orders: Orders, articles: Sequence[Article]) -> None:
    """The cases, and the rows of their operations."""
    kind = RequestType.objects.create(name="版本升级", name_en="Upgrade", service_line=desk.line, materials="升级方案")
    _in_every_state(desk, kind)
    papers, draft = _with_papers(desk)
    link_article(case=papers, actor=desk.chief, article=articles[0].pk)
    number = papers.number
    clock = CaseDeadline.objects.filter(case=papers).earliest("pk")
    report = papers.reports.exclude(pk=draft.pk).get()
    file = papers.files.kept().earliest("pk")
    orders.add(
        {
            "cases/{number}/": {"number": number},
            "cases/{number}/reports/{id}/": {"number": number, "id": report.pk},
            "cases/{number}/files/{id}/": {"number": number, "id": file.pk},
            "cases/{number}/articles/{id}/": {"number": number, "id": articles[0].pk},
            "cases/{number}/deadlines/{clock}/": {"number": number, "clock": clock.pk},
            "request-types/{id}/": {"id": kind.pk},
        },
        {
            "POST cases/": order({"customer": desk.customer.pk, "product_type": desk.product.pk, "fault": "断站"}),
            "POST cases/bulk/": order({"verb": "note", "numbers": [number], "answers": {"text": "已看"}}),
            "POST cases/{number}/articles/": order({"article": articles[1].pk}),
            "POST cases/{number}/files/": order({"file": b"one more line", "purpose": "attachment"}),
            "POST cases/{number}/files/{id}/withdraw/": order({"reason": "传错了"}),
            "POST cases/{number}/reports/": order({"kind": "upgrade_summary", "data": {}}),
            "PATCH cases/{number}/reports/{id}/": order({"data": {"found": "光衰过大"}}, id=draft.pk),
            "GET cases/{number}/reports/{id}/pdf/": order(costly=True),
            "POST cases/{number}/reports/{id}/submit/": order({"channel": "visit", "recipient": "李工"}, id=draft.pk),
            **{f"POST cases/{{number}}/{verb}/": _move(desk, verb) for verb in MOVES},
        },
    )


def _in_every_state(desk: World, kind: RequestType) -> None:
    chief = desk.chief
    progress_policy(desk, severity="minor")
    desk.register(severity="critical", caller_name="李工", caller_phone="0755/2677-2892")
    desk.register(actor=chief)
    for steps in range(len(WAY) + 1):
        case = desk.register(actor=chief, severity="minor")
        for verb, words in WAY[:steps]:
            getattr(actions, verb)(case=case, actor=chief, **words)
    actions.retype(case=desk.register(actor=chief), actor=chief, request_type=kind.pk, text="升级")
    asked, given, promised = (desk.register(actor=chief) for _ in range(3))
    actions.ask(case=asked, actor=chief, expert=desk.engineer, text="该定几级？")
    actions.hand_over(case=given, actor=chief, receiver=desk.engineer, done="已查", remaining="上站", promised="无")
    actions.promise(case=promised, actor=chief, text="回电", due_at=now() + timedelta(hours=5))


def _with_papers(desk: World) -> tuple[Case, Any]:
    """A case with a report that was submitted, another that is being written, and a file."""
    case = desk.register(actor=desk.chief, severity="minor")
    actions.start(case=case, actor=desk.chief)
    submitted(case, desk.chief)
    draft = actions.save_report(case=case, actor=desk.chief, kind="service_report", data=SERVICE)
    actions.attach(case=case, actor=desk.chief, content=b"line", name="a.log")
    return case, draft


def _move(desk: World, verb: str) -> Order:
    """A verb meets the newest case that can bear it, and whoever may make it."""
    cases = desk.customer.cases.filter(state__in=MOVES[verb].sources).order_by("-id")
    found = ((case, who) for case in cases for who in _MOVERS if not why_not(getattr(desk, who), verb, case))
    case, who = next(found)
    words = _WORDS.get(verb)
    return order(words(desk, case) if words else None, by=who, number=case.number)


def _other(desk: World, case: Case) -> str:
    """Another case of the customer with work left."""
    return desk.customer.cases.filter(state="in_progress").exclude(pk=case.pk).earliest("pk").number


def _promise(case: Case) -> int:
    return case.promises.earliest("pk").pk


def _later() -> str:
    return (now() + timedelta(hours=20)).isoformat()


_SAID: Callable[[World, Case], dict[str, Any]] = lambda _desk, _case: {"text": "已与客户核实"}  # noqa: E731
_WORDS: dict[str, Callable[[World, Case], dict[str, Any]]] = {
    **dict.fromkeys(("note", "restore", "cancel", "answer", "reopen", "decline"), _SAID),
    "grade": lambda _desk, _case: {"severity": "major"},
    "tell": lambda _desk, _case: {"text": "备件在途", "channel": "phone"},
    "observe": lambda _desk, _case: {"text": "影响扩大", "level": "major"},
    "wait": lambda _desk, _case: {"waiting_for": "customer", "text": "等客户开门"},
    "resolve": lambda _desk, _case: {"outcome": "更换主控板"},
    "reply": lambda _desk, _case: {"reply": "已恢复", "channel": "phone"},
    "hand_over": lambda desk, _case: {
        "receiver": desk.colleague.pk, "done": "已查", "remaining": "上站", "promised": "无",
    },
    "promise": lambda _desk, _case: {"text": "回电", "due_at": _later()},
    "keep": lambda _desk, case: {"promise": _promise(case), "text": "已回电"},
    "postpone": lambda _desk, case: {
        "promise": _promise(case), "text": "备件晚到", "channel": "phone", "due_at": _later(),
    },
    "ask": lambda desk, _case: {"expert": desk.engineer.pk, "text": "该定几级？"},
    "interval": lambda _desk, _case: {"minutes": 60, "text": "客户要求"},
    "retype": lambda _desk, _case: {"request_type": RequestType.objects.get().pk, "text": "其实是升级"},
    "link": lambda desk, case: {"other": _other(desk, case), "relation": "related"},
    "split": lambda _desk, _case: {"fault": "另一处断站", "text": "两处故障"},
    "merge": lambda desk, case: {"into": _other(desk, case), "text": "同一故障"},
}  # fmt: skip
