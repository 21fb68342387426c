"""What a file is by its content: taken, made harmless, or refused with the remedy; whatever is sent, never an error."""

from __future__ import annotations

import contextlib
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from service_desk.rest.filetypes import LONGEST_NAME, MOST_PARTS, BadFile, clean_name, examined
from tests.cases.test_files import office, picture

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
WORD, SHEET = "word/document.xml", "xl/workbook.xml"


@pytest.mark.parametrize(
    ("content", "name", "kind", "kept_name"),
    [
        (picture("PNG"), "a.png", "image/png", "a.png"),
        (picture("JPEG"), "照片", "image/jpeg", "照片.jpg"),
        (picture("GIF"), "动图.gif", "image/png", "动图.png"),
        (picture("WEBP"), "a.webp", "image/webp", "a.webp"),
        (picture("PNG"), "run.exe", "image/png", "run.exe.png"),
        (PDF, "报告.pdf", "application/pdf", "报告.pdf"),
        (PDF, "报告.docx", "application/pdf", "报告.docx.pdf"),
        ("告警一\n".encode(), "a.log", "text/plain", "a.log"),
        ("告警一\n".encode("gb18030"), "a.txt", "text/plain", "a.txt"),
        ("姓名,电话\r\n".encode("utf-8-sig"), "名单.csv", "text/csv", "名单.csv"),
        (b"@echo off\r\n", "run.bat", "text/plain", "run.bat.txt"),
        (b"<svg onload=alert(1)>", "a.svg", "text/plain", "a.svg.txt"),
    ],
)
def test_the_content_decides_what_it_is_and_its_name_follows(
    content: bytes, name: str, kind: str, kept_name: str
) -> None:
    taken = examined(content, name)
    assert (taken.content_type, taken.name) == (kind, kept_name)


@pytest.mark.parametrize(("main", "suffix"), [(WORD, "docx"), (SHEET, "xlsx")])
def test_word_and_excel_are_taken_without_macros_alone(main: str, suffix: str) -> None:
    assert examined(office(main), "方案").name == f"方案.{suffix}"
    for active in ("word/vbaProject.bin", "xl/activeX/activeX1.xml", "word/embeddings/oleObject1.bin"):
        with pytest.raises(BadFile) as refused:
            examined(office(main, active), f"a.{suffix}")
        assert refused.value.code == "macros"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"MZ\x90\x00", "not_allowed"),
        (b"\x7fELF\x02\x01", "not_allowed"),
        (office("hello.txt"), "not_allowed"),
        (b"PK\x03\x04 no package", "damaged"),
        (PDF[:20], "damaged"),
        (picture("PNG")[:60], "damaged"),
        (picture("JPEG")[:300], "damaged"),
        (b"GIF89a" + b"\xff" * 40, "damaged"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "damaged"),
        (b"\xff\xd8\xff\xe0", "damaged"),
        (picture("PNG", (9000, 5000)), "too_many_pixels"),
    ],
)
def test_what_is_not_taken_says_why_and_what_to_do(content: bytes, code: str) -> None:
    with pytest.raises(BadFile) as refused:
        examined(content, "a.bin")
    assert refused.value.code == code
    assert str(refused.value.message)
    assert str(refused.value.remedy)


def test_a_package_that_unpacks_to_too_much_is_refused_unread() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", "<x/>")
        package.writestr(WORD, b"\0" * (201 * 1024 * 1024))
    assert len(buffer.getvalue()) < 1024 * 1024
    with pytest.raises(BadFile) as refused:
        examined(buffer.getvalue(), "a.docx")
    assert refused.value.code == "too_large"


def test_a_package_of_too_many_parts_is_refused_unread() -> None:
    with pytest.raises(BadFile) as refused:
        examined(office(WORD, *(f"word/{number}.xml" for number in range(MOST_PARTS))), "a.docx")
    assert refused.value.code == "too_large"


def test_a_picture_announcing_a_giant_size_is_refused_before_it_is_unpacked() -> None:
    small = bytearray(picture("PNG", (10, 10)))
    small[16:24] = (60000).to_bytes(4) + (60000).to_bytes(4)
    with pytest.raises(BadFile) as refused:
        examined(bytes(small), "bomb.png")
    assert refused.value.code in {"too_many_pixels", "damaged"}


def test_a_picture_on_its_side_is_put_upright_and_gets_a_small_one() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    taken = examined(picture("JPEG", (800, 400), exif=exif), "a.jpg")
    with Image.open(io.BytesIO(taken.content)) as opened, Image.open(io.BytesIO(taken.thumbnail)) as small:
        assert opened.size == (400, 800)
        assert max(small.size) == 360


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\windows\\现场.png", "现场.png"),
        ("a\x00b\r\nc.txt", "abc.txt"),
        ("report\u202egnp.exe", "reportgnp.exe"),
        ("  .hidden", "hidden"),
        ("…/..", "file"),
        ('a"b<c>|?.txt', "a_b_c___.txt"),
        ("\ud800名.txt", "名.txt"),
        ("", "file"),
    ],
)
def test_a_name_is_a_bare_name(name: str, clean: str) -> None:
    assert clean_name(name) == clean


def test_a_long_name_keeps_its_suffix() -> None:
    name = clean_name("长" * 300 + ".png")
    assert len(name) == LONGEST_NAME
    assert name.endswith("长.png")


@given(st.binary(max_size=400), st.text(max_size=300))
def test_whatever_is_sent_is_taken_or_refused(content: bytes, name: str) -> None:
    for start in (b"", b"PK\x03\x04", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff", b"RIFF0000WEBP", b"%PDF-"):
        with contextlib.suppress(BadFile):
            taken = examined(start + content, name)
            assert taken.content
            assert 1 <= len(taken.name) <= LONGEST_NAME
            assert not set(taken.name) & set('/\\\x00"')
