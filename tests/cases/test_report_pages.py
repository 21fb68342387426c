"""The screens of reports (C8): nothing typed is lost, errors stand beside their field, the document is Chinese."""

from __future__ import annotations

from typing import Any

import pypdfium2
import pytest
from django.utils import timezone, translation
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext

from service_desk.cases import actions
from service_desk.cases.models import Case, CustomerReport
from service_desk.cases.papers import PAPERS, EntryKind
from service_desk.cases.pdf import drawable
from tests.cases.pages import browser, text_of
from tests.cases.papers import SERVICE, UPGRADE, submitted
from tests.factories import World, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


@pytest.fixture
def case(desk: World) -> Case:
    return desk.register(severity="minor")


def url(case: Case, kind: str = "service_report") -> str:
    return f"{case.get_absolute_url()}report/{kind}/"


def typed(data: dict[str, Any], kind: str = "service_report", **more: Any) -> dict[str, Any]:
    """The answers as a browser sends them."""
    sent: dict[str, Any] = {"version": 0}
    for entry in PAPERS[kind].entries:
        value = data.get(entry.key, "")
        if entry.kind == EntryKind.ROWS:
            for number, row in enumerate(value):
                sent |= {f"{entry.key}-{number}-{name}": text for name, text in row.items()}
        elif entry.kind == EntryKind.MOMENT and value:
            moment = parse_datetime(value)
            assert moment is not None
            sent[entry.key] = timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")
        else:
            sent[entry.key] = value
    return sent | more


def pdf_text(content: bytes) -> str:
    document = pypdfium2.PdfDocument(content)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


def test_what_the_desk_knows_is_filled_in(desk: World, case: Case) -> None:
    actions.start(case=case, actor=desk.agent)
    actions.arrive(case=case, actor=desk.agent)
    form = browser(desk.engineer).get(url(case)).context["form"]
    case.refresh_from_db()
    assert case.arrived_at is not None
    assert form["customer"].value() == desk.customer.name
    assert form["engineers"].value() == str(desk.engineer)
    assert form["symptom"].value() == case.fault
    assert form["arrived_at"].value() == timezone.localtime(case.arrived_at).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(("kind", "data"), [("service_report", SERVICE), ("upgrade_summary", UPGRADE)])
def test_C8_a_report_is_drafted_and_submitted_on_the_screen(
    desk: World, case: Case, kind: str, data: dict[str, Any]
) -> None:
    client = browser(desk.agent)
    saved = client.post(url(case, kind), typed({"customer": data["customer"]}, kind, save="1"))
    assert saved.status_code == 302
    draft = CustomerReport.objects.get()
    assert (draft.state, draft.kind, draft.data["customer"]) == ("draft", kind, data["customer"])
    sent = typed(data, kind, version=draft.version, submit="1", channel="email", recipient="王主任")
    assert client.post(url(case, kind), sent).status_code == 302
    draft.refresh_from_db()
    assert (draft.state, draft.data, draft.recipient) == ("submitted", data, "王主任")


def test_a_refused_submission_says_beside_each_field_what_is_missing_and_keeps_what_was_typed(
    desk: World, case: Case
) -> None:
    sent = typed({**SERVICE, "found": "", "left_at": "", "parts": [{"old_serial": "A1"}]}, submit="1", channel="visit")
    answer = browser(desk.agent).post(url(case), sent)
    form, submission = answer.context["form"], answer.context["submission"]
    assert answer.status_code == 422
    assert set(form.errors) == {"found", "left_at", "parts-0-name"}
    assert not submission.errors
    assert form["done"].value() == SERVICE["done"]
    assert form["parts-0-old_serial"].value() == "A1"
    assert not CustomerReport.objects.exists()
    answer = browser(desk.agent).post(url(case), typed(SERVICE, submit="1", channel="visit", recipient=""))
    assert set(answer.context["submission"].errors) == {"recipient"}


def test_a_colleagues_newer_draft_is_never_overwritten_silently(desk: World, case: Case) -> None:
    actions.save_report(case=case, actor=desk.engineer, kind="service_report", data={"found": "光衰"})
    answer = browser(desk.agent).post(url(case), typed({"found": "别的"}, save="1"))
    assert answer.status_code == 412
    assert answer.context["form"]["found"].value() == "别的"
    assert "Somebody else has changed this" in text_of(answer)
    assert f"Draft last saved by {desk.engineer}" in text_of(answer)
    assert CustomerReport.objects.get().data["found"] == "光衰"


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": ""},
        {"version": "9" * 30},
        {"version": "-1"},
        {"arrived_at": "yesterday"},
        {"arrived_at": "9999-99-99 99:99"},
        {"found": "a\x00b"},
        {"found": "x" * 4001},
        {"parts-0-name": "x" * 81},
        {"result": "perfect"},
    ],
)
def test_bad_input_is_answered_beside_its_field(desk: World, case: Case, wrong: dict[str, str]) -> None:
    answer = browser(desk.agent).post(url(case), typed(SERVICE, save="1") | wrong)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == set(wrong)


def test_more_rows_than_a_report_holds_are_not_read(desk: World, case: Case) -> None:
    rows = {f"parts-{number}-name": f"板 {number}" for number in range(60)}
    assert browser(desk.agent).post(url(case), typed({}, save="1") | rows).status_code == 302
    assert len(CustomerReport.objects.get().data["parts"]) == 20


def test_who_may_not_write_sees_why_and_no_button(desk: World, case: Case) -> None:
    answer = browser(desk.auditor).get(url(case))
    assert "Save draft" not in text_of(answer)
    assert answer.context["why_not"]
    assert browser(desk.auditor).post(url(case), typed(SERVICE, save="1")).status_code == 403
    assert browser(desk.agent).get(url(case, "novel")).status_code == 404


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_C8_the_document_is_chinese_whatever_the_reader_speaks(desk: World, case: Case, language: str) -> None:
    report = submitted(case, desk.agent)
    client = browser(desk.agent, language)
    answer = client.get(f"{case.get_absolute_url()}reports/{report.pk}/print/")
    words = text_of(answer)
    with translation.override("zh-hans"):
        title, label = gettext("Technical service report"), gettext("What was found")
    for expected in (title, label, case.number, SERVICE["found"], "2102398K", "2026-11-20 09:30", "李建国"):
        assert expected in words
    assert "Technical service report" not in words
    assert '<html lang="zh-Hans">' in answer.content.decode()
    assert "Cases" in text_of(client.get("/cases/")) or language == "zh-hans"


def test_C8_the_pdf_says_the_same_in_chinese_with_a_name_that_says_what_it_is(desk: World, case: Case) -> None:
    report = submitted(case, desk.agent)
    answer = browser(desk.agent).get(f"{case.get_absolute_url()}reports/{report.pk}/pdf/")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert f"{case.number}-1.pdf" in answer.headers["Content-Disposition"]
    text = pdf_text(answer.content).replace("\r\n", "\n")
    with translation.override("zh-hans"):
        title = gettext("Technical service report")
    for expected in (
        title,
        case.number,
        SERVICE["site_address"][:12],
        "2102398K",
        "2026-11-20 09:30",
        "李建国",
        "1 / 1",
    ):
        assert expected in text
    assert len(answer.content) < 200_000


def test_a_long_report_flows_over_pages_and_keeps_every_word(desk: World, case: Case) -> None:
    long = "".join(f"第{number}步检查光功率，记录数值。" for number in range(250))[:3990] + "结尾标记"
    report = submitted(
        case,
        desk.agent,
        data={
            **SERVICE,
            "found": long,
            "done": "x" * 3000,
            "parts": [
                {"name": f"板卡{number}", "old_serial": "A" * 60, "new_serial": "B" * 60} for number in range(20)
            ],
        },
    )
    answer = browser(desk.agent).get(f"{case.get_absolute_url()}reports/{report.pk}/pdf/")
    text = pdf_text(answer.content).replace("\r\n", "").replace("\n", "")
    assert "结尾标记" in text
    assert "板卡19" in text
    assert text.count("功") == long.count("功")
    assert text.count("x") >= 3000


def test_a_letter_that_the_font_lacks_is_marked_and_not_lost() -> None:
    assert drawable("𠮷野家 😀\tA") == "〓野家 〓 A"
