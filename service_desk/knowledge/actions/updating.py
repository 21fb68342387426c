"""A newer product brings a better phrasebook: what it would change here, as drafts for somebody's approval (K4).

Nothing of the desk's own is lost: of each field the product's word is taken only where the desk has not changed it, and
lists are put together. What the desk has retired, refused or rolled back is not offered again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.knowledge.actions.drafting import keep_draft
from service_desk.knowledge.diff import Difference, differences
from service_desk.knowledge.models import PhraseVersion
from service_desk.knowledge.rules import PhraseState
from service_desk.knowledge.shipped import content_of, entries
from service_desk.people.access import require
from service_desk.rest.clean import demand_clean
from service_desk.rest.errors import Conflict


@dataclass(frozen=True, slots=True)
class Update:
    """An entry as it stands here and as it would be."""

    code: str
    kind: str
    before: PhraseVersion
    after: dict[str, Any]  # text and content, as a snapshot
    is_own: bool  # whether the desk has had a hand in it

    def sides(self) -> list[Difference]:
        """What changes, field by field."""
        head = {"code": self.code, "kind": self.kind}
        return differences([_of(self.before) | head], [self.after | head])


def updates() -> list[Update]:
    """What the product's own phrasebook would change in this desk's."""
    shipped = {item["code"]: item for item in entries()}
    known: dict[str, list[PhraseVersion]] = {}
    rows = PhraseVersion.objects.select_related("phrase").filter(
        Q(author=None) | Q(state__in=(PhraseState.APPROVED, PhraseState.DRAFT)) | ~Q(retired_at=None),
        phrase__code__in=shipped,
    )
    for version in rows.order_by("id"):
        known.setdefault(version.phrase.code, []).append(version)
    found = (_update(item, known.get(code, [])) for code, item in shipped.items())
    return [update for update in found if update is not None]


def _update(item: Mapping[str, Any], versions: list[PhraseVersion]) -> Update | None:
    ours = next((v for v in versions if v.state == PhraseState.APPROVED), None)
    base = next((v for v in reversed(versions) if v.author_id is None), None)
    if ours is None and base is not None and base.state == PhraseState.DRAFT:
        ours = base  # it came with the product, and nobody has looked at it yet
    if ours is None or base is None:
        return None
    new, old, own = _said(item["text"], content_of(item)), _of(base), _of(ours)
    merged = _merged(old, new, own)
    offered_before = any(_of(version) == merged for version in versions if version.pk > ours.pk)
    if new == old or merged == own or offered_before:
        return None
    return Update(item["code"], item["kind"], ours, merged, own != old)


def take_updates(*, actor: Any, codes: Collection[str] | None = None) -> list[PhraseVersion]:
    """Make drafts of these updates, or of all; somebody else approves them."""
    demand_clean({"codes": list(codes or ())})
    with transaction.atomic():
        require(actor, "phrase.draft")
        wanted = [update for update in updates() if codes is None or update.code in codes]
        if not wanted:
            raise Conflict(_("There is nothing to take over."))
        made = []
        for update in wanted:
            content = {name: value for name, value in update.after.items() if name != "text"}
            if update.before.state == PhraseState.DRAFT:  # the new draft stands in its place
                PhraseVersion.objects.filter(pk=update.before.pk).update(state=PhraseState.RETIRED, retired_at=Now())
            made.append(
                keep_draft(
                    actor=actor,
                    code=update.code,
                    kind=update.kind,
                    text=update.after["text"],
                    content=content,
                    note=_("From the product's phrasebook."),
                )
            )
        record(verb="phrase.update", thing="-", actor=actor, detail={"codes": [update.code for update in wanted]})
    return made


def _said(text: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """Text and content in one; what is empty says nothing."""
    return {"text": text, **{name: value for name, value in content.items() if value not in ("", [], None)}}


def _of(version: PhraseVersion) -> dict[str, Any]:
    return _said(version.text, version.content)


def _merged(base: Mapping[str, Any], new: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Three versions of an entry put together: the product's as it was, as it is now, and the desk's."""
    made: dict[str, Any] = {}
    for name in [*new, *(name for name in own if name not in new)]:
        was, now, here = base.get(name), new.get(name), own.get(name)
        if here == was:
            value = now
        elif now == was:
            value = here
        elif isinstance(now, list) and isinstance(here, list):
            before = was if isinstance(was, list) else []
            kept = [each for each in now if each in here or each not in before]
            value = [*kept, *(each for each in here if each not in before and each not in kept)]
        else:
            value = here
        if value not in ("", [], None):
            made[name] = value
    return made
