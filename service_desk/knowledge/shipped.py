"""Loads the phrasebook of the source documents; what no source says is shipped as a draft for somebody's approval.

Idempotent: an entry whose code is there already is left alone, whoever changed it; what a newer product says otherwise
is offered (`actions.updating`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from service_desk.audit.models import AuditEntry
from service_desk.knowledge.actions.drafting import keep_draft
from service_desk.knowledge.actions.releasing import approve, make_release
from service_desk.knowledge.models import BookRelease, Phrase, PhraseVersion, ScriptLine
from service_desk.knowledge.rules import PhraseState
from service_desk.knowledge.scripts import SHIPPED

_FILE = Path(__file__).parent / "data" / "phrasebook.json"
_NOT_CONTENT = frozenset({"code", "kind", "text", "source", "ours"})


def entries() -> list[dict[str, Any]]:
    """The shipped phrasebook as it stands in the file."""
    found: list[dict[str, Any]] = json.loads(_FILE.read_text("utf-8"))
    return found


def content_of(item: Mapping[str, Any]) -> dict[str, Any]:
    """What a version of a shipped entry holds beside its text."""
    return {key: value for key, value in item.items() if key not in _NOT_CONTENT}


@transaction.atomic
def load() -> None:
    """Add what is missing: in force what a source says as it is, as a draft what is ours; and a release of it."""
    there = set(Phrase.objects.values_list("code", flat=True))
    missing = [item for item in entries() if item["code"] not in there]
    for item in missing:
        ours = item["ours"]
        version = keep_draft(
            actor=None,
            code=item["code"],
            kind=item["kind"],
            text=item["text"],
            content=content_of(item),
            source="" if ours else item["source"],
            note="ours" if ours else "",
        )
        if not ours:
            PhraseVersion.objects.filter(pk=version.pk).update(state=PhraseState.APPROVED, approved_at=Now())
    if any(not item["ours"] for item in missing):
        make_release(actor=None, note="source documents")
    _load_script()


def _load_script() -> None:
    """What to say in each situation of a call (K5), until somebody of the desk has had a hand in it."""
    if ScriptLine.objects.exists() or AuditEntry.objects.filter(verb__in=("script.add", "script.remove")).exists():
        return
    phrases = Phrase.objects.in_bulk([code for _situation, _part, code in SHIPPED], field_name="code")
    ScriptLine.objects.bulk_create(
        [
            ScriptLine(situation=situation, day_part=part, position=place, phrase=phrases[code])
            for place, (situation, part, code) in enumerate(SHIPPED, start=1)
            if code in phrases
        ]
    )


def approve_shipped_drafts(*, actor: Any) -> BookRelease:
    """What the demo company's reviewer does: approve the drafts that came with the product."""
    return approve(actor=actor, versions=list(PhraseVersion.objects.drafts().filter(author=None)), note="ours")
