"""Phone numbers and names as pure functions: normalising, masking, and the pieces a search looks for."""

from __future__ import annotations

import re
import unicodedata

import phonenumbers
from pypinyin import Style, lazy_pinyin

#: What people write between several numbers, or between the parts of one.
_SPLIT = re.compile(r"[/／;；、,，\n]+")
_EXTENSION = re.compile(r"(?:ext\.?|x|转|分机|#)\s*(\d{1,8})\s*$", re.IGNORECASE)
_AREA_CODE = re.compile(r"\(?0\d{2,3}\)?")
_LOCAL = re.compile(r"[2-9]\d{6,7}")
_LONGEST = 60
_CHINA, _SHORTEST = 86, 10


def split_numbers(raw: str, region: str = "CN") -> list[str]:
    """The numbers in what somebody typed: '0755/2677-2892' is one (area code first), '138…/139…' are two.

    '0755/2677-2892/2677-2893' is two of one area, each with its code.
    """
    parts = [part.strip() for part in _SPLIT.split(raw) if part.strip()]
    if len(parts) < 2 or not _AREA_CODE.fullmatch(_plain(parts[0])):
        return parts
    area, rest = parts[0], parts[1:]
    joined = [area + part if _LOCAL.fullmatch(re.sub(r"\D", "", _plain(part))) else part for part in rest]
    return joined if to_e164(joined[0], region) else parts


def to_e164(raw: str, region: str = "CN") -> str | None:
    """The number in E.164 ('+8675526772892'), or None when it is none (without area code, a short code, nonsense)."""
    if len(raw) > _LONGEST:
        return None
    text = re.sub(r"(?<=\d)[/\s.]+(?=\d)", "", _plain(raw))
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    if number.country_code == _CHINA and len(phonenumbers.national_significant_number(number)) < _SHORTEST:
        return None  # seven or eight figures: which city's number it is nobody can tell
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def mask_number(raw: str) -> str:
    """A number as lists show it: 138****1234; short ones keep their last two digits only, extensions are left out."""
    digits = re.sub(r"\D", "", _plain(raw))
    if digits.startswith("86") and len(digits) > 11:
        digits = digits[2:]
    if len(digits) < 7:
        return "*" * max(len(digits) - 2, 0) + digits[-2:]
    if len(digits) < 9:
        return f"{digits[:2]}****{digits[-2:]}"
    return f"{digits[:3]}****{digits[-4:]}"


def _plain(raw: str) -> str:
    """Half-width, without invisible marks (telephones add them when a number is copied), extension or 00 in front."""
    text = "".join(c for c in unicodedata.normalize("NFKC", raw) if unicodedata.category(c) != "Cf")
    text = _EXTENSION.sub("", text).strip()
    return re.sub(r"^00(?=86\D*\d)", "+", text)


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
