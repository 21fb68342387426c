"""K4: what a newer product says otherwise in its phrasebook is offered as drafts, and nothing of the desk's is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service_desk.knowledge import shipped
from service_desk.knowledge.actions import approve, draft, retire
from service_desk.knowledge.actions.updating import take_updates, updates
from service_desk.knowledge.models import PhraseVersion
from service_desk.people.models import Staff
from service_desk.people.rules import Role
from service_desk.rest.errors import Conflict, NotAllowed
from tests.cases.pages import browser, text_of
from tests.factories import staff
from tests.knowledge.book import editor_of_the_book

PAGE = "/phrasebook/update/"


@pytest.fixture
def editor(db: None) -> Staff:
    return editor_of_the_book(Role.SUPERVISOR)


@pytest.fixture
def other() -> Staff:
    return staff("other", Role.SUPERVISOR)


def newer(monkeypatch: pytest.MonkeyPatch, code: str, **changes: Any) -> None:
    """A product whose entry of this code says something else."""
    items = json.loads(json.dumps(shipped.entries()))
    for item in items:
        if item["code"] == code:
            item.update(changes)
    monkeypatch.setattr("service_desk.knowledge.actions.updating.entries", lambda: items)


def in_force(code: str) -> PhraseVersion:
    found: PhraseVersion = PhraseVersion.objects.in_force().get(phrase__code=code)
    return found


def test_K4_a_newer_product_offers_drafts_that_somebody_else_approves(
    editor: Staff, other: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert updates() == []
    with pytest.raises(Conflict):
        take_updates(actor=editor)
    newer(monkeypatch, "B34", forms=["有完没{有|}完", "没完了是吧"])
    newest = in_force("B34")
    (update,) = updates()
    assert (update.code, update.is_own, update.sides()[0].fields) == ("B34", False, ["forms"])
    with pytest.raises(NotAllowed):
        take_updates(actor=staff("auditor", Role.AUDITOR))
    (made,) = take_updates(actor=editor)
    assert in_force("B34") == newest
    assert updates() == []  # it waits for its approval
    approve(actor=other, versions=[made])
    assert in_force("B34").content["forms"] == ["有完没{有|}完", "没完了是吧"]
    assert updates() == []


def test_K4_what_the_desk_has_changed_stays_in_it(editor: Staff, other: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    old = in_force("B14")
    own = {**old.content, "allow": [*old.content["allow"][1:], "麻子沟"], "suggestions": ["先生"]}
    approve(actor=other, versions=[draft(actor=editor, code="B14", kind="banned", text=old.text, content=own)])
    newer(monkeypatch, "B14", allow=[*old.content["allow"], "麻子峪"], suggestions=["您", "女士"])
    (update,) = updates()
    assert update.is_own
    assert set(update.after["allow"]) == {*own["allow"], "麻子峪"}
    assert old.content["allow"][0] not in update.after["allow"]
    assert update.after["suggestions"] == ["女士", "先生"]


def test_K4_what_was_refused_or_retired_is_not_offered_again(
    editor: Staff, other: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer(monkeypatch, "B34", forms=["没完了是吧"])
    (made,) = take_updates(actor=editor)
    retire(actor=other, version=made)
    assert updates() == []
    newer(monkeypatch, "B36", forms=["喊啥喊"])
    retire(actor=other, version=in_force("B36"))
    assert updates() == []


def test_K4_the_offer_on_the_screen(editor: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    client = browser(editor)
    assert "Nothing to take over" in text_of(client.get(PAGE))
    newer(monkeypatch, "B34", forms=["没完了是吧"])
    assert "a newer wording of 1 entry" in text_of(client.get("/phrasebook/"))
    page = client.get(PAGE)
    assert "没完了是吧" in text_of(page)
    newer(monkeypatch, "B14", allow=[*in_force("B14").content["allow"], "麻子峪"])
    shown = text_of(client.get(PAGE))
    assert "麻子峪" in shown
    assert "亚麻子" not in shown  # of a list only what changes
    newer(monkeypatch, "B34", forms=["没完了是吧"])
    for bad in ({"code": "\x00"}, {"code": "B99"}, {"code": "X" * 10_000}, {}):
        answer = client.post(PAGE, bad, follow=True)
        assert answer.status_code in (200, 400), bad
        assert not PhraseVersion.objects.drafts().exists()
    answer = client.post(PAGE, {"code": ["B34"]})
    assert answer.headers["Location"] == "/phrasebook/?state=draft"
    assert PhraseVersion.objects.drafts().get().phrase.code == "B34"
    assert browser(staff("reader", Role.AUDITOR)).get(PAGE).status_code == 403
