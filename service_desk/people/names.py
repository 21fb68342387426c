"""Names and numbers in short: the initials by which somebody types them, the mask under which lists show them. Pure."""

from __future__ import annotations

import re
import unicodedata

from pypinyin import Style, lazy_pinyin

_EXTENSION = re.compile(r"(?:ext\.?|x|转|分机|#)\s*(\d{1,8})\s*$", re.IGNORECASE)


def initials(name: str) -> str:
    """The pinyin initials by which a name is typed fast: 深圳市福田区政府 → szsftqzf."""
    letters = lazy_pinyin(unicodedata.normalize("NFKC", name), style=Style.FIRST_LETTER)
    return re.sub(r"[^a-z0-9]", "", "".join(letters).lower())


def plain_number(raw: str) -> str:
    """Half-width, without invisible marks (telephones add them when a number is copied), extension or 00 in front."""
    text = "".join(c for c in unicodedata.normalize("NFKC", raw) if unicodedata.category(c) != "Cf")
    text = _EXTENSION.sub("", text).strip()
    return re.sub(r"^00(?=86\D*\d)", "+", text)


def mask_number(raw: str) -> str:
    """A number as lists show it: 138****1234; short ones keep their last two digits only, extensions are left out."""
    digits = re.sub(r"\D", "", plain_number(raw))
    if digits.startswith("86") and len(digits) > 11:
        digits = digits[2:]
    if len(digits) < 7:
        return "*" * max(len(digits) - 2, 0) + digits[-2:]
    if len(digits) < 10:
        return f"{digits[:2]}****{digits[-2:]}"
    return f"{digits[:3]}****{digits[-4:]}"
