"""What a spreadsheet would run is written as text, in every CSV that the desk gives out (OWASP ASVS 1.2.10)."""

from __future__ import annotations

import re

#: What a spreadsheet takes for the beginning of a formula, in half and full width, with blanks before it or not.
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠\t\r]")


def is_formula(text: str) -> bool:
    """Whether a spreadsheet might take the text for a formula."""
    return _FORMULA.match(text) is not None


def harmless(text: str) -> str:
    """The text so that no spreadsheet takes it for a formula: an apostrophe before what begins like one."""
    return f"'{text}" if is_formula(text) else text
