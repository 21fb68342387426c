"""The mechanism under every verb: lock, may they, is it possible, change, history, audit; all in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.cases.actions.watching import tell_watchers
from service_desk.cases.models import Case, CaseDeadline, CaseEvent
from service_desk.cases.rules import (
    DEEDS,
    FIELD_OF,
    MOVES,
    SAID_ELSEWHERE,
    TO_CUSTOMER,
    EventType,
    is_complaint,
    refusal,
)
from service_desk.cases.webhook_events import tell_programs
from service_desk.deadlines import actions as clocks
from service_desk.deadlines.clock import now
from service_desk.deadlines.models import Policy
from service_desk.knowledge.actions import hear
from service_desk.knowledge.models import LanguageFinding
from service_desk.notices.actions import NewNotice, send_many
from service_desk.notices.kinds import hidden
from service_desk.notices.live import poke_case
from service_desk.notices.rules import Level
from service_desk.people.access import require
from service_desk.rest.errors import Conflict, Invalid, NotFound, Stale


@dataclass
class Change:
    """One verb at work on one locked case; `now` is the database's clock, UTC.

    `lines` are the lines of the timeline it wrote, `told` the people it told by themselves: watchers hear the rest.
    `found` is what the language check found in the words, `override` why a supervisor lets them pass (K3).
    """

    case: Case
    actor: Any
    now: datetime
    lines: list[CaseEvent] = field(default_factory=list)
    told: set[int] = field(default_factory=set)
    override: str = ""
    found: list[LanguageFinding] = field(default_factory=list)

    def say(self, type: EventType, text: str = "", **data: Any) -> CaseEvent:  # noqa: A002 - the field's own name
        """Write a line of the timeline; its words go through the language check, by which door they ever came."""
        if text and type not in SAID_ELSEWHERE:
            self.hear(text, FIELD_OF.get(type, "text"), to_customer=type in TO_CUSTOMER)
        line = CaseEvent.objects.create(case=self.case, at=self.now, actor=self.actor, type=type, text=text, data=data)
        self.lines.append(line)
        return line

    def hear(self, text: str, field: str, *, to_customer: bool = False) -> None:
        """Check words that stand in no line of their own; raises Unsayable for what must not go to a customer (K3)."""
        thing = f"case:{self.case.pk}"
        self.found += hear(
            actor=self.actor, text=text, thing=thing, field=field, to_customer=to_customer, override=self.override
        )

    def stop_clocks(self, *kinds: str) -> None:
        """End the open clocks of these kinds: what they demanded is done."""
        found = clocks.lock_open(CaseDeadline, case=self.case, kind__in=kinds)
        clocks.stop(found, now=self.now, actor=self.actor)

    def arm_part(
        self, kind: str, part: int, people: Mapping[str, int], *, due_at: datetime | None = None
    ) -> list[CaseDeadline]:
        """Start the clock of a promise, a hand-over or a consultation; `people` are further slots of its ladder."""
        policies = Policy.objects.for_case(service_line=self.case.service_line_id, subject=self.case.kind, severity="")
        return clocks.arm(
            model=CaseDeadline,
            policies=[policy for policy in policies if policy.kind == kind],
            subject={"case": self.case, "part": part, "people": dict(people)},
            started_at=self.now,
            now=self.now,
            cycle=self.case.cycle,
            due_at=due_at,
        )

    def clocks_of_part(self, kind: str, part: int) -> list[CaseDeadline]:
        """The open clocks of a part, locked."""
        return clocks.lock_open(CaseDeadline, case=self.case, kind=kind, part=part)

    def tell(self, kind: str, recipient_id: int | None, slot: str, part: int, **facts: Any) -> None:
        """One notice to one person about this change, in its transaction."""
        if recipient_id is None or (self.actor is not None and recipient_id == self.actor.pk):
            return
        if is_complaint(self.case) and recipient_id not in self.case.inner_circle:
            return
        self.told.add(recipient_id)
        key = f"case:{self.case.pk}:{kind}:{part}:{recipient_id}"
        said_so_far = {
            "number": self.case.number,
            "customer": self.case.customer.name,
            "subject": self.case.subject,
            "by": str(self.actor),
        }
        send_many(
            [
                NewNotice(
                    dedup_key=key,
                    chain=key,
                    kind=kind,
                    level=Level.INFO,
                    recipient_id=recipient_id,
                    slot=slot,
                    facts=said_so_far | facts if not is_complaint(self.case) else hidden(said_so_far),
                    about=f"case:{self.case.pk}",
                    link=self.case.get_absolute_url(),
                    private=self.case.confidential,
                )
            ]
        )

    def open_clocks(self) -> list[CaseDeadline]:
        """The open clocks, locked, with the case and its pauses at hand."""
        found = clocks.lock_open(CaseDeadline, case=self.case)
        for clock in found:
            clock.case = self.case
        return found


@contextmanager
def changing(
    *,
    case: Case,
    actor: Any,
    verb: str,
    version: int | None = None,
    detail: Mapping[str, Any] | None = None,
    override: str = "",
) -> Iterator[Change]:
    """Lock the case, refuse what may not or cannot be, hand it over, then save it with history and audit.

    Raises NotFound when the actor may not know of the case, NotAllowed, Conflict when the move is not possible now
    (the message says which condition is missing), Stale when `version` is not the present one, Unsayable when words
    to the customer hold what must not be said and no supervisor gives a reason as `override` (K3).
    """
    move = MOVES.get(verb) or DEEDS[verb]
    with transaction.atomic():
        locked = (
            Case.objects.visible_to(actor)
            .select_for_update(of=("self",))
            .filter(pk=case.pk if version is not None else survivor_of(case, actor).pk)
            .first()
        )
        if locked is None:
            raise NotFound(_("There is no such case."))
        if locked.merged_into_id is not None:
            raise _is_merged(locked, actor)
        require(actor, f"case.{verb}", locked)
        if version is not None and version != locked.version:
            raise Stale
        words = refusal(move, locked)
        if words is not None:
            raise Conflict(str(words), code="not_possible")
        # Asked once the lock is held: a moment from before the wait would lie before what happened meanwhile.
        change = Change(case=locked, actor=actor, now=now(), override=override)
        yield change
        if move.target is not None and locked.state in move.sources:
            locked.state = move.target
        if move.ends:
            change.stop_clocks(*move.ends)
        locked.version += 1
        locked.save()
        record(verb=f"case.{verb}", thing=f"case:{locked.pk}", actor=actor, detail=dict(detail or {}))
        tell_watchers(change)
        tell_programs(change)
        poke_case(locked.number, locked.told_pages)
        locked.language_found = tuple(change.found)


def survivor_of(case: Case, actor: Any) -> Case:
    """Where the matter of this case goes on (D5): the end of the chain of merges, as far as this person may see it."""
    while case.merged_into_id is not None:
        following = Case.objects.visible_to(actor).filter(pk=case.merged_into_id).first()
        if following is None:
            break
        case = following
    return case


def _is_merged(case: Case, actor: Any) -> Conflict:
    survivor = survivor_of(case, actor)
    remedy = _("Go on in %(number)s.") % {"number": survivor.number} if survivor.pk != case.pk else ""
    return Conflict(_("This case was merged into another."), code="merged", remedy=remedy)


def lock_beside(*, case: Case, actor: Any, number: str, field: str) -> Case:
    """The other case with this number, locked together with `case` in the order of their ids; Invalid on `field`.

    A merged one stands for the case in which it goes on.
    """
    wanted = unsaid(number, field, limit=40).upper()
    other = Case.objects.visible_to(actor).filter(number=wanted).first()
    if other is None:
        raise Invalid(_("There is no such case."), field=field, code="unknown")
    other = survivor_of(other, actor)
    if other.pk == survivor_of(case, actor).pk:
        raise Invalid(_("This is the case itself."), field=field, code="itself")
    locked = {row.pk: row for row in Case.objects.filter(pk__in=[case.pk, other.pk]).order_by("pk").select_for_update()}
    if locked[other.pk].merged_into_id is not None:
        raise Conflict(_("The other case was merged at this moment; look again."), code="merged")
    return locked[other.pk]


def said(value: str | None, field: str, *, limit: int = 8000) -> str:
    """The text a person must give, trimmed; Invalid with the field's name when it is empty or too long."""
    text = unsaid(value, field, limit=limit)
    if not text:
        raise Invalid(_("Please fill this in."), field=field, code="required")
    return text


def unsaid(value: str | None, field: str, *, limit: int) -> str:
    """A text that may be left out, trimmed; Invalid with the field's name when no database column could hold it."""
    text = (value or "").strip()
    if "\x00" in text:
        raise Invalid(_("Null characters are not allowed."), field=field, code="null_characters")
    if len(text) > limit:
        raise Invalid(
            _("Please write at most %(limit)s characters.") % {"limit": limit}, field=field, code="max_length"
        )
    return text


def chosen(value: str | None, choices: Any, field: str) -> str:
    """One of the values of `choices`; Invalid with the field's name otherwise."""
    if value not in choices.values:
        raise Invalid(_("Please choose one of the values."), field=field, code="invalid_choice")
    return str(value)
