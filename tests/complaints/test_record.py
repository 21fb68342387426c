"""The complaint record: every fact in its order, in Chinese, masked; in full for a recorded reason alone (P2, P6)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pypdfium2
import pytest
from django.utils import translation

from service_desk.audit.models import AuditEntry
from service_desk.complaints.actions import correct, satisfaction
from service_desk.complaints.models import Complaint
from service_desk.complaints.names import mask_address, mask_name
from service_desk.complaints.record import record_of
from service_desk.deadlines.clock import now
from tests.cases.pages import browser, text_of
from tests.complaints.making import PHONE, SECRET, WHO, complaint, decided, desk, fill
from tests.factories import World

pytestmark = pytest.mark.django_db
ADDRESS = "深圳市福田区福中三路一号"


def worked(here: World) -> Complaint:
    """A complaint with something in each section."""
    made = complaint(
        here, about_unit=here.unit, description=f"{WHO} 说：请打 {PHONE}，地址 {ADDRESS}，2026-11-21 14:05 来过"
    )
    fill(made, here.agent)
    decided(made, here.agent)
    satisfaction(complaint=made, actor=here.agent, satisfied=False, text="没有诚意")
    correct(complaint=made, actor=here.agent, owner=here.engineer, text="全组培训", due_at=now() + timedelta(days=3))
    return made


def url(made: Complaint, more: str = "") -> str:
    return f"/complaints/{made.number}/record/{more}"


def test_P2_the_record_has_every_fact_in_its_order() -> None:
    here = desk()
    made = worked(here)
    page = browser(here.agent).get(url(made))
    words = text_of(page)
    assert page.headers["Content-Language"] == "zh-Hans"
    places = [words.index(text) for text in (made.number, SECRET, "书面道歉", "做了：listen", "录音证实", "全组培训")]
    assert places == sorted(places)
    for clear in ("listen", "ask", "follow", "reply", "record"):
        assert f"做了：{clear}" in words
    assert "没有诚意" in words
    assert str(here.engineer) in words


def test_P6_it_is_masked_also_where_a_text_names_the_complainant() -> None:
    here = desk()
    made = worked(here)
    html = browser(here.agent).get(url(made)).content.decode()
    for secret in (WHO, PHONE, ADDRESS, here.customer.name):
        assert secret not in html
    assert "138****8000" in html
    assert "2026-11-21 14:05" in html


def test_P6_the_mask_finds_numbers_as_people_write_them() -> None:
    here = desk()
    made = complaint(here, about_unit=here.unit, wanted="回电 138 0013 8000 或 0755-26772892；单号 CALL-20261121-0001")
    record = record_of(made)
    said = next(line.text for _t, lines in record.sections for line in lines if "回电" in line.text)
    assert "138 0013 8000" not in said
    assert "26772892" not in said


def test_P6_in_full_only_for_a_reason_that_is_recorded() -> None:
    here = desk()
    made = worked(here)
    client = browser(here.agent)
    page = client.get(url(made, "full/"))
    assert page.status_code == 200
    assert PHONE not in page.content.decode()
    assert client.post(url(made, "full/"), {"reason": "  "}).status_code == 422
    assert not AuditEntry.objects.filter(verb="complaint.reveal").exists()
    shown = client.post(url(made, "full/"), {"reason": "移交监管部门"})
    assert WHO in text_of(shown)
    assert PHONE in text_of(shown)
    entry = AuditEntry.objects.get(verb="complaint.reveal")
    assert entry.thing == f"case:{made.pk}"
    assert entry.detail["reason"] == "移交监管部门"
    pdf = client.post(url(made, "full/"), {"reason": "移交监管部门", "pdf": "1"})
    assert PHONE in _text(pdf)
    assert AuditEntry.objects.filter(verb="complaint.reveal").count() == 2


def test_P2_the_pdf_is_chinese_and_masked() -> None:
    here = desk()
    made = worked(here)
    answer = browser(here.agent).get(url(made, "pdf/"))
    assert answer.headers["Content-Type"] == "application/pdf"
    assert made.number in answer.headers["Content-Disposition"]
    words = _text(answer)
    assert SECRET in words
    assert "录音证实" in words
    for secret in (WHO, PHONE):
        assert secret not in words


def test_P7_who_it_is_about_gets_no_record() -> None:
    here = desk()
    made = complaint(here)
    for person in (here.colleague, here.chief, here.admin, here.auditor):
        for more in ("", "pdf/", "full/"):
            assert browser(person).get(url(made, more)).status_code == 404, (person, more)
        assert browser(person).post(url(made, "full/"), {"reason": "好奇"}).status_code == 404


def test_a_fresh_complaint_has_a_record_too() -> None:
    here = desk()
    made = complaint(here, about_service=here.line, name="", phone="", address="", anonymous_reason="不愿透露")
    with translation.override("zh-hans"):
        record = record_of(made)
    assert [title for title, _lines in record.sections]
    assert any("不愿透露" in line.text for _title, lines in record.sections for line in lines)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("", ""), ("深圳市福田区福中三路一号", "深圳市福****"), ("A3-1201", "A*****"), ("北京", "****")],
)
def test_P6_addresses_hide_their_doors(text: str, shown: str) -> None:
    assert mask_address(text) == shown


def test_P6_names_keep_the_family_name_alone() -> None:
    assert mask_name("张三丰") == "张**"
    assert mask_name("") == ""


def _text(answer: Any) -> str:
    document = pypdfium2.PdfDocument(answer.content)
    pages = [document[number].get_textpage().get_text_range() for number in range(len(document))]
    return "".join("".join(pages).split())
