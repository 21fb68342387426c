"""Whose minutes they were: the life of a case cut into stages by who held it or what it waited for (D6). Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from service_desk.cases.rules import HandOverState


class StageKind(TextChoices):
    """Who had the case, or what it waited for; the values of waiting are those of `rules.WaitingFor`."""

    FIRST_RESPONDER = "first_responder", _("First responder")
    HANDLER = "handler", _("Handler")
    HAND_OVER = "hand_over", _("Waiting for hand-over")
    CUSTOMER = "customer", _("Waiting for the customer")
    PART = "part", _("Waiting for a spare part")
    THIRD_PARTY = "third_party", _("Waiting for somebody outside")
    CLOSED = "closed", _("Closed in between")  # of a case that was reopened (D4): nobody's time


@dataclass(frozen=True, slots=True)
class Facts:
    """What of a case the stages depend on; a person is whatever is equal to itself alone: a row, an id."""

    accepted_at: datetime
    ended_at: datetime | None
    first_responder: Hashable
    handler: Hashable


@dataclass(frozen=True, slots=True)
class Offer:
    """A hand-over."""

    giver: Hashable
    receiver: Hashable
    state: str
    proposed_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Wait:
    """A time of waiting, or of being closed before a reopening; until None it goes on."""

    waiting_for: str
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Stage:
    """From `start` to `end` the case was with `who`; in a hand-over the one who was to answer, in a wait nobody."""

    kind: StageKind
    who: Hashable | None
    start: datetime
    end: datetime

    @property
    def lasted(self) -> timedelta:
        """How long."""
        return self.end - self.start

    @property
    def minutes(self) -> timedelta:
        """How long, between the minutes that a screen shows: what is shown adds up."""
        return in_minutes(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Piece(Stage):
    """A stage, or a part of one, in which the same person held the case throughout."""

    holder: Hashable

    @property
    def whose(self) -> Hashable | None:
        """Whose minutes these are in a sum: of a hand-over who was to answer, of a wait who held the case meanwhile."""
        if self.kind == StageKind.CLOSED:
            return None
        return self.who if self.kind == StageKind.HAND_OVER else self.holder


def in_minutes(start: datetime, end: datetime) -> timedelta:
    """The time between two moments as a clock without seconds shows them."""
    return end.replace(second=0, microsecond=0) - start.replace(second=0, microsecond=0)


def stages(facts: Facts, offers: Sequence[Offer], waits: Sequence[Wait], now: datetime) -> list[Stage]:
    """The stages in order, without gap or overlap, from acceptance to the end (or now).

    A wait for the customer, a part or somebody outside comes before a hand-over that waits, and this before the holder:
    nobody at the desk could have gone on meanwhile.
    """
    found: list[Stage] = []
    for piece in pieces(facts, offers, waits, now):
        kind, who, since = piece.kind, piece.who, piece.start
        if found and (found[-1].kind, found[-1].who) == (kind, who):
            since = found.pop().start
        found.append(Stage(kind, who, since, piece.end))
    return found


def pieces(facts: Facts, offers: Sequence[Offer], waits: Sequence[Wait], now: datetime) -> list[Piece]:
    """The stages before those alike are joined, each with who held the case: by this minutes are summed per person."""
    start, end = facts.accepted_at, facts.ended_at or now
    cuts = sorted({at for at in _cuts(offers, waits) if start < at < end} | {start, max(start, end)})
    found: list[Piece] = []
    for since, until in pairwise(cuts):
        kind, who = _at(since, facts, offers, waits)
        found.append(Piece(kind, who, since, until, _holder(since, facts, offers)))
    return found


def _cuts(offers: Iterable[Offer], waits: Iterable[Wait]) -> Iterator[datetime]:
    for offer in offers:
        yield from (at for at in (offer.proposed_at, offer.decided_at) if at is not None)
    for wait in waits:
        yield from (at for at in (wait.starts_at, wait.ends_at) if at is not None)


def _at(
    moment: datetime, facts: Facts, offers: Sequence[Offer], waits: Sequence[Wait]
) -> tuple[StageKind, Hashable | None]:
    """Who had the case from this moment on."""
    for wait in waits:
        if wait.starts_at <= moment and (wait.ends_at is None or moment < wait.ends_at):
            return StageKind(wait.waiting_for), None
    for offer in offers:
        if offer.proposed_at <= moment and (offer.decided_at is None or moment < offer.decided_at):
            return StageKind.HAND_OVER, offer.receiver
    holder = _holder(moment, facts, offers)
    return (StageKind.FIRST_RESPONDER if holder == facts.first_responder else StageKind.HANDLER), holder


def _holder(moment: datetime, facts: Facts, offers: Sequence[Offer]) -> Hashable:
    """Who held it: the receiver of the last accepted offer; before the first one its giver."""
    taken = sorted(
        ((offer.decided_at, offer) for offer in offers if offer.decided_at and offer.state == HandOverState.ACCEPTED),
        key=lambda pair: pair[0],
    )
    before = [offer for at, offer in taken if at <= moment]
    if before:
        return before[-1].receiver
    return taken[0][1].giver if taken else facts.handler
