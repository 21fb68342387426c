"""Phone numbers and names as pure functions: normalising, masking, what a search looks for; the words of privacy."""

from __future__ import annotations

import re
import unicodedata

import phonenumbers
from django.db.models import TextChoices
from django.utils.translation import pgettext_lazy

from service_desk.people.names import initials, mask_number, plain_number

__all__ = [
    "PrivacyKind",
    "PrivacyState",
    "gram_query",
    "grams",
    "initials",
    "mask_number",
    "split_numbers",
    "to_e164",
]

#: What people write between several numbers, or between the parts of one.
_SPLIT = re.compile(r"[/／;；、,，\n]+")
_AREA_CODE = re.compile(r"\(?0\d{2,3}\)?")
_LOCAL = re.compile(r"[2-9]\d{6,7}")
_LONGEST = 60
_CHINA, _SHORTEST = 86, 10


def split_numbers(raw: str, region: str = "CN") -> list[str]:
    """The numbers in what somebody typed: '0755/2677-2892' is one (area code first), '138…/139…' are two.

    '0755/2677-2892/2677-2893' is two of one area, each with its code.
    """
    parts = [part.strip() for part in _SPLIT.split(raw) if part.strip()]
    if len(parts) < 2 or not _AREA_CODE.fullmatch(plain_number(parts[0])):
        return parts
    area, rest = parts[0], parts[1:]
    joined = [area + part if _LOCAL.fullmatch(re.sub(r"\D", "", plain_number(part))) else part for part in rest]
    return joined if to_e164(joined[0], region) else parts


def to_e164(raw: str, region: str = "CN") -> str | None:
    """The number in E.164 ('+8675526772892'), or None when it is none (without area code, a short code, nonsense)."""
    if len(raw) > _LONGEST:
        return None
    text = re.sub(r"(?<=\d)[/\s.]+(?=\d)", "", plain_number(raw))
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    if number.country_code == _CHINA and len(phonenumbers.national_significant_number(number)) < _SHORTEST:
        return None  # seven or eight figures: which city's number it is nobody can tell
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


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


class PrivacyKind(TextChoices):
    """What somebody may ask for their own data."""

    COPY = "copy", pgettext_lazy("privacy", "A copy of it")
    CORRECT = "correct", pgettext_lazy("privacy", "To have it corrected")
    ERASE = "erase", pgettext_lazy("privacy", "To have it erased")


class PrivacyState(TextChoices):
    """How a request stands."""

    OPEN = "open", pgettext_lazy("privacy", "open")
    DONE = "done", pgettext_lazy("privacy", "done")
    REFUSED = "refused", pgettext_lazy("privacy", "refused")
