"""What each figure counts, as querysets of facts: when it was, of which case, whose, how long it took, how it went.

Every fact has `f_id` (unique in its figure), `f_at`, `f_case`, `f_who`, `f_seconds`, `f_outcome` and `f_thing` (what it
is when it is no case: 'call:…'); figures add columns of their own to be grouped by. Each begins at what a person may
see and lies between two moments. What belongs to a cycle counts once a cycle, not once a case (D4).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import (
    BigIntegerField,
    Exists,
    ExpressionWrapper,
    F,
    FloatField,
    Func,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models import Case as Choice
from django.db.models.functions import Cast, Coalesce, Concat

from service_desk.calls.models import CallMessage
from service_desk.calls.seeing import calls_visible_to
from service_desk.cases.models import Case, CaseClockEvent, CaseCycle, CaseDeadline, HandOver, Promise
from service_desk.cases.rules import CaseKind, HandOverState
from service_desk.complaints.models import Complaint, Instance
from service_desk.deadlines.rules import ClockEventType, ClockKind, ClockState
from service_desk.knowledge.models import LanguageFinding, Transcript
from service_desk.notices.models import Notice
from service_desk.telephony.models import CallFact

Facts = QuerySet[Any, Any]
#: How most facts went; what had no target, or is not decided, went neither way.
KEPT, LATE, NONE = "kept", "late", "none"
COLUMNS = ("f_id", "f_at", "f_case", "f_who", "f_seconds", "f_outcome", "f_thing")
#: Cycles of a case are numbered below this, so that case and cycle make one number.
_CYCLES = 100_000


def _word(value: str) -> Value:
    return Value(value, TextField())


def _text(expression: Any) -> Cast:
    return Cast(expression, TextField())


def _seconds(start: Any, end: Any) -> Func:
    """Whole seconds between two moments, as a number; the recorded times of a call may run backwards, no time does."""
    return Func(
        end, start, template="GREATEST(0, FLOOR(EXTRACT(EPOCH FROM (%(expressions)s))))::float8", arg_joiner=" - ",
        output_field=FloatField(),
    )  # fmt: skip


#: How a clock went; nothing while that is open, or when it was called off (D5).
_WENT = Choice(
    When(state__in=(ClockState.MERGED, ClockState.CANCELLED), then=Value(None, TextField())),
    When(breached_at__isnull=False, then=_word(LATE)),
    When(state=ClockState.MET, then=_word(KEPT)),
    default=Value(None, TextField()),
)


def _rows(facts: QuerySet[Any], *own: str, **columns: Any) -> Facts:
    """The facts with their columns in one order, so that two sets can be put together."""
    nothing = {"f_seconds": Cast(None, FloatField()), "f_outcome": _word(NONE), "f_thing": Cast(None, TextField())}
    known = nothing | columns
    names = (*COLUMNS, *own)
    return facts.order_by().annotate(**{name: known[name] for name in names}).values_list(*names)


def _clock_of(case: str, *kinds: str, **which: Any) -> Coalesce:
    """How the clock of these kinds went; late when one of them was."""
    clocks = CaseDeadline.objects.filter(case=OuterRef(case), kind__in=kinds, **which).order_by()
    went = clocks.values("case").annotate(went=Max(_WENT)).values("went")  # 'kept' comes before 'late'
    return Coalesce(Subquery(went[:1], output_field=TextField()), _word(NONE))


def _between(name: str, begins: datetime, ends: datetime) -> Q:
    return Q(**{f"{name}__gte": begins, f"{name}__lt": ends})


def registrations(user: Any, begins: datetime, ends: datetime) -> Facts:
    """C3: tickets, by when they were registered."""
    cases = Case.objects.visible_to(user).filter(_between("registered_at", begins, ends))
    return _rows(
        cases.filter(kind=CaseKind.CALL, split_from=None),
        f_id=F("pk"),
        f_at=F("registered_at"),
        f_case=F("pk"),
        f_who=F("first_responder"),
        f_seconds=_seconds(F("accepted_at"), F("registered_at")),
        f_outcome=Choice(When(late_registration=True, then=_word(LATE)), default=_word(KEPT)),
    )


def first_responses(user: Any, begins: datetime, ends: datetime) -> Facts:
    """Cases by when work on them began; it begins once, whatever is reopened later."""
    cases = Case.objects.visible_to(user).filter(_between("started_at", begins, ends))
    return _rows(
        cases,
        f_id=F("pk"),
        f_at=F("started_at"),
        f_case=F("pk"),
        f_who=F("first_responder"),
        f_seconds=_seconds(Coalesce("earliest_accepted_at", "accepted_at"), F("started_at")),
        f_outcome=_clock_of("pk", ClockKind.FIRST_RESPONSE, part=0),
    )


def restorations(user: Any, begins: datetime, ends: datetime) -> Facts:
    """Cycles by when service was restored."""
    return _cycles(user, begins, ends, "restored_at", ClockKind.RESTORATION, ClockKind.EMERGENCY)


def solutions(user: Any, begins: datetime, ends: datetime) -> Facts:
    """Cycles by when they were resolved."""
    return _cycles(user, begins, ends, "resolved_at", ClockKind.SOLUTION)


def _cycles(user: Any, begins: datetime, ends: datetime, reached: str, *kinds: str) -> Facts:
    """What cases came to in their present cycle, and in earlier ones, whose results stand beside them (D4).

    A cycle that began with its service restored has nothing to show of that.
    """
    cases = Case.objects.visible_to(user)
    began = Coalesce("reopened_at", "earliest_accepted_at", "accepted_at")
    present = cases.filter(_between(reached, begins, ends)).filter(
        Q(reopened_at=None) | Q(**{f"{reached}__gte": F("reopened_at")})
    )
    past = CaseCycle.objects.filter(
        _between(reached, begins, ends), case__in=cases, **{f"{reached}__gte": F("began_at")}
    )
    now = _rows(
        present,
        f_id=ExpressionWrapper(F("pk") * _CYCLES + F("cycle"), BigIntegerField()),
        f_at=F(reached),
        f_case=F("pk"),
        f_who=F("handler"),
        f_seconds=_seconds(began, F(reached)),
        f_outcome=_clock_of("pk", *kinds, part=0, cycle=OuterRef("cycle")),
    )
    then = _rows(
        past,
        f_id=ExpressionWrapper(F("case") * _CYCLES + F("cycle"), BigIntegerField()),
        f_at=F(reached),
        f_case=F("case"),
        f_who=F("case__handler"),
        f_seconds=_seconds(F("began_at"), F(reached)),
        f_outcome=_clock_of("case", *kinds, part=0, cycle=OuterRef("cycle")),
    )
    return now.union(then, all=True)


def clocks(user: Any, begins: datetime, ends: datetime) -> Facts:
    """Clocks by when it was decided how they went: the moment of the breach, or the end in time."""
    decided = _between("breached_at", begins, ends) | Q(_between("ended_at", begins, ends), state=ClockState.MET)
    found = CaseDeadline.objects.filter(decided, case__in=Case.objects.visible_to(user))
    return _rows(
        found.exclude(state__in=(ClockState.MERGED, ClockState.CANCELLED)),
        "f_clock",
        f_id=F("pk"),
        f_at=Coalesce("breached_at", "ended_at"),
        f_case=F("case"),
        f_who=F("case__handler"),
        f_seconds=Choice(When(state=ClockState.BREACHED, then=_seconds(F("due_at"), F("ended_at")))),
        f_outcome=Coalesce(_WENT, _word(NONE)),
        f_clock=F("kind"),
    )


#: The kind of a step as the clock's own policy says it.
_STEP_KIND = (
    "(SELECT x.step->>'kind' FROM (SELECT %(expressions)s) AS p(steps, code),"
    " LATERAL jsonb_array_elements(p.steps) AS x(step) WHERE x.step->>'code' = p.code LIMIT 1)"
)


def escalations(user: Any, begins: datetime, ends: datetime) -> Facts:
    """Steps of clocks by when they were fired, with the time until the first of those told has answered."""
    told = Notice.objects.filter(
        about=Concat(_word("case:"), _text(OuterRef("deadline__case_id"))),
        chain__startswith=Concat(
            _word("case_deadline:"), _text(OuterRef("deadline_id")), _word(":"), _text(OuterRef("deadline__cycle")),
            _word(":"), OuterRef("code"), _word(":"), output_field=TextField(),
        ),
        needs_ack=True,
    ).order_by()  # fmt: skip
    answered = Subquery(told.values("about").annotate(first=Min("acked_at")).values("first")[:1])
    steps = CaseClockEvent.objects.filter(
        _between("at", begins, ends), type=ClockEventType.FIRED, deadline__case__in=Case.objects.visible_to(user)
    )
    steps = steps.annotate(answered_at=answered, asked=Exists(told))
    kind = Func(F("deadline__policy__steps"), F("code"), template=_STEP_KIND, output_field=TextField())
    return _rows(
        steps,
        "f_clock",
        "f_step",
        f_id=F("pk"),
        f_at=F("at"),
        f_case=F("deadline__case"),
        f_who=F("deadline__case__handler"),
        f_seconds=_seconds(F("at"), F("answered_at")),
        f_outcome=Choice(
            When(answered_at__isnull=False, then=_word("answered")),
            When(asked=True, then=_word("unanswered")),
            default=_word("told"),
        ),
        f_clock=F("deadline__kind"),
        f_step=Concat("deadline__kind", _word(":"), Coalesce(kind, _word("")), _word(":"), "code",
                      output_field=TextField()),
    )  # fmt: skip


def promises(user: Any, begins: datetime, ends: datetime) -> Facts:
    """C11: promises by when they were settled in time, or broken."""
    settled = _between("broken_at", begins, ends) | Q(_between("settled_at", begins, ends), broken_at=None)
    return _rows(
        Promise.objects.filter(settled, case__in=Case.objects.visible_to(user)),
        f_id=F("pk"),
        f_at=Coalesce("broken_at", "settled_at"),
        f_case=F("case"),
        f_who=F("by"),
        f_outcome=_text("state"),
    )


def hand_overs(user: Any, begins: datetime, ends: datetime) -> Facts:
    """C5: hand-overs by when they were offered, and what became of them up to now."""
    found = HandOver.objects.filter(_between("proposed_at", begins, ends), case__in=Case.objects.visible_to(user))
    late = CaseDeadline.objects.filter(
        case=OuterRef("case"), kind=ClockKind.HAND_OVER, part=OuterRef("pk"), breached_at__isnull=False
    )
    return _rows(
        found,
        f_id=F("pk"),
        f_at=F("proposed_at"),
        f_case=F("case"),
        f_who=F("receiver"),
        f_seconds=_seconds(F("proposed_at"), F("decided_at")),
        f_outcome=Choice(
            When(~Q(state=HandOverState.ACCEPTED), then=_text("state")),
            When(Exists(late), then=_word(LATE)),
            default=_word(KEPT),
        ),
    )


#: What a complaint is about, the narrowest first: it may name several.
_ABOUT = ("staff", "unit", "product", "case", "service")


def complaints(user: Any, begins: datetime, ends: datetime) -> Facts:
    """Complaints that this person may know of (P6), by when they were registered, and what was last decided."""
    decided = Instance.objects.filter(complaint=OuterRef("pk"), decided_at__isnull=False).order_by("-id")
    found = Complaint.objects.visible_to(user).filter(_between("case__registered_at", begins, ends))
    found = found.annotate(last_at=Subquery(decided.values("decided_at")[:1]))
    about = Choice(*(When(**{f"about_{name}__isnull": False}, then=_word(name)) for name in _ABOUT), default=_word(""))
    return _rows(
        found,
        "f_about",
        "f_level",
        "f_instance",
        "f_channel",
        f_id=F("pk"),
        f_at=F("case__registered_at"),
        f_case=F("pk"),
        f_who=F("case__handler"),
        f_seconds=_seconds(F("case__accepted_at"), F("last_at")),
        f_outcome=Coalesce(Subquery(decided.values("finding")[:1], output_field=TextField()), _word("undecided")),
        f_about=about,
        f_level=F("case__level"),
        f_instance=F("stage"),
        f_channel=F("channel"),
    )


def language(user: Any, begins: datetime, ends: datetime) -> Facts:
    """K2: findings in texts that this person may know of, by when they were found, and what became of them."""
    number = Func(F("thing"), _word(":"), Value(2), function="split_part", output_field=TextField())
    whole = Choice(When(thing__regex="^[a-z]+:[0-9]{1,18}(:|$)", then=Cast(number, BigIntegerField())))
    found = LanguageFinding.objects.filter(_between("found_at", begins, ends)).annotate(number=whole)
    seen = (
        Q(thing__startswith="case:", number__in=Case.objects.visible_to(user).values("pk"))
        | Q(thing__startswith="callmessage:", number__in=CallMessage.objects.visible_to(user).values("pk"))
        | Q(thing__startswith="transcript:", number__in=Transcript.objects.visible_to(user).values("pk"))
    )
    return _rows(
        found.filter(seen),
        "f_category",
        f_id=F("pk"),
        f_at=F("found_at"),
        f_case=Choice(When(thing__startswith="case:", then=F("number"))),
        f_who=F("said_by"),
        f_outcome=_text("outcome"),
        f_thing=F("thing"),
        f_category=F("category"),
    )


def call_rules(user: Any, begins: datetime, ends: datetime) -> Facts:
    """T1-T7: what calls say about the rules, by when the call was; what later events refuted stands no more."""
    facts = CallFact.objects.standing().annotate(
        was_at=Coalesce("call__answered_at", "call__started_at", "call__heard_at")
    )
    return _rows(
        facts.filter(_between("was_at", begins, ends), call__in=calls_visible_to(user)),
        "f_rule",
        f_id=F("pk"),
        f_at=F("was_at"),
        f_case=Cast(None, BigIntegerField()),
        f_who=Coalesce("call__claimed_by", "call__agent"),
        f_outcome=_text("verdict"),
        f_thing=Concat(_word("call:"), "call__ref", output_field=TextField()),
        f_rule=F("rule"),
    )
