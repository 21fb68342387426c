"""Phone numbers and names as pure functions: normalising, masking, and the pieces a search looks for."""

from __future__ import annotations

import re
import unicodedata

import phonenumbers
from pypinyin import Style, lazy_pinyin

#: What people write between several numbers, or between the parts of one.
_SPLIT = re.compile(r"[/／;；、,，\n]+")
_EXTENSION = re.compile(r"(?:ext\.?|x|转|分机|#)\s*(\d{1,8})\s*$", re.IGNORECASE)


def split_numbers(raw: str, region: str = "CN") -> list[str]:
    """The numbers in what somebody typed: '0755/2677-2892' is one (area code first), '138…/139…' are two."""
    parts = [part.strip() for part in _SPLIT.split(raw) if part.strip()]
    if len(parts) == 2 and to_e164(parts[0], region) is None and to_e164("".join(parts), region):
        return ["".join(parts)]
    return parts


def to_e164(raw: str, region: str = "CN") -> str | None:
    """The number in E.164 ('+8675526772892'), or None when it is none (an extension, a short code, nonsense)."""
    text = unicodedata.normalize("NFKC", raw)
    text = _EXTENSION.sub("", text).strip()
    text = re.sub(r"(?<=\d)[/\s.]+(?=\d)", "", text)
    if text.startswith("0086"):
        text = "+86" + text[4:]
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def mask_number(raw: str) -> str:
    """A number as lists show it: 138****1234; short ones keep their last two digits only."""
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", raw))
    if digits.startswith("86") and len(digits) > 11:
        digits = digits[2:]
    if len(digits) < 7:
        return "*" * max(len(digits) - 2, 0) + digits[-2:]
    return f"{digits[:3]}****{digits[-4:]}"


def initials(name: str) -> str:
    """The pinyin initials by which a name is typed fast: 深圳市福田区政府 → szsftqzf."""
    letters = lazy_pinyin(name, style=Style.FIRST_LETTER, errors=lambda other: list(other))
    return re.sub(r"[^a-z0-9]", "", "".join(letters).lower())


def grams(text: str) -> list[str]:
    """Single characters and pairs of neighbours, lower case: what an array index needs to find any substring."""
    folded = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text).lower())
    return sorted(set(folded) | {folded[i : i + 2] for i in range(len(folded) - 1)})


def gram_query(text: str) -> list[str]:
    """The pieces that every text containing `text` has: its pairs, or its one character."""
    folded = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text).lower())
    if len(folded) < 2:
        return [folded] if folded else []
    return sorted({folded[i : i + 2] for i in range(len(folded) - 1)})
