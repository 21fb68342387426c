"""The texts of notices by kind: each room registers its own; they are filled in in the reader's language when shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _

Text = str | Promise
#: A fact of a notice whose body is not told: what stands there is read at the desk by whoever may (P6).
CONFIDENTIAL = "_confidential"
_KEPT = frozenset(
    {
        "number",
        "by",
        "events",
        "clock",
        "due",
        "elapsed",
        "entered_late",
        "late_by_change",
        "late_seconds",
        "nobody_for",
    }
)
Words = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True)
class Enclosed:
    """What an e-mail carries beside its words: a page in their place, and files by name and where they lie."""

    html: str = ""
    files: tuple[tuple[str, str], ...] = ()


NOTHING = Enclosed()
Enclosing = Callable[[Mapping[str, Any]], Enclosed]


@dataclass(frozen=True)
class Kind:
    """Subject and body as %-formats over the facts; `words` turns coded facts into words of the active language."""

    code: str
    subject: Text
    body: Text
    words: Words | None = None
    enclosing: Enclosing | None = None


@dataclass(frozen=True)
class Shown:
    """A notice in somebody's language."""

    subject: str
    body: str


_kinds: dict[str, Kind] = {}


def register(
    code: str, *, subject: Text, body: Text, words: Words | None = None, enclosing: Enclosing | None = None
) -> None:
    """Make `code` known; the texts are lazy translations such as _("%(number)s: %(step)s")."""
    if code in _kinds:
        raise ValueError(f"The kind {code} is registered already")
    _kinds[code] = Kind(code, subject, body, words, enclosing)


def enclosed(code: str, facts: Mapping[str, Any]) -> Enclosed:
    """What an e-mail of this kind encloses; nothing of what is confidential."""
    kind = _kinds.get(code)
    if kind is None or kind.enclosing is None or facts.get(CONFIDENTIAL):
        return NOTHING
    return kind.enclosing(facts)


def hidden(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What a notice of a complaint carries: that there is something to read at the desk, and nothing of it (P6)."""
    return {name: value for name, value in facts.items() if name in _KEPT} | {CONFIDENTIAL: True}


def codes() -> frozenset[str]:
    """Every kind that has texts."""
    return frozenset(_kinds)


def render(code: str, facts: Mapping[str, Any], language: str = "") -> Shown:
    """The texts of a notice in `language` (default: the active one).

    A fact that is missing shows as '–', and a kind that nobody registers as its code: a notice whose words are
    imperfect is still delivered.
    """
    with translation.override(language or translation.get_language()):
        return _render(code, facts)


def _render(code: str, facts: Mapping[str, Any]) -> Shown:
    kind = _kinds.get(code)
    if kind is None:
        shown = Shown(code, "\n".join(f"{name}: {value}" for name, value in facts.items() if not name.startswith("_")))
    else:
        words = dict(kind.words(facts)) if kind.words else {}
        filled = defaultdict(lambda: "–", {**facts, **words})
        closed = facts.get(CONFIDENTIAL)
        body = _("Confidential: open it at the desk to read it.") if closed else str(kind.body) % filled
        shown = Shown(str(kind.subject) % filled, body)
    if facts.get("_called_in_by"):
        prefix = _("Called in by %(name)s: %(subject)s") % {"name": facts["_called_in_by"], "subject": shown.subject}
        return Shown(" ".join(prefix.split()), shown.body)
    if facts.get("_unanswered_by"):
        prefix = _("Not acknowledged by %(name)s: %(subject)s") % {
            "name": facts["_unanswered_by"],
            "subject": shown.subject,
        }
        return Shown(" ".join(prefix.split()), shown.body)
    if facts.get("_repeat"):
        prefix = _("Repeat %(number)s: %(subject)s") % {"number": facts["_repeat"], "subject": shown.subject}
        return Shown(" ".join(prefix.split()), shown.body)
    return Shown(" ".join(shown.subject.split()), shown.body)
