"""The pages of the phrasebook (K1-K5): drafted, approved by somebody else, released, tried, inspected, imported."""

from __future__ import annotations

import uuid
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from celery import current_app
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from service_desk.cases.models import Case
from service_desk.deadlines.clock import now
from service_desk.knowledge import current
from service_desk.knowledge.actions import approve, draft, note_use, transcripts
from service_desk.knowledge.actions.scripting import add_line
from service_desk.knowledge.actions.transcripts import forsaken, send_in
from service_desk.knowledge.models import BookRelease, LanguageFinding, Phrase, PhraseVersion, ScriptLine, Transcript
from service_desk.knowledge.models.findings import PhraseUse
from service_desk.knowledge.tasks import check_transcript
from tests.cases.pages import browser, post, text_of
from tests.factories import World, world

pytestmark = pytest.mark.django_db
RUDE = "我就这态度"
CONTENT: dict[str, Any] = {
    "category": "unfriendly",
    "suggestions": ["请您原谅，这是我工作的疏忽。"],
    "must_hit": [f"{RUDE}。"],
    "must_not_hit": ["您好"],
}
FORM = {
    "code": "B99",
    "kind": "banned",
    "text": "你等着瞧",
    "category": "unfriendly",
    "suggestions": "请您原谅\r\n很抱歉",
    "must_hit": "你等着瞧。",
    "must_not_hit": "您好",
    "fuzzy": "on",
}


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(current, "_current", current.Current())
    monkeypatch.setattr(current, "EVERY", 0.0)
    made = world()
    drafts = [
        draft(actor=made.agent, code="X1", kind="banned", text=RUDE, content=CONTENT),
        draft(actor=made.agent, code="A1", kind="approved", text="请稍等一下", content={"situation": "wait"}),
        draft(actor=made.agent, code="A3", kind="approved", text="早上好，这里是〔公司名称〕", content={}),
    ]
    approve(actor=made.manager, versions=drafts)
    return made


def newest() -> BookRelease:
    """The release in force."""
    found: BookRelease = BookRelease.objects.newest()[0]
    return found


PAGES = [
    "/phrasebook/",
    "/phrasebook/?state=draft&kind=banned&category=unfriendly&situation=x&q=qs",
    "/phrasebook/new/",
    "/phrasebook/try/",
    "/phrasebook/import/",
    "/phrasebook/export/",
    "/phrasebook/releases/",
    "/phrasebook/releases/1/",
    "/phrasebook/releases/1/?against=7",
    "/phrasebook/findings/",
    "/phrasebook/findings/figures/",
    "/phrasebook/findings/figures/?back=3",
    "/phrasebook/transcripts/",
    "/phrasebook/scripts/",
    "/phrasebook/entries/X1/",
    "/phrasebook/entries/X1/draft/",
]


@pytest.mark.parametrize("page", PAGES)
def test_K4_each_page_opens_for_an_editor_and_asks_others_to_log_in(desk: World, page: str) -> None:
    assert browser(desk.chief).get(page).status_code == 200
    assert browser(desk.chief, "zh-hans").get(page).status_code == 200
    assert Client().get(page).status_code == 302


BAD = ["\x00", "x" * 300, "😀" * 90, "-1", "9" * 400, "<b>", "%", "'", "１"]


@pytest.mark.parametrize("value", BAD)
def test_bad_input_in_addresses_is_never_a_defect(desk: World, value: str) -> None:
    client = browser(desk.chief)
    for name in ("q", "state", "kind", "category", "situation", "after", "before"):
        assert client.get("/phrasebook/", {name: value}).status_code in (200, 400, 404), name
    for name in ("entry", "outcome", "severity", "direction", "after"):
        assert client.get("/phrasebook/findings/", {name: value}).status_code in (200, 400, 404), name
    assert client.get("/phrasebook/findings/figures/", {"back": value}).status_code in (200, 400)
    assert client.get("/phrasebook/releases/1/", {"against": value}).status_code in (200, 400)
    assert client.get("/phrasebook/offers/", {"q": value}).status_code in (200, 400)


def test_K4_a_draft_of_one_is_approved_by_another_and_then_in_force(desk: World) -> None:
    made = browser(desk.chief).post("/phrasebook/new/", FORM)
    assert made.status_code == 302, text_of(made)
    version = PhraseVersion.objects.get(phrase__code="B99")
    assert version.content["suggestions"] == ["请您原谅", "很抱歉"]
    own = browser(desk.chief).post(f"/phrasebook/versions/{version.pk}/approve/", {"note": ""})
    assert own.status_code == 422
    assert "Somebody else approves what you have drafted." in text_of(own)
    page = text_of(browser(desk.chief).get("/phrasebook/entries/B99/"))
    assert "Somebody else approves what you have drafted." in page
    approved = browser(desk.manager).post(f"/phrasebook/versions/{version.pk}/approve/", {"note": "同意"})
    assert approved.status_code == 302
    assert newest().number == 2
    retired = browser(desk.manager).post(f"/phrasebook/versions/{version.pk}/retire/", {"note": "重复"})
    assert retired.status_code == 302
    assert newest().number == 3


def test_K4_an_approval_whose_examples_fail_says_which_and_keeps_the_draft(desk: World) -> None:
    assert browser(desk.agent).post("/phrasebook/new/", {**FORM, "must_hit": "您好呀"}).status_code == 302
    version = PhraseVersion.objects.get(phrase__code="B99")
    page = browser(desk.chief).post(f"/phrasebook/versions/{version.pk}/approve/", {})
    assert page.status_code == 422
    assert "does not find its example “您好呀”" in text_of(page)
    version.refresh_from_db()
    assert version.state == "draft"


@pytest.mark.parametrize("value", ["", " ", "\x00", "x" * 5_000, "{你|", "。。", "\u200b", "{a|b}" * 30])
@pytest.mark.parametrize("name", ["code", "text", "forms_", "must_hit", "suggestions", "note", "kind", "category"])
def test_bad_input_in_a_draft_stands_beside_its_field(desk: World, name: str, value: str) -> None:
    answer = browser(desk.agent).post("/phrasebook/new/", {**FORM, name: value})
    assert answer.status_code in (302, 422)
    if answer.status_code == 422:
        assert not Phrase.objects.filter(code="B99").exists()
        assert "need your attention" in text_of(answer) or "needs your attention" in text_of(answer)


def test_K4_what_the_product_notes_down_is_read_in_ones_own_language_and_kept_as_written(desk: World) -> None:
    more = draft(actor=desk.agent, code="A4", kind="approved", text="下午好", content={})
    made = approve(actor=desk.manager, versions=[more], note="source documents")
    assert "As the source documents say" in text_of(browser(desk.chief).get(f"/phrasebook/releases/{made.number}/"))
    assert "As the source documents say" in text_of(browser(desk.chief).get("/phrasebook/releases/"))
    assert BookRelease.objects.get(number=made.number).note == "source documents"
    # What nobody of the desk wrote says where it is from.
    assert PhraseVersion(source="000, 003").author_told == "Source document 000, 003"
    assert PhraseVersion().author_told == "With the product"


def test_K4_another_version_shows_what_is_different_and_several_are_approved_as_one_release(desk: World) -> None:
    client = browser(desk.agent)
    start = client.get("/phrasebook/entries/X1/draft/").context["form"].initial
    fields = {name: value for name, value in start.items() if value not in ("", False)}
    fields |= {"allow": "我就这态度好", "fuzzy": "on", "note": "客户表扬"}
    assert client.post("/phrasebook/entries/X1/draft/", fields).status_code == 302
    assert client.post("/phrasebook/new/", FORM).status_code == 302
    page = browser(desk.chief).get("/phrasebook/entries/X1/").content.decode()
    assert "<ins>我就这态度好</ins>" in page
    drafts = PhraseVersion.objects.drafts().values_list("pk", flat=True)
    listed = text_of(browser(desk.chief).get("/phrasebook/?state=draft"))
    assert "Approve the chosen ones as one release" in listed
    browser(desk.chief).post("/phrasebook/approve/", {"version": [str(pk) for pk in drafts]})
    assert not PhraseVersion.objects.drafts().exists()
    assert newest().number == 2
    release = text_of(browser(desk.chief).get("/phrasebook/releases/2/"))
    assert "B99" in release
    assert "Against release 1" in release
    back = browser(desk.chief).post("/phrasebook/releases/1/roll-back/", {"note": "误报太多"})
    assert back.status_code == 302
    assert (newest().number, newest().rolled_back_to_id) == (3, 1)
    assert PhraseVersion.objects.in_force().filter(phrase__code="B99").count() == 0
    assert browser(desk.agent).post("/phrasebook/releases/1/roll-back/", {}).status_code == 422


def test_K3_a_text_is_tried_with_what_was_excused_and_why(desk: World) -> None:
    given = {"text": f"客户说“{RUDE}”。\n我说{RUDE}。", "direction": "internal_note", "speaker": "agent"}
    page = browser(desk.agent).post("/phrasebook/try/", given).content.decode()
    assert page.count(f"<mark>{RUDE}</mark>") == 1
    assert "a quotation" in page or "a report of what somebody said" in page
    assert not LanguageFinding.objects.exists()


def test_K4_a_sheet_is_shown_first_then_kept_as_drafts_and_its_wrong_rows_are_named(desk: World) -> None:
    client = browser(desk.agent)
    sheet = client.get("/phrasebook/export/").content.decode()
    assert sheet.startswith("\ufeffcode,kind,text")
    heads = "code,kind,text,category,suggestions,must_hit,must_not_hit"
    more = f"{heads}\nB98,banned,你等着瞧,unfriendly,很抱歉,你等着瞧,您好\n"
    file = SimpleUploadedFile("drafts.csv", more.encode())
    preview = client.post("/phrasebook/import/", {"file": file})
    assert "1 draft would be made" in text_of(preview)
    assert not Phrase.objects.filter(code="B98").exists()
    kept = client.post("/phrasebook/import/", {"csv": more, "keep": "1"})
    assert kept.status_code == 302
    assert PhraseVersion.objects.get(phrase__code="B98").state == "draft"
    wrong = client.post("/phrasebook/import/", {"csv": more.replace("unfriendly", "rude"), "keep": "1"})
    assert wrong.status_code == 422
    assert "Row 2, category" in text_of(wrong)
    for bad in (b"\xff\xfe\x00", b"", b'a"b\n"', "code\n".encode("utf-16"), b"code,kind,text\nx,y\n"):
        answer = client.post("/phrasebook/import/", {"file": SimpleUploadedFile("x.csv", bad)})
        assert answer.status_code == 422, bad


def _found(desk: World, **fields: Any) -> tuple[Case, LanguageFinding]:
    case = desk.register(**fields)
    post(browser(desk.agent), case, "note", text=f"我跟他讲{RUDE}。")
    return case, LanguageFinding.objects.latest("id")


def test_K3_the_writer_says_that_a_finding_is_no_fault_and_an_exception_is_drafted(desk: World) -> None:
    case, finding = _found(desk)
    page = text_of(browser(desk.inspector).get("/phrasebook/findings/"))
    assert RUDE in page
    assert case.number in page
    shown = browser(desk.agent).post(f"/phrasebook/findings/{finding.pk}/", {"reason": "转述"})
    assert shown.status_code == 302, text_of(shown)
    drafted = PhraseVersion.objects.drafts().get(phrase__code="X1")
    assert f"我跟他讲{RUDE}。" in drafted.content["must_not_hit"]
    assert browser(desk.colleague).get(f"/phrasebook/findings/{finding.pk}/").status_code == 403
    assert RUDE not in text_of(browser(desk.colleague).get("/phrasebook/findings/"))


def test_P6_words_of_a_confidential_case_are_seen_by_nobody_who_may_not_see_the_case(
    desk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, finding = _found(desk)
    hidden = Case.objects.none()
    monkeypatch.setattr(type(Case.objects.all()), "visible_to", lambda self, user: hidden)
    client = browser(desk.inspector)
    page = text_of(client.get("/phrasebook/findings/"))
    assert "confidential" in page
    assert RUDE not in page
    assert case.number not in page
    assert client.get(f"/phrasebook/findings/{finding.pk}/").status_code == 404
    answer = client.get("/api/v1/findings/")
    assert RUDE not in answer.content.decode()
    assert f"case:{case.pk}" not in answer.content.decode()
    assert client.get(f"/api/v1/findings/{finding.pk}/").status_code == 404


def test_Q3_a_week_of_entries_with_their_shares_and_the_phrases_put_in(desk: World) -> None:
    _case, finding = _found(desk)
    note_use(actor=desk.agent, code="A1")
    browser(desk.agent).post(f"/phrasebook/findings/{finding.pk}/", {"reason": "转述"})
    page = text_of(browser(desk.inspector).get("/phrasebook/findings/figures/"))
    assert "1 (100 %)" in page
    assert "A1" in page
    assert "Nothing was found in this week." in text_of(
        browser(desk.inspector).get("/phrasebook/findings/figures/?back=2")
    )
    assert browser(desk.agent).get("/phrasebook/findings/figures/").status_code == 403


def test_K5_the_script_says_approved_phrases_filled_in_by_line_and_time_of_day(desk: World) -> None:
    client = browser(desk.chief)
    for fields in (
        {"situation": "pick_up", "code": "A3", "position": 1, "service_line": "", "day_part": ""},
        {"situation": "wait", "code": "A1", "position": 1, "service_line": str(desk.line.pk), "day_part": ""},
    ):
        assert client.post("/phrasebook/scripts/", fields).status_code == 302
    twice = client.post(
        "/phrasebook/scripts/", {"situation": "wait", "code": "A1", "position": 1, "service_line": desk.line.pk}
    )
    assert "stands in this situation already" in text_of(twice)
    unknown = client.post("/phrasebook/scripts/", {"situation": "wait", "code": "X1", "position": 1})
    assert "is approved" in text_of(unknown)
    part = text_of(browser(desk.agent).post("/phrasebook/script/", {"line": str(desk.line.pk), "customer": "王女士"}))
    assert "早上好，这里是华信通服" in part
    assert "请稍等一下" in part
    chosen = {"product_type": str(desk.product.pk), "caller_name": "王女士"}  # as the form of a new case has it
    assert "请稍等一下" in text_of(browser(desk.agent).post("/phrasebook/script/", chosen))
    form = browser(desk.agent).get("/register/").content.decode()
    assert "toggle once, desk:line" in form  # and is asked again as the product changes
    for none in ({"line": "9" * 30}, {"product_type": "9" * 18}, {"product_type": "\x00"}, {"product_type": "9" * 40}):
        assert "请稍等一下" not in text_of(browser(desk.agent).post("/phrasebook/script/", none))
    assert (
        browser(desk.agent).post("/phrasebook/scripts/", {"situation": "hold", "code": "A1", "position": 1}).status_code
        == 422
    )
    line = ScriptLine.objects.get(situation="wait")
    assert client.post(f"/phrasebook/scripts/{line.pk}/remove/").status_code == 302
    assert ScriptLine.objects.count() == 1


def test_K5_a_phrase_that_is_retired_leaves_the_script_at_once(desk: World) -> None:
    add_line(actor=desk.chief, situation="wait", code="A1")
    version = PhraseVersion.objects.in_force().get(phrase__code="A1")
    browser(desk.chief).post(f"/phrasebook/versions/{version.pk}/retire/", {})
    assert "请稍等一下" not in text_of(browser(desk.agent).post("/phrasebook/script/", {}))


def test_K1_phrases_are_offered_by_initials_words_or_code_and_counted(desk: World) -> None:
    client = browser(desk.agent)
    for asked in ("qsdyx", "稍等", "a1", "QS"):
        (found,) = client.get("/phrasebook/offers/", {"q": asked}).json()["results"]
        assert found["data"] == {"text": "请稍等一下", "code": "A1"}
    (filled,) = client.get("/phrasebook/offers/", {"q": "zsh"}).json()["results"]
    assert filled["data"]["text"] == "早上好，这里是华信通服"
    assert client.post("/phrasebook/used/", {"code": "A1"}).status_code == 204
    assert client.post("/phrasebook/used/", {"code": "ZZ"}).status_code == 400


@pytest.mark.parametrize("text", ["\x00", "\ud800", "喂" * 20_000, "a\u200b" * 9_000, "", "\r\n" * 5_000])
def test_K3_whatever_is_typed_the_check_answers(desk: World, text: str) -> None:
    answer = browser(desk.agent).post(
        "/phrasebook/check/", {"text": text.encode("utf-8", "replace").decode(), "direction": "to_customer"}
    )
    assert answer.status_code == 200
    assert answer.json()["findings"] == []
    assert (
        browser(desk.agent).post("/phrasebook/check/", {"text": "x" * 20_001, "direction": "to_customer"}).status_code
        == 422
    )
    assert browser(desk.agent).post("/phrasebook/check/", {"text": "x", "direction": "nowhere"}).status_code == 422


def test_K3_a_talk_is_checked_line_by_line_by_speaker_and_goes_on_where_it_stopped(
    desk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcripts, "_PIECE", 2)
    talk = f"客户：{RUDE}\n坐席：您好\n坐席：{RUDE}。\n\n坐席：再见\n{RUDE}"
    made = send_in(actor=desk.agent, title="来电 8 分钟", text=talk, agent=desk.agent)
    assert made.lines_count == 5
    assert transcripts.go_on(transcript_id=made.pk)
    made.refresh_from_db()
    assert (made.state, made.done, made.found) == ("running", 2, 0)
    check_transcript(made.pk)
    made.refresh_from_db()
    assert (made.state, made.done, made.found) == ("done", 5, 1)
    assert not transcripts.go_on(transcript_id=made.pk)
    assert LanguageFinding.objects.count() == 1
    finding = LanguageFinding.objects.get()
    assert (finding.thing, finding.severity, finding.said_by) == (f"transcript:{made.pk}:3", "warn", desk.agent)
    page = browser(desk.agent).get(made.get_absolute_url()).content.decode()
    assert f"<mark>{RUDE}</mark>" in page
    assert browser(desk.colleague).get(made.get_absolute_url()).status_code == 404
    assert browser(desk.inspector).get(made.get_absolute_url()).status_code == 200


def test_K3_a_talk_is_sent_in_by_the_page_and_forsaken_ones_are_found_again(
    desk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(current_app, "send_task", lambda _task, arguments: asked.extend(arguments))
    sheet = f"speaker,text\nagent,{RUDE}\ncustomer,{RUDE}\n"
    sent = {"title": "批量", "file": SimpleUploadedFile("a.csv", sheet.encode()), "agent_text": "", "agent": ""}
    answer = browser(desk.agent).post("/phrasebook/transcripts/", sent)
    assert answer.status_code == 302, text_of(answer)
    made = Transcript.objects.get()
    assert asked == [made.pk]
    part = browser(desk.agent).get(made.get_absolute_url(), headers={"HX-Request": "true"})
    assert 'hx-trigger="load delay:1s"' in part.content.decode()
    assert forsaken() == []
    Transcript.objects.filter(pk=made.pk).update(moved_at="2026-01-01T00:00:00Z")
    assert forsaken() == [made.pk]


@pytest.mark.parametrize(
    "text", ["", " \n ", "\x00", "speaker,text\nboss,hi\n", "speaker,text\nagent\n", "x" * 4_001, "a\n" * 50_001]
)
def test_bad_talks_are_refused_with_the_line(desk: World, text: str) -> None:
    answer = browser(desk.agent).post("/phrasebook/transcripts/", {"title": uuid.uuid4().hex, "text": text})
    assert answer.status_code == 422
    assert not Transcript.objects.exists()


def test_lists_cost_the_same_whatever_their_length(desk: World, django_assert_max_num_queries: Any) -> None:
    for number in range(20):
        draft(actor=desk.agent, code=f"N{number}", kind="approved", text="请稍候", content={})
    client: Any = browser(desk.chief)
    client.get("/phrasebook/")
    for page in (
        "/phrasebook/?state=draft",
        "/phrasebook/releases/",
        "/phrasebook/findings/",
        "/phrasebook/transcripts/",
    ):
        with django_assert_max_num_queries(14):
            client.get(page)


def test_Q3_a_phrase_put_in_counts_for_the_day_of_the_desks_zone(desk: World, settings: Any) -> None:
    """On a Monday morning in Shanghai the uses of that day stood under the week before."""
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):  # twenty-five hours: never one day
        settings.TIME_ZONE = zone
        note_use(actor=desk.agent, code="A1")
        local = now().astimezone(ZoneInfo(zone)).date()
        assert PhraseUse.objects.filter(entry="A1", day=local).get().times == 1
    assert PhraseUse.objects.count() == 2
