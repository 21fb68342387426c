"""What the call bar and the screen of a call show to one person now: one reading, a few queries a call."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import pgettext_lazy

from service_desk.calls.candidates import Caller, caller_of
from service_desk.calls.models import CallDeadline, CallPop, CallSettlement, RingSound
from service_desk.calls.seeing import calls_visible_to, nobodys_calls
from service_desk.calls.words import Words, words_for
from service_desk.telephony.models import Call, CallLimits
from service_desk.telephony.rules import Direction, IntegrationKind, Limits

REF = re.compile("[0-9A-HJKMNP-TV-Z]{26}")
_SCREENS = 3
_NOBODYS = 3
#: A call that nobody has claimed stands on the bar so long after its answer; then in the list.
_FRESH = timedelta(hours=4)


class Phase(TextChoices):
    """How far a call is, as the agent lives through it."""

    RINGING = "ringing", pgettext_lazy("screen of a call", "Ringing")
    TALKING = "talking", pgettext_lazy("screen of a call", "On the line")
    HOLDING = "holding", pgettext_lazy("screen of a call", "On hold")
    OVER = "over", pgettext_lazy("screen of a call", "To be registered")


@dataclass(frozen=True, slots=True)
class Screen:
    """One call as its screen needs it."""

    call: Call
    phase: Phase
    since: datetime | None
    caller: Caller
    words: Words
    settled: CallSettlement | None
    clock: CallDeadline | None
    apologise: bool
    by_hand: bool
    unclaimed: bool
    here: bool  # the page beneath is this call's own form: what stands there is not said twice

    @property
    def outbound(self) -> bool:
        """Whether we rang."""
        return self.call.direction == Direction.OUTBOUND


@dataclass(frozen=True, slots=True)
class Bar:
    """Everything that stands in the top line about calls."""

    screens: list[Screen]
    nobodys: list[Call]
    to_register: int
    next_due: CallDeadline | None
    limits: Limits
    now: datetime
    sound: bool = False  # whether this person wants to hear it


def bar_of(user: Any, now: datetime, page: str = "") -> Bar:
    """What stands there now, over the page of this address; four queries while no call is at hand."""
    pops = list(
        CallPop.objects.showing(user)
        .select_related("call__integration", "call__agent", "call__claimed_by")
        .order_by("-id")[: _SCREENS * 2]
    )
    limits = CallLimits.in_force() if pops else Limits()
    open_clocks = CallDeadline.objects.to_register().of(user)
    due = list(open_clocks.select_related("call")[:100])
    screens = [
        _screen(pop.call, user, limits, due, now, here=pop.call.ref in page)
        for pop in sorted(pops, key=_place)[:_SCREENS]
    ]
    shown = {screen.call.pk for screen in screens}
    nobodys = nobodys_calls(user).filter(answered_at__gt=now - _FRESH).exclude(pk__in=shown)
    return Bar(
        screens=screens,
        nobodys=list(nobodys.select_related("integration").order_by("-id")[:_NOBODYS]),
        to_register=len(due),
        next_due=due[0] if due else None,
        limits=limits,
        now=now,
        sound=any(screen.phase == Phase.RINGING for screen in screens) and wants_sound(user),
    )


def wants_sound(user: Any) -> bool:
    """Whether this person hears a tone when a call rings on their screen."""
    return RingSound.objects.filter(staff=user).exists()


def _place(pop: CallPop) -> tuple[int, int]:
    """Who is on the line first, then what rings, then what is over; among equals the newest."""
    order = {Phase.TALKING: 0, Phase.HOLDING: 0, Phase.RINGING: 1, Phase.OVER: 2}
    return (order[phase_of(pop.call)], -pop.pk)


def phase_of(call: Call) -> Phase:
    """How far the call is."""
    if call.ended_at is not None:
        return Phase.OVER
    if call.answered_at is None:
        return Phase.RINGING
    return Phase.HOLDING if call.held_since is not None else Phase.TALKING


def _screen(call: Call, user: Any, limits: Limits, due: list[CallDeadline], now: datetime, *, here: bool) -> Screen:
    phase = phase_of(call)
    caller = caller_of(call, user)
    settled = _settled(call)
    return Screen(
        call=call,
        phase=phase,
        since={
            Phase.RINGING: call.ringing_at or call.started_at,
            Phase.TALKING: call.answered_at,
            Phase.HOLDING: call.held_since,
            Phase.OVER: call.ended_at,
        }[phase],
        caller=caller,
        words=_words(user, caller, settled),
        settled=settled,
        clock=next((clock for clock in due if clock.call_id == call.pk), None),
        apologise=_rings(call, limits, now) >= limits.apology_ring,
        by_hand=call.integration.kind == IntegrationKind.MANUAL,
        unclaimed=call.answered_at is not None and call.responsible is None,
        here=here,
    )


def words_of(call: Call, user: Any) -> Words:
    """What to say in this call, for a form that opens beside it."""
    return _words(user, caller_of(call, user), _settled(call))


def _settled(call: Call) -> CallSettlement | None:
    found: CallSettlement | None = CallSettlement.objects.standing().filter(call=call).select_related("case").first()
    return found


def _words(user: Any, caller: Caller, settled: CallSettlement | None) -> Words:
    """Those of the service line of its case, or of the one that the caller has to do with (K5)."""
    case = settled.case if settled is not None else None
    name = caller.contact.name if caller.contact is not None else ""
    return words_for(user, case.service_line_id if case is not None else caller.line, customer=name)


def _rings(call: Call, limits: Limits, now: datetime) -> int:
    """How often it has rung: as the phone system says, else by the seconds, also while it still rings (T2)."""
    if call.direction != Direction.INBOUND:
        return 0
    if call.ring_count is not None:
        return int(call.ring_count)
    begun = call.ringing_at or call.started_at
    until = call.answered_at or now
    return int((until - begun).total_seconds() // limits.ring_cycle_seconds) + 1 if begun else 0


def call_for(user: Any, ref: str) -> Call | None:
    """The call under its public name, as far as this person may see it; anything else never reaches the database."""
    if not REF.fullmatch(ref):
        return None
    found: Call | None = (
        calls_visible_to(user).select_related("integration", "agent", "claimed_by").filter(ref=ref).first()
    )
    return found
