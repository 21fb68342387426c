"""What a file is by its content, never by its name: only kinds that cannot run are taken. Pure: bytes in and out."""

from __future__ import annotations

import re
import struct
import unicodedata
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from io import BytesIO

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError

#: A picture with more pixels is refused before it is unpacked.
MOST_PIXELS = 40_000_000
#: What an office document may unpack to, and into how many parts.
MOST_UNPACKED, MOST_PARTS = 200 * 1024 * 1024, 5000
LONGEST_NAME = 120
THUMBNAIL = 360

_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: The suffixes that a name of each kind may have; the first is added to a name that has none of them.
SUFFIXES = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/webp": (".webp",),
    "application/pdf": (".pdf",),
    "text/plain": (".txt", ".log"),
    "text/csv": (".csv",),
    _DOCX: (".docx",),
    _XLSX: (".xlsx",),
}
IMAGES = frozenset({"image/png", "image/jpeg", "image/webp"})
#: As the picture comes, as it is kept: of a moving GIF the first frame.
_KEPT_AS = {"PNG": ("PNG", "image/png"), "JPEG": ("JPEG", "image/jpeg"), "GIF": ("PNG", "image/png")} | {
    "WEBP": ("WEBP", "image/webp")
}
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
#: What the readers of pictures and packages raise on damaged ones.
_UNREADABLE = (OSError, ValueError, SyntaxError, KeyError, EOFError, IndexError, struct.error, zlib.error)
_REMEDY = _("Send a picture (PNG, JPEG, GIF, WebP), a PDF, a text or CSV file, or a Word or Excel file without macros.")


class BadFile(Exception):  # noqa: N818 - an answer to a person
    """This file is not taken; `message` says why and `remedy` what to do."""

    def __init__(self, message: Promise | str, code: str, remedy: Promise | str = _REMEDY) -> None:
        super().__init__(message)
        self.message, self.code, self.remedy = message, code, remedy


@dataclass(frozen=True, slots=True)
class Taken:
    """A file as it will be kept."""

    content: bytes
    content_type: str
    name: str
    thumbnail: bytes = b""


def examined(content: bytes, name: str) -> Taken:
    """What is kept of the file; raises BadFile."""
    if not content:
        raise BadFile(_("The file is empty."), "empty")
    name = clean_name(name)
    if content.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8")) or content[:4] + content[8:12] == b"RIFFWEBP":
        return _picture(content, name)
    if content.startswith(b"%PDF-"):
        if b"%%EOF" not in content[-4096:]:
            raise BadFile(_("The PDF is cut off."), "damaged", _("Save it again and send the whole file."))
        return _kept(content, "application/pdf", name)
    if content.startswith(b"PK"):
        return _kept(content, _office_kind(content), name)
    if _is_text(content):
        return _kept(content, "text/csv" if name.lower().endswith(".csv") else "text/plain", name)
    raise BadFile(_("Files of this kind are not taken."), "not_allowed")


def clean_name(name: str) -> str:
    """The bare name: no folders, no control or direction characters, no name that a shell hides; Chinese stays."""
    name = unicodedata.normalize("NFC", name.encode("utf-8", "ignore").decode())
    name = re.split(r"[/\\]", name)[-1]
    name = "".join(letter for letter in name if unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Zl", "Zp"})
    name = re.sub(r'[<>:"|?*]', "_", " ".join(name.split())).strip(". ")
    if not name:
        return "file"
    stem, dot, suffix = name.rpartition(".")
    if dot and stem and len(suffix) <= 10:
        return f"{stem[: LONGEST_NAME - len(suffix) - 1].rstrip('. ')}.{suffix}"
    return name[:LONGEST_NAME].rstrip(". ")


def _kept(content: bytes, content_type: str, name: str, thumbnail: bytes = b"") -> Taken:
    suffixes = SUFFIXES[content_type]
    if not name.lower().endswith(suffixes):
        name = f"{name[: LONGEST_NAME - len(suffixes[0])]}{suffixes[0]}"
    return Taken(content, content_type, name, thumbnail)


def _picture(content: bytes, name: str) -> Taken:
    """Drawn anew, so that nothing but the picture is left: no place, no camera, nothing hidden behind it."""
    damaged = BadFile(_("The picture cannot be read."), "damaged", _("Take it again, or save it as PNG or JPEG."))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit below is lower
            opened = Image.open(BytesIO(content), formats=list(_KEPT_AS))
        kept_as, content_type = _KEPT_AS[opened.format or ""]
        if opened.width * opened.height > MOST_PIXELS:
            raise BadFile(
                _("The picture has too many points (%(wide)s × %(high)s).")
                % {"wide": opened.width, "high": opened.height},
                "too_many_pixels",
                _("Make it smaller and send it again."),
            )
        picture = _plain(ImageOps.exif_transpose(opened), kept_as)
        drawn, small = BytesIO(), BytesIO()
        picture.save(drawn, kept_as, **({"quality": 90} if kept_as != "PNG" else {"compress_level": 6}))
        picture.thumbnail((THUMBNAIL, THUMBNAIL))
        picture.save(small, "PNG" if kept_as == "PNG" else kept_as)
    except (*_UNREADABLE, Image.DecompressionBombError, UnidentifiedImageError) as error:
        raise damaged from error
    stem = name[: -len(".gif")] if name.lower().endswith(".gif") else name
    return _kept(drawn.getvalue(), content_type, stem, small.getvalue())


def _plain(picture: Image.Image, kept_as: str) -> Image.Image:
    """The points alone: without profile, comment or transparency table of its file."""
    see_through = "A" in picture.getbands() or "transparency" in picture.info
    plain = picture.convert("RGBA" if see_through and kept_as != "JPEG" else "RGB")
    plain.info = {}
    return plain


def _office_kind(content: bytes) -> str:
    """Word or Excel by what the package holds; no macros, no programs inside, no bomb."""
    refusal = BadFile(_("Files of this kind are not taken."), "not_allowed")
    try:
        with zipfile.ZipFile(BytesIO(content)) as package:
            parts = package.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
                raise BadFile(_("The document unpacks to too much."), "too_large")
            names = {part.filename.lower() for part in parts}
            if any(part.flag_bits & 1 for part in parts):
                raise BadFile(_("The document is locked with a password."), "locked", _("Send it without one."))
            if "[content_types].xml" not in names:
                raise refusal
            with package.open("[Content_Types].xml") as listing:
                said = listing.read(1024 * 1024).lower()
    except (*_UNREADABLE, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise BadFile(_("The document is damaged."), "damaged", _("Save it again and send the whole file.")) from error
    active = ("vbaproject", "activex", "vbadata", "oleobject", "/embeddings/")
    if b"macroenabled" in said or b"vbaproject" in said or any(mark in part for part in names for mark in active):
        raise BadFile(
            _("The document holds macros or other files."),
            "macros",
            _("Save it as DOCX or XLSX without them, or as PDF, and send that."),
        )
    if "word/document.xml" in names:
        return _DOCX
    if "xl/workbook.xml" in names:
        return _XLSX
    raise refusal


def _is_text(content: bytes) -> bool:
    """Whether it reads as text in UTF-8 or GB18030, without the control characters that programs are full of."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return _CONTROLS.search(text) is None
    return False
