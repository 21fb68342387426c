"""K3 for programs: talks sent in as a whole, checked by a worker, read by those who may."""

from __future__ import annotations

from typing import Any

import pytest
from celery import current_app
from kombu.exceptions import OperationalError

from service_desk.knowledge import current
from service_desk.knowledge.actions import approve, draft, transcripts
from service_desk.knowledge.models import LanguageFinding, Transcript
from service_desk.knowledge.tasks import check_transcript, sweep_transcripts
from tests.cases.callers import fields, key, session
from tests.factories import World, world

pytestmark = pytest.mark.django_db
TALKS = "/api/v1/transcripts/"
RUDE = "我就这态度"


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(current, "_current", current.Current())
    monkeypatch.setattr(current, "EVERY", 0.0)
    monkeypatch.setattr(current_app, "send_task", lambda _task, arguments: check_transcript(*arguments))
    made = world()
    content: dict[str, Any] = {
        "category": "unfriendly",
        "suggestions": ["很抱歉"],
        "must_hit": [RUDE],
        "must_not_hit": ["您好"],
    }
    version = draft(actor=made.agent, code="X1", kind="banned", text=RUDE, content=content)
    approve(actor=made.manager, versions=[version])
    return made


def test_K3_lines_with_their_speakers_are_checked_and_the_answer_says_how_far_it_is(desk: World) -> None:
    lines = [{"speaker": speaker, "text": f"{RUDE}。"} for speaker in ("agent", "customer", "unknown")]
    client = key(desk.agent, "language:check")
    sent = client.post(TALKS, {"title": "工单录音", "lines": lines, "agent": desk.colleague.pk})
    assert sent.status_code == 202, sent.content
    read = client.get(sent.headers["Location"]).json()
    assert (read["state"], read["done"], read["lines"], read["found"]) == ("done", 3, 3, 1)
    finding = LanguageFinding.objects.get()
    assert finding.said_by == desk.colleague
    shown = session(desk.inspector).get(f"/api/v1/findings/{finding.pk}/").json()
    assert (shown["hidden"], shown["thing"]) == (False, f"transcript:{read['id']}:1")
    assert session(desk.colleague).get(sent.headers["Location"]).status_code == 404
    assert session(desk.inspector).get(TALKS).json()["results"][0]["title"] == "工单录音"


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, "title"),
        ({"title": "x"}, "lines"),
        ({"title": "x", "text": "a", "lines": [{"speaker": "agent", "text": "b"}]}, "lines"),
        ({"title": "x", "lines": []}, "lines"),
        ({"title": "x", "lines": [{"speaker": "boss", "text": "b"}]}, "lines/0/speaker"),
        ({"title": "x", "lines": [{"speaker": "agent", "text": "b" * 4001}]}, "lines/0/text"),
        ({"title": "x", "lines": "agent: b"}, "lines"),
        ({"title": "x", "text": " \n"}, "text"),
        ({"title": "", "text": "a"}, "title"),
        ({"title": "x", "text": "a\x00"}, "text"),
        ({"title": "x", "text": "a", "agent": 10**20}, "agent"),
        ({"title": "x", "text": "a", "agent": 999_999}, "agent"),
        ({"title": "x", "text": "a", "state": "done"}, "state"),
    ],
)
def test_bad_talks_are_refused_by_field(desk: World, body: dict[str, Any], wrong: str) -> None:
    answer = session(desk.agent).post(TALKS, body)
    assert answer.status_code == 400, answer.content
    assert any(name.startswith(wrong.split("/", maxsplit=1)[0]) for name in fields(answer)), answer.content
    assert not Transcript.objects.exists()


def test_the_task_that_is_named_is_there() -> None:
    assert check_transcript.name == transcripts.TASK


def test_K3_without_a_broker_the_sweep_takes_it_up(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    working = current_app.send_task

    def broken(_task: str, _arguments: list[int]) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(current_app, "send_task", broken)
    made = Transcript.objects.create(title="x", by=desk.agent, lines_count=1)
    made.lines.create(number=1, speaker="agent", text=RUDE)
    transcripts.begin(transcript_id=made.pk)
    made.refresh_from_db()
    assert made.done == 0
    monkeypatch.setattr(current_app, "send_task", working)
    Transcript.objects.filter(pk=made.pk).update(moved_at="2026-01-01T00:00:00Z")
    sweep_transcripts()
    made.refresh_from_db()
    assert (made.state, made.found) == ("done", 1)
