"""What becomes of findings: kept for inspection, said to be no fault, or sent all the same by a supervisor (K3)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.knowledge.actions.drafting import keep_draft
from service_desk.knowledge.current import check_text
from service_desk.knowledge.language.around import tokens
from service_desk.knowledge.language.check import Answer, Finding
from service_desk.knowledge.models import LanguageFinding, Phrase, PhraseVersion
from service_desk.knowledge.models.findings import BEFORE
from service_desk.knowledge.places import seen_by
from service_desk.knowledge.rules import Category, Direction, FindingOutcome, Speaker, Weight
from service_desk.people.access import can, require
from service_desk.rest.clean import demand_clean
from service_desk.rest.errors import Conflict, Invalid, NotFound, Refusal

_EXCERPT = 120
_REASON = 200
_MOST_KEPT = 500  # findings of one text: enough to inspect it


class Unsayable(Refusal):
    """A text holds what must not go to a customer."""

    status = 409
    code = "banned_language"


def record_findings(
    *, answer: Answer, text: str, direction: str, speaker: str, thing: str, said_by: Any = None
) -> list[LanguageFinding]:
    """Keep what was found in a text that has been saved or sent; hints are not kept. In the caller's transaction."""
    if not answer.release:
        return []
    rows = [
        LanguageFinding(
            release_id=answer.release,
            entry=found.entry,
            form=found.form[:80],
            start=found.start,
            end=found.end,
            excerpt=_excerpt(text, found),
            category=found.category,
            severity=found.severity,
            how=found.how,
            direction=direction,
            speaker=speaker,
            thing=thing,
            said_by=said_by,
        )
        for found in answer.findings[:_MOST_KEPT]
        if found.severity != Weight.HINT
    ]
    made: list[LanguageFinding] = LanguageFinding.objects.bulk_create(rows)
    return made


def demand_sayable(*, actor: Any, text: str, thing: str, field: str = "text", override: str = "") -> Answer:
    """Raise Unsayable if the text must not go to a customer; a supervisor may override with a reason (K3).

    Checks with the newest release. In the caller's transaction; what is found is kept, with what was decided.
    """
    return _sayable(actor, text, thing, field, override)[0]


def hear(
    *, actor: Any, text: str, thing: str, field: str = "text", to_customer: bool = False, override: str = ""
) -> list[LanguageFinding]:
    """Check what somebody has just said about a thing, in the caller's transaction: every verb's one way (K3).

    A note is never stopped: what is found is kept and handed back. What goes to a customer raises Unsayable.
    """
    if not text.strip():
        return []
    if to_customer:
        return _sayable(actor, text, thing, field, override)[1]
    answer = check_text(text, Direction.INTERNAL_NOTE, Speaker.AGENT)
    return record_findings(
        answer=answer, text=text, direction=Direction.INTERNAL_NOTE, speaker=Speaker.AGENT, thing=thing, said_by=actor
    )


def _sayable(actor: Any, text: str, thing: str, field: str, override: str) -> tuple[Answer, list[LanguageFinding]]:
    answer = check_text(text, Direction.TO_CUSTOMER, Speaker.AGENT, newest=True)
    blocking = [found for found in answer.findings if found.severity == Weight.BLOCK]
    if blocking and not override.strip():
        raise _unsayable(text, field, blocking)
    kept = record_findings(
        answer=answer, text=text, direction=Direction.TO_CUSTOMER, speaker=Speaker.AGENT, thing=thing, said_by=actor
    )
    if blocking:
        _override(actor, kept, thing, override)
    return answer, kept


def _unsayable(text: str, field: str, blocking: list[Finding]) -> Unsayable:
    """Which words, where, of which category, and what to say instead; `findings` say the same to programs."""
    first = blocking[0]
    said = _("This must not be sent to a customer: “%(phrase)s” (line %(line)d, %(category)s).") % {
        "phrase": first.phrase[:40],
        "line": text.count("\n", 0, first.start) + 1,
        "category": Category(first.category).label,
    }
    remedy = _("Say instead: %(phrase)s") % {"phrase": first.suggestions[0]} if first.suggestions else ""
    return Unsayable(said, field=field, remedy=remedy, extra={"findings": [asdict(found) for found in blocking[:50]]})


def _override(actor: Any, kept: list[LanguageFinding], thing: str, reason: str) -> None:
    require(actor, "language.override", thing)
    reason = _reason(reason)
    LanguageFinding.objects.filter(pk__in=[row.pk for row in kept], severity=Weight.BLOCK).update(
        outcome=FindingOutcome.OVERRIDDEN, decided_by=actor, decided_at=Now(), reason=reason
    )
    record(verb="language.override", thing=thing, actor=actor, detail={"findings": len(kept), "reason": reason})


def dismiss(*, actor: Any, finding: LanguageFinding, reason: str) -> PhraseVersion | None:
    """Say that a finding is no fault: a draft with an allow form and the text as an example that must not hit."""
    with transaction.atomic():
        require(actor, "finding.dismiss", finding)
        if finding.said_by_id != actor.pk:
            require(actor, "finding.view", finding)
        place = seen_by(actor, [finding.thing]).get(finding.thing)
        if place is None:
            raise NotFound
        reason = _reason(reason)
        locked = LanguageFinding.objects.select_for_update().get(pk=finding.pk)
        if locked.outcome == FindingOutcome.DISMISSED:
            raise Conflict(_("Somebody has said so already."))
        locked.outcome, locked.decided_by, locked.decided_at, locked.reason = (
            FindingOutcome.DISMISSED,
            actor,
            Now(),
            reason,
        )
        locked.save(update_fields=["outcome", "decided_by", "decided_at", "reason"])
        record(
            verb="finding.dismiss", thing=f"languagefinding:{locked.pk}", actor=actor, detail={"entry": locked.entry}
        )
        return _draft_exception(actor, locked, reason, private=place.private)


def _draft_exception(actor: Any, finding: LanguageFinding, reason: str, *, private: bool) -> PhraseVersion | None:
    """The entry as it is now, with the exception added; nothing if the entry is out of force.

    Everybody reads the phrasebook: of a confidential text no more goes into it than the word around the hit (P6).
    """
    phrase = Phrase.objects.filter(code=finding.entry).first()
    current = PhraseVersion.objects.in_force().filter(phrase__code=finding.entry).first()
    if phrase is None or current is None:
        return None
    content: dict[str, Any] = {**current.content}
    example = _longer(finding) if private else finding.excerpt.strip()
    if not example:
        return None
    content["must_not_hit"] = _with(content.get("must_not_hit", []), example)
    if allow := _longer(finding):
        content["allow"] = _with(content.get("allow", []), allow)
    return keep_draft(
        actor=actor, code=phrase.code, kind=phrase.kind, text=current.text, content=content, note=reason[:_REASON]
    )


def _with(items: list[str], item: str) -> list[str]:
    """The list with the item at its end, and room for it."""
    return [*[old for old in items if old != item][:59], item]


def _longer(finding: LanguageFinding) -> str:
    """The hit with the word before and behind it in its clause: what an editor looks at as an allow form."""
    at = min(finding.start, BEFORE)
    end = at + len(finding.phrase)
    around = tokens(finding.excerpt, at, end)
    before = [w for w in around if w[1] == at and finding.excerpt[w[0] : w[1]].isalnum()]
    behind = [w for w in around if w[0] == end and finding.excerpt[w[0] : w[1]].isalnum()]
    low, high = (before[0][0] if before else at), (behind[0][1] if behind else end)
    longer = finding.excerpt[low:high]
    return longer if len(longer) > end - at and not set(longer) & set("{}|") else ""


def _excerpt(text: str, found: Finding) -> str:
    low = max(0, found.start - BEFORE)
    return text[low : low + _EXCERPT]


def note_use(*, actor: Any, code: str) -> None:
    """Count that an approved phrase was put into a text, on the day of the desk's zone."""
    with transaction.atomic():
        require(actor, "phrase.use")
        demand_clean({"code": code})
        if not Phrase.objects.filter(code=code[:20]).exists():
            raise Invalid(_("There is none with this value."), field="code", code="does_not_exist")
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO knowledge_phraseuse (entry, day, times) VALUES (%s, (now() AT TIME ZONE %s)::date, 1) "
                "ON CONFLICT (entry, day) DO UPDATE SET times = knowledge_phraseuse.times + 1",
                [code, settings.TIME_ZONE],
            )


def _reason(text: str) -> str:
    demand_clean({"reason": text})
    text = text.strip()
    if not text:
        raise Invalid(_("Please fill this in."), field="reason", code="required")
    if len(text) > _REASON:
        raise Invalid(
            _("Please write at most %(limit)s characters.") % {"limit": _REASON}, field="reason", code="max_length"
        )
    return text


def can_override(actor: Any) -> bool:
    """Whether a screen offers the override."""
    return bool(can(actor, "language.override"))
