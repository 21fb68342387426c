"""The slots of a template and how they are filled: one pass over the text, plain words in, never a format string."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

#: What each slot stands for, as the screen of templates lists it.
SLOTS: Mapping[str, Promise] = {
    "customer": gettext_lazy("the customer unit"),
    "contact": gettext_lazy("the person who called"),
    "number": gettext_lazy("the case number"),
    "agent": gettext_lazy("your name"),
    "company": gettext_lazy("the company"),
    "greeting": gettext_lazy("good morning, afternoon or evening"),
    "due": gettext_lazy("the next promised time, else the nearest deadline"),
}
#: Stands where the case has nothing for a slot: seen at once, and to be written over.
BLANK = "____"
_SLOT = re.compile(r"\{\s*([^{}\n]{1,40}?)\s*\}")


def unknown_slots(text: str) -> list[str]:
    """The slots of a text that there are not, each once, in order."""
    return [name for name in dict.fromkeys(_SLOT.findall(text)) if name not in SLOTS]


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its slots filled; what a value holds is text and is not looked into again."""
    return _SLOT.sub(lambda found: _value(found, values), text)


def _value(found: re.Match[str], values: Mapping[str, str]) -> str:
    name = found[1]
    return (values.get(name) or BLANK) if name in SLOTS else found[0]


def greeting(local: datetime) -> str:
    """The greeting of the time of day (K1), in the active language."""
    if local.hour < 12:
        return _("Good morning")
    return _("Good afternoon") if local.hour < 18 else _("Good evening")
