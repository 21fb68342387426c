"""An address with its figures and its end hidden: the street is told, the door is not (P6). Pure."""

from __future__ import annotations

_SHOWN = 6


def mask_address(text: str) -> str:
    """「深圳市福田区****」: the first characters, none of its figures; a short one shows at most a third of itself."""
    text = text.strip()
    if not text:
        return ""
    shown = text[: min(_SHOWN, len(text) // 3)]
    return "".join("*" if letter.isdigit() else letter for letter in shown) + "****"


def mask_name(text: str) -> str:
    """「张**」: the family name alone; of a Latin name its first letter."""
    text = text.strip()
    return f"{text[0]}**" if text else ""
