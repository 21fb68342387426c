"""What stands on every page and is the same for many of them, drawn once a process: rail, shortcuts, shapes, words.

Nothing here may hold a nonce, a token or anything of one person.
"""

from __future__ import annotations

from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.html import json_script
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from service_desk.dashboard import rail, words

#: By language, roles and room: each person's rail looks like that of many others.
_MOST = 1024


def drawn(template: str, company: str = "", entries: tuple[rail.Entry, ...] = (), calls_url: str = "") -> SafeString:
    """A piece in the language of the page; it reads `frame.rail`, `frame.company` and `frame.calls_url`."""
    return _drawn(template, get_language(), company, entries, calls_url)


def words_drawn() -> SafeString:
    """What the scripts say, in the language of the page."""
    return _words_drawn(get_language())


@lru_cache(maxsize=_MOST)
def _drawn(
    template: str, _language: str | None, company: str, entries: tuple[rail.Entry, ...], calls_url: str
) -> SafeString:
    frame = {"rail": entries, "company": company, "calls_url": calls_url}
    return mark_safe(render_to_string(template, {"frame": frame}))  # noqa: S308 - a template of ours


@lru_cache(maxsize=8)
def _words_drawn(_language: str | None) -> SafeString:
    return json_script(words.for_scripts(), "desk-words")
