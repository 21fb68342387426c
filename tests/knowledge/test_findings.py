"""K3: what is sent is checked with the newest release; a supervisor overrides; 'not a fault' drafts an exception."""

from __future__ import annotations

import pytest
from django.db import transaction

from service_desk.audit.models import AuditEntry
from service_desk.knowledge import places as knowledge_places
from service_desk.knowledge.actions import approve, demand_sayable, dismiss, note_use, record_findings, retire
from service_desk.knowledge.actions.findings import Unsayable
from service_desk.knowledge.current import check_text
from service_desk.knowledge.models import LanguageFinding, PhraseUse, PhraseVersion
from service_desk.knowledge.places import Place
from service_desk.people.models import Staff
from service_desk.people.rules import Role
from service_desk.rest.errors import Conflict, Invalid, NotAllowed
from tests.factories import staff
from tests.knowledge.book import editor_of_the_book


@pytest.fixture(autouse=True)
def places(monkeypatch: pytest.MonkeyPatch) -> None:
    """A case that everybody may see; which cases those are is the room of cases' business."""
    monkeypatch.setitem(
        knowledge_places._RESOLVERS, "case", lambda _user, names: {name: Place("CALL", "/") for name in names}
    )


@pytest.fixture
def editor(db: None) -> Staff:
    return editor_of_the_book(Role.QUALITY_INSPECTOR)


@pytest.fixture
def agent(editor: Staff) -> Staff:
    return staff("agent", Role.FRONT_DESK)


@pytest.fixture
def supervisor(editor: Staff) -> Staff:
    return staff("supervisor", Role.SUPERVISOR)


def keep(text: str, said_by: Staff, direction: str = "internal_note") -> LanguageFinding:
    answer = check_text(text, direction, newest=True)
    (row,) = record_findings(
        answer=answer, text=text, direction=direction, speaker="agent", thing="case:1", said_by=said_by
    )
    return row


def test_K3_what_must_not_go_to_a_customer_is_stopped_with_what_to_say_instead(agent: Staff) -> None:
    with pytest.raises(Unsayable) as refusal, transaction.atomic():
        demand_sayable(actor=agent, text="您好，我就这态度！", thing="case:1", field="reply")
    assert refusal.value.errors[0].field == "reply"
    assert refusal.value.extra["findings"][0]["phrase"] == "我就这态度"
    assert "疏忽" in str(refusal.value.remedy)
    assert not LanguageFinding.objects.exists()


def test_K3_a_warning_does_not_stop_and_is_kept(agent: Staff) -> None:
    with transaction.atomic():
        demand_sayable(actor=agent, text="您好，不知道。", thing="case:1")
    row = LanguageFinding.objects.get()
    assert (row.entry, row.severity, row.said_by, row.thing, row.release_id) == ("B39", "warn", agent, "case:1", 2)


def test_K3_a_supervisor_overrides_with_a_reason_and_nobody_else(agent: Staff, supervisor: Staff) -> None:
    text = "您好，我就这态度！"
    with pytest.raises(NotAllowed), transaction.atomic():
        demand_sayable(actor=agent, text=text, thing="case:1", override="有原因")
    with pytest.raises(Invalid), transaction.atomic():
        demand_sayable(actor=supervisor, text=text, thing="case:1", override="长" * 201)
    with transaction.atomic():
        demand_sayable(actor=supervisor, text=text, thing="case:1", override="引用客户录音")
    row = LanguageFinding.objects.get()
    assert (row.outcome, row.decided_by, row.reason) == ("overridden", supervisor, "引用客户录音")
    assert AuditEntry.objects.filter(verb="language.override", thing="case:1", actor_id=supervisor.pk).count() == 1


def test_K4_not_a_fault_drafts_an_allow_form_with_the_text_as_example(agent: Staff, supervisor: Staff) -> None:
    text = "订购傻子糕两盒"
    row = keep(text, agent)
    version = dismiss(actor=agent, finding=row, reason="商品名")
    assert version is not None
    assert (version.state, version.author) == ("draft", agent)
    assert text in version.content["must_not_hit"]
    assert any("傻子" in allow and len(allow) > 2 for allow in version.content["allow"])
    assert LanguageFinding.objects.get().outcome == "dismissed"
    with pytest.raises(Conflict):
        dismiss(actor=agent, finding=row, reason="再说一次")
    approve(actor=supervisor, versions=[version])
    assert check_text(text, "internal_note", newest=True).findings == ()


def test_K4_one_says_so_of_ones_own_text_or_as_one_who_may_see_findings(agent: Staff, supervisor: Staff) -> None:
    other = staff("other", Role.FRONT_DESK)
    row = keep("这个老家伙", agent)
    with pytest.raises(NotAllowed):
        dismiss(actor=other, finding=row, reason="不是")
    with pytest.raises(Invalid):
        dismiss(actor=supervisor, finding=row, reason="  ")
    assert dismiss(actor=supervisor, finding=row, reason="朋友间玩笑") is not None


def test_Q3_figures_of_each_entry(agent: Staff) -> None:
    dismiss(actor=agent, finding=keep("这个老家伙", agent), reason="不是")
    keep("那个老家伙", agent)
    keep("我就这态度", agent)
    assert list(LanguageFinding.objects.figures()) == [
        {"entry": "B01", "found": 2, "dismissed": 1, "overridden": 0, "replaced": 0},
        {"entry": "B32", "found": 1, "dismissed": 0, "overridden": 0, "replaced": 0},
    ]


def test_K1_uses_of_a_phrase_are_counted_by_day(agent: Staff) -> None:
    note_use(actor=agent, code="A16")
    note_use(actor=agent, code="A16")
    assert PhraseUse.objects.get().times == 2
    for code in ("nothing", "", "x" * 90):
        with pytest.raises(Invalid):
            note_use(actor=agent, code=code)


def test_K4_each_process_uses_what_is_approved_now(agent: Staff, supervisor: Staff) -> None:
    assert check_text("小票机", "internal_note", newest=True).findings == ()
    version = PhraseVersion.objects.in_force().get(phrase__code="B01")
    retire(actor=supervisor, version=version)
    assert check_text("老家伙", "internal_note", newest=True).findings == ()
