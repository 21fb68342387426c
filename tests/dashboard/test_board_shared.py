"""Boards that share a reading show nothing of anybody's own, hear of every change, and get no page that they have."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from service_desk.audit.models import AuditEntry
from service_desk.cases.actions import accept
from service_desk.cases.models import Case, CaseCircle, CircleWhy, HandOver, admit
from service_desk.dashboard.board import now as board
from service_desk.dashboard.board import parts, sharing
from service_desk.dashboard.board.figures import FIGURES, counts
from service_desk.deadlines.clock import now
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.rules import Door
from service_desk.local.demo.past import history_may_be_written
from service_desk.notices.actions import acknowledge
from service_desk.notices.models import Notice
from service_desk.people.access import can
from service_desk.people.models import Absence
from service_desk.telephony.actions import tell_silence
from service_desk.telephony.models import CallEvent
from tests.cases.pages import HTMX, browser, text_of
from tests.factories import World, shift_time, world
from tests.telephony.senders import Script, pbx


@pytest.fixture
def desk(db: None, monkeypatch: pytest.MonkeyPatch) -> World:
    sharing.forget()
    parts.forget()
    monkeypatch.setattr(sharing, "SHARED_SECONDS", 60.0)
    monkeypatch.setattr(sharing, "UNHEARD_SECONDS", 60.0)
    return world()


def part(client: Client, mark: str = "", address: str = "/board/", **more: str) -> Any:
    return client.get(address, headers={**HTMX, "Board-Mark": mark, **more})


def urgent(desk: World, **fields: Any) -> Case:
    case = desk.register(severity="critical", **fields)
    shift_time(case, hours=5)
    sweep(Door.SENTINEL)
    return case


def test_boards_of_equal_rights_cost_one_reading_and_one_that_stands_still_no_page(desk: World) -> None:
    urgent(desk)
    auditors = [browser(desk.auditor), browser(desk.auditor)]
    auditors[1].get("/notices/")  # the first page of a session writes to it
    first = part(auditors[0])
    with CaptureQueriesContext(connection) as second_costs:
        second = part(auditors[1])
    assert first.headers["Board-Mark"] == second.headers["Board-Mark"]
    assert len(second_costs) <= 7, "\n".join(query["sql"][:120] for query in second_costs)
    still = part(auditors[0], first.headers["Board-Mark"])
    assert (still.status_code, still.content) == (204, b"")
    assert part(auditors[0], "another").status_code == 200
    wall = part(auditors[0], first.headers["Board-Mark"], "/board/wall/")
    assert wall.status_code == 200
    assert desk.customer.name not in wall.content.decode()


def test_a_change_is_shown_once_the_moment_of_sharing_is_over(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    chief = browser(desk.chief)
    before = part(chief)
    case = urgent(desk)
    monkeypatch.setattr(sharing, "SHARED_SECONDS", 0.0)
    assert part(chief, before.headers["Board-Mark"]).status_code == 204  # has heard of nothing
    after = part(chief, before.headers["Board-Mark"], **{"Board-Heard": "1"})
    assert after.status_code == 200
    assert case.number in text_of(after)


def test_P6_what_is_ones_own_is_never_in_what_others_are_shown(desk: World) -> None:
    plain, secret = urgent(desk), urgent(desk, fault="隐情")
    Case.objects.filter(pk=secret.pk).update(confidential=True)
    admit(secret.pk, [desk.chief.pk], CircleWhy.OFFERED, by=None, reason="x")
    assert sharing.known_beyond([desk.chief, desk.auditor]) == {desk.chief.pk: [secret.pk], desk.auditor.pk: []}
    shown = {"chief": text_of(part(browser(desk.chief)))}  # drawn first: nothing of it may be left for the others
    assert secret.number in shown["chief"]
    for name in ("auditor", "head", "inspector", "gm_product", "admin"):
        for address in ("/board/", "/board/wall/"):
            text = text_of(part(browser(desk.people[name]), address=address))
            assert plain.number in text, name
            assert secret.number not in text, name
            assert "隐情" not in text, name
    admit_ended = CaseCircle.objects.filter(case=secret, staff=desk.chief)
    with history_may_be_written():
        admit_ended.update(until=now())
    assert secret.number not in text_of(part(browser(desk.chief)))  # though the reading is the old one


@pytest.mark.parametrize("confidential", [False, True])
def test_P6_a_shared_reading_and_what_one_knows_beyond_make_what_one_would_read_alone(
    desk: World, confidential: bool
) -> None:
    plain, other = urgent(desk), urgent(desk, fault="隐情")
    shift_time(desk.register(severity="major", fault="soon"), minutes=20)
    if confidential:
        Case.objects.filter(pk=other.pk).update(confidential=True)
        for person in (desk.chief, desk.inspector):
            admit(other.pk, [person.pk], CircleWhy.OFFERED, by=None, reason="x")
    shared: dict[Any, set[str]] = {}
    viewers = [person for person in desk.people.values() if can(person, "board.view")]
    together = sharing.boards_of(viewers, 0.0)
    sharing.forget()
    for person in viewers:
        found, alone = sharing.board_of(person, 0.0), board.read(person, now())
        assert (together[person.pk].numbers, together[person.pk].mine) == (found.numbers, found.mine)
        assert found.numbers == counts(person, FIGURES.values()) == alone.numbers
        assert [line.id for line in found.urgent] == [line.id for line in alone.urgent]
        assert [line.id for line in found.following] == [line.id for line in alone.following]
        assert [each.load for each in found.agents] == [each.load for each in alone.agents]
        known = other.number in str([line.id for line in found.urgent])
        assert known == (not confidential or person in (desk.chief, desk.inspector))
        if not sharing.known_beyond([person])[person.pk]:
            shared.setdefault(sharing.rights_of(person), set()).add(str(found.numbers))
    assert all(len(numbers) == 1 for numbers in shared.values())
    assert plain.number in str(sharing.board_of(desk.auditor, 0.0).urgent)


def test_each_form_carries_the_token_of_its_own_session_and_the_answers_of_its_own_person(desk: World) -> None:
    case = urgent(desk)
    mine = Notice.objects.waiting().filter(about=f"case:{case.pk}", recipient=desk.gm_product).first()
    assert mine is not None
    others = part(browser(desk.gm_marketing)).content.decode()
    own = part(browser(desk.gm_product)).content.decode()
    assert str(mine.key) in own
    assert str(mine.key) not in others
    assert "token-of-this-session" not in own + others
    assert len({text.split('csrfmiddlewaretoken" value="')[1][:32] for text in (own, others)}) == 2
    acknowledge(notice=mine, actor=desk.gm_product, via="screen")
    assert str(mine.key) not in part(browser(desk.gm_product)).content.decode()  # though the reading is the old one


def waiting_notice(desk: World) -> tuple[Case, Notice]:
    case = urgent(desk)
    found = Notice.objects.waiting().filter(about=f"case:{case.pk}", recipient=desk.gm_product).first()
    assert found is not None
    return case, found


def test_C7_a_deputy_is_told_the_same_in_the_same_chain_and_the_answer_counts_for_both(desk: World) -> None:
    case, notice = waiting_notice(desk)
    chief = browser(desk.chief)
    address = f"/board/deputy/{case.number}/"
    assert address in part(chief).content.decode()
    dialog = chief.get(address, headers=HTMX)
    assert "Call in" in text_of(dialog)
    proposed = dialog.context["form"].initial.get("deputy")
    assert proposed is None or f'name="deputy" value="{proposed}"' in dialog.content.decode()
    data = {"notice": str(notice.key), "deputy_text": desk.colleague.username}
    page = chief.post(address, data, follow=True)
    assert "has been called in" in text_of(page)
    told = Notice.objects.get(chain=notice.chain, recipient=desk.colleague)
    assert (told.kind, told.level, told.instead_of_id, told.needs_ack) == (
        notice.kind, notice.level, notice.instead_of_id or notice.recipient_id, True,
    )  # fmt: skip
    assert told.facts.items() >= notice.facts.items()
    assert told.deliveries.exists()
    entry = AuditEntry.objects.filter(verb="notice.call_in").latest("id")
    assert (entry.thing, entry.actor_id, entry.detail["deputy"]) == (
        f"case:{case.pk}",
        desk.chief.pk,
        desk.colleague.pk,
    )
    again = chief.post(address, {**data, "notice": str(told.key)})
    assert again.status_code == 409
    assert "is the one who was told" in text_of(again)
    acknowledge(notice=told, actor=desk.colleague, via="screen")
    notice.refresh_from_db()
    assert notice.acked_by == desk.colleague


@pytest.mark.parametrize(
    ("notice", "deputy"),
    [("", ""), ("x", "colleague"), ("\x00", "\x00"), ("own", "nobody here"), ("own", "9" * 400), ("own", "\ud800")],
)
def test_a_wrong_answer_of_the_form_is_said_beside_it(desk: World, notice: str, deputy: str) -> None:
    case, own = waiting_notice(desk)
    sent = {"notice": str(own.key) if notice == "own" else notice, "deputy_text": deputy}
    try:
        page = browser(desk.chief).post(f"/board/deputy/{case.number}/", sent)
    except UnicodeEncodeError:
        return  # no browser can send it
    assert page.status_code == 422
    assert Notice.objects.filter(recipient=desk.colleague, chain=own.chain).count() == 0


def test_nobody_is_called_in_by_who_does_not_lead_nor_who_is_away_nor_into_what_is_not_theirs(desk: World) -> None:
    case, notice = waiting_notice(desk)
    address, data = f"/board/deputy/{case.number}/", {"notice": str(notice.key), "deputy_text": desk.colleague.username}
    assert browser(desk.agent).post(address, data).status_code == 403
    assert browser(desk.auditor).post(address, data).status_code == 409  # looks at the board, and leads nobody
    Absence.objects.create(
        staff=desk.colleague,
        deputy=desk.agent,
        starts_at=now() - timedelta(hours=1),
        ends_at=now() + timedelta(hours=1),
    )
    page = browser(desk.chief).post(address, data)
    assert "away or has left" in text_of(page)
    Case.objects.filter(pk=case.pk).update(confidential=True)
    assert browser(desk.chief).post(address, data).status_code == 404
    assert browser(desk.chief).get("/board/deputy/CALL-1%00/").status_code == 404


def test_a_phone_system_of_whose_silence_was_told_stands_on_the_board_until_it_is_heard_again(desk: World) -> None:
    phone = pbx(name="总机")
    phone.post(Script(call_id="first").event("answered", 0))

    def stands() -> list[str]:
        return [str(row) for row in FIGURES["silent_phones"].rows(desk.chief)]

    assert stands() == []
    with transaction.atomic(), history_may_be_written():
        CallEvent.objects.update(received_at=now() - timedelta(minutes=90))
    assert tell_silence()
    assert stands() == ["总机"]
    assert "总机" in text_of(browser(desk.chief).get("/board/list/silent_phones/"))
    phone.post(Script(call_id="second").event("answered", 0))
    assert stands() == []


def test_undoing_a_hand_over_of_many_takes_back_each_offer_that_nobody_has_accepted(desk: World) -> None:
    cases = [desk.register(severity="minor", fault=f"第{n}件") for n in range(3)]
    words = {"done": "a", "remaining": "b", "promised": "c"}
    agent = browser(desk.agent)
    page = agent.get("/desk/hand-over/")
    data: dict[str, Any] = {"sure": "1", "receiver": desk.colleague.pk, "token": page.context["token"]}
    for case in cases:
        data |= {f"take_{case.pk}": "on"} | {f"{name}_{case.pk}": text for name, text in words.items()}
    done = agent.post("/desk/hand-over/", data, follow=True)
    assert len(done.context["done"]) == 3, text_of(done)
    assert "Undo: " in text_of(done)
    accept(case=cases[0], actor=desk.colleague)
    undone = agent.post(done.request["PATH_INFO"] + "undo/", follow=True)
    assert [item.number for item in undone.context["refused"]] == [cases[0].number]
    assert HandOver.objects.filter(state="withdrawn").count() == 2
    assert Case.objects.get(pk=cases[1].pk).handler == desk.agent
    assert agent.post(f"/cases/bulk/{uuid.uuid4()}/undo/").status_code == 404
    assert browser(desk.colleague).post(done.request["PATH_INFO"] + "undo/").status_code == 404
