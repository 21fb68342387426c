"""Drafting a version of an entry: checked field by field, in force only after somebody else's approval (K4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.knowledge.language.wording import Fault, faults
from service_desk.knowledge.models import Phrase, PhraseVersion
from service_desk.knowledge.rules import PhraseKind
from service_desk.people.access import require
from service_desk.people.names import initials
from service_desk.rest.clean import demand_clean
from service_desk.rest.errors import FieldError, Invalid

_CODE, _SOURCE, _NOTE, _INITIALS = 20, 100, 200, 80


def draft(
    *,
    actor: Any,
    code: str,
    kind: str,
    text: str,
    content: Mapping[str, Any],
    note: str = "",
    source: str = "",
) -> PhraseVersion:
    """Propose what the entry of this code says, or a new entry; raises Invalid naming each field."""
    with transaction.atomic():
        require(actor, "phrase.draft")
        if source:
            raise Invalid(_("Only what is shipped names a source of its own."), field="source")
        return keep_draft(actor=actor, code=code, kind=kind, text=text, content=content, note=note)


def keep_draft(
    *, actor: Any, code: str, kind: str, text: str, content: Mapping[str, Any], note: str = "", source: str = ""
) -> PhraseVersion:
    """The writing itself, for verbs that have asked for permission already."""
    demand_clean({"code": code, "text": text, "note": note, **content})
    code, text = code.strip(), text.strip()
    problems = [_told(fault) for fault in faults(kind, text, content)]
    if not code or len(code) > _CODE or not code.isascii() or not code.isalnum():
        problems.append(FieldError("code", _("A code has letters and figures only, at most 20."), "invalid"))
    if kind not in PhraseKind.values:
        problems.append(FieldError("kind", _("There is no such kind."), "invalid_choice"))
    if len(note) > _NOTE:
        problems.append(
            FieldError("note", _("Please write at most %(limit)s characters.") % {"limit": _NOTE}, "max_length")
        )
    if problems:
        raise Invalid.of(problems)
    phrase, made = Phrase.objects.get_or_create(code=code, defaults={"kind": kind})
    if not made and phrase.kind != kind:
        raise Invalid(_("The entry of this code is of another kind."), field="kind", remedy=_("Choose another code."))
    version = PhraseVersion(
        phrase=phrase,
        text=text,
        category=content.get("category", ""),
        situation=content.get("situation", ""),
        content=dict(content),
        source=source,
        note=note.strip(),
        initials=initials(text)[:_INITIALS] if kind == PhraseKind.APPROVED else "",
        author=actor,
    )
    version.save(force_insert=True)
    record(
        verb="phrase.draft", thing=f"phraseversion:{version.pk}", actor=actor, detail={"code": code, "note": note[:200]}
    )
    return version


def told(found: Iterable[Fault]) -> list[FieldError]:
    """Faults in words."""
    return [_told(fault) for fault in found]


def _told(fault: Fault) -> FieldError:
    messages = {
        "required": _("Please fill this in."),
        "max_length": _("This is too long."),
        "unknown_field": _("There is no such field here."),
        "invalid_choice": _("This is none of the choices."),
        "unusable_form": _("This form cannot be matched: “%(word)s”.") % {"word": fault.word[:40]},
        "one_to_three": _("Name one to three phrases to say instead."),
        "invalid": _("This cannot be read."),
    }
    remedy = (
        _("Write it with letters, such as {你|您}快点{儿|}, for at most 1000 phrases.")
        if fault.code == "unusable_form"
        else ""
    )
    return FieldError(fault.field, messages[fault.code], fault.code, remedy)
