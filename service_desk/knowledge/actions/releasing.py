"""Approving, retiring and releases: each change makes the next numbered snapshot, unless its examples fail (K4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.knowledge.actions.drafting import told
from service_desk.knowledge.language.compiled import Compiled
from service_desk.knowledge.language.release import Release, digest
from service_desk.knowledge.language.wording import failed_examples, unfinished
from service_desk.knowledge.models import BookRelease, PhraseVersion
from service_desk.knowledge.rules import PhraseState
from service_desk.people.access import require
from service_desk.rest.clean import demand_clean
from service_desk.rest.errors import Conflict, FieldError, Invalid

_LOCK = 7_340_411  # one release is made at a time
_NOTE = 200


def approve(*, actor: Any, versions: Sequence[PhraseVersion], note: str = "") -> BookRelease:
    """Put drafts of others in force, together, as the next release; raises Invalid naming the examples that fail."""
    with transaction.atomic():
        demand_note(note)
        _take_turn()
        locked = list(
            PhraseVersion.objects.select_for_update(of=("self",))
            .select_related("phrase")
            .filter(pk__in=[version.pk for version in versions])
            .order_by("pk")
        )
        if not locked:
            raise Conflict(_("There is nothing to approve."))
        for version in locked:
            require(actor, "phrase.approve", version)
            _demand_draft(version)
        for version in locked:
            PhraseVersion.objects.in_force().filter(phrase=version.phrase_id).update(
                state=PhraseState.RETIRED, retired_at=Now()
            )
            version.state, version.approver = PhraseState.APPROVED, actor
            version.approved_at = Now()
            version.save(update_fields=["state", "approver", "approved_at"])
            record(
                verb="phrase.approve",
                thing=f"phraseversion:{version.pk}",
                actor=actor,
                detail={"code": version.phrase.code},
            )
        return make_release(actor=actor, note=note)


def retire(*, actor: Any, version: PhraseVersion, note: str = "") -> BookRelease | None:
    """Take a version out of force, or throw a draft away; the next release if it was in force."""
    with transaction.atomic():
        require(actor, "phrase.retire", version)
        demand_note(note)
        _take_turn()
        locked = PhraseVersion.objects.select_for_update(of=("self",)).select_related("phrase").get(pk=version.pk)
        if locked.state == PhraseState.RETIRED:
            raise Conflict(_("It is retired already."))
        was_in_force = locked.state == PhraseState.APPROVED
        locked.state, locked.retired_at = PhraseState.RETIRED, Now()
        locked.save(update_fields=["state", "retired_at"])
        record(
            verb="phrase.retire",
            thing=f"phraseversion:{locked.pk}",
            actor=actor,
            detail={"code": locked.phrase.code, "note": note[:200]},
        )
        return make_release(actor=actor, note=note) if was_in_force else None


def publish(*, actor: Any, note: str = "") -> BookRelease:
    """Make a release of what is approved now; refused if nothing has changed."""
    with transaction.atomic():
        require(actor, "release.publish")
        demand_note(note)
        _take_turn()
        return make_release(actor=actor, note=note)


def roll_back(*, actor: Any, release: BookRelease, note: str = "") -> BookRelease:
    """Publish an older snapshot under a new number; what it holds is approved again, what it lacks is retired."""
    with transaction.atomic():
        require(actor, "release.roll_back", release)
        demand_note(note)
        _take_turn()
        kept = [item["version"] for item in release.content]
        PhraseVersion.objects.in_force().exclude(pk__in=kept).update(state=PhraseState.RETIRED, retired_at=Now())
        PhraseVersion.objects.filter(pk__in=kept, state=PhraseState.RETIRED).update(
            state=PhraseState.APPROVED, retired_at=None
        )
        return make_release(actor=actor, note=note, rolled_back_to=release)


def make_release(*, actor: Any, note: str = "", rolled_back_to: BookRelease | None = None) -> BookRelease:
    """The next snapshot of what is in force, with its examples run; for verbs that have asked for permission."""
    entries = PhraseVersion.objects.in_force().select_related("phrase").order_by("phrase__code")
    content = [version.snapshot() for version in entries]
    newest = BookRelease.objects.newest().first()
    if newest is not None and newest.sha256 == digest(content):
        raise Conflict(_("Nothing has changed since release %(number)s.") % {"number": newest.number})
    number = newest.number + 1 if newest else 1
    _demand_examples(number, content)
    release = BookRelease(
        number=number,
        content=content,
        sha256=digest(content),
        entries=len(content),
        note=note.strip(),
        rolled_back_to=rolled_back_to,
        made_by=actor,
    )
    release.save(force_insert=True)
    record(
        verb="release.roll_back" if rolled_back_to else "release.publish",
        thing=f"bookrelease:{number}",
        actor=actor,
        detail={"entries": len(content), "to": rolled_back_to.number if rolled_back_to else None, "note": note[:200]},
    )
    return release


def _demand_draft(version: PhraseVersion) -> None:
    if version.state != PhraseState.DRAFT:
        raise Conflict(_("%(code)s is no draft any more.") % {"code": version.phrase.code})
    if lacking := told(unfinished(version.phrase.kind, version.content)):
        raise Invalid.of(lacking)


def _demand_examples(number: int, content: list[dict[str, Any]]) -> None:
    failed = failed_examples(Compiled(Release.read(number, content)))
    if not failed:
        return
    missed = _("%(entry)s does not find its example “%(text)s”.")
    false = _("%(entry)s finds something in “%(text)s”, where it must not.")
    raise Invalid.of(
        [
            FieldError(
                "must_hit" if example.must_hit else "must_not_hit",
                (missed if example.must_hit else false) % {"entry": example.entry, "text": example.text[:80]},
                "example_failed",
                _("Change the forms, or the example."),
            )
            for example in failed[:20]
        ]
    )


def _take_turn() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def demand_note(note: str) -> None:
    """A note that can be kept."""
    demand_clean({"note": note})
    if len(note) > _NOTE:
        raise Invalid(
            _("Please write at most %(limit)s characters.") % {"limit": _NOTE}, field="note", code="max_length"
        )
