"""Facts about complaints, language and calls, each as far as the reader may know of it (P6)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import (
    BigIntegerField,
    F,
    Func,
    OuterRef,
    Q,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models import Case as Choice
from django.db.models.functions import Cast, Coalesce, Concat

from service_desk.calls.models import CallMessage, CallSettlement
from service_desk.calls.seeing import calls_visible_to
from service_desk.cases.models import Case
from service_desk.complaints.models import Complaint, Instance
from service_desk.knowledge.models import LanguageFinding, Transcript
from service_desk.reports.facts.parts import Facts, between, rows, seconds, slots, text, word
from service_desk.telephony.models import CallFact
from service_desk.telephony.rules import Direction

#: What a complaint is about, the narrowest first: it may name several.
_ABOUT = ("staff", "unit", "product", "case", "service")


def complaints(user: Any, begins: datetime, ends: datetime) -> Facts:
    """Complaints that this person may know of (P6), by when they were registered, and what was last decided."""
    decided = Instance.objects.filter(complaint=OuterRef("pk"), decided_at__isnull=False).order_by("-id")
    found = Complaint.objects.visible_to(user).filter(between("case__registered_at", begins, ends))
    found = found.annotate(last_at=Subquery(decided.values("decided_at")[:1]))
    about = Choice(*(When(**{f"about_{name}__isnull": False}, then=word(name)) for name in _ABOUT), default=word(""))
    return rows(
        found,
        "f_about",
        "f_level",
        "f_instance",
        "f_channel",
        f_id=F("pk"),
        f_at=F("case__registered_at"),
        f_case=F("pk"),
        f_who=F("case__handler"),
        f_seconds=seconds(F("case__accepted_at"), F("last_at")),
        f_outcome=Coalesce(Subquery(decided.values("finding")[:1], output_field=TextField()), word("undecided")),
        f_about=about,
        f_level=F("case__level"),
        f_instance=F("stage"),
        f_channel=F("channel"),
    )


def language(user: Any, begins: datetime, ends: datetime) -> Facts:
    """K2: findings in texts that this person may know of, by when they were found, and what became of them."""
    number = Func(F("thing"), word(":"), Value(2), function="split_part", output_field=TextField())
    whole = Choice(When(thing__regex="^[a-z]+:[0-9]{1,18}(:|$)", then=Cast(number, BigIntegerField())))
    found = LanguageFinding.objects.filter(between("found_at", begins, ends)).annotate(number=whole)
    seen = (
        Q(thing__startswith="case:", number__in=Case.objects.visible_to(user).values("pk"))
        | Q(thing__startswith="callmessage:", number__in=CallMessage.objects.visible_to(user).values("pk"))
        | Q(thing__startswith="transcript:", number__in=Transcript.objects.visible_to(user).values("pk"))
    )
    return rows(
        found.filter(seen),
        "f_category",
        f_id=F("pk"),
        f_at=F("found_at"),
        f_case=Choice(When(thing__startswith="case:", then=F("number"))),
        f_who=F("said_by"),
        f_outcome=text("outcome"),
        f_thing=F("thing"),
        f_category=F("category"),
    )


def _case_of(call: str) -> Subquery:
    """The case as which a call is registered, itself also when it was merged later (D5).

    Whoever may not know of the case does not see the call either (`calls_visible_to`).
    """
    standing = CallSettlement.objects.standing().filter(call=OuterRef(call)).order_by()
    return Subquery(standing.values("case")[:1], output_field=BigIntegerField())


def calls(user: Any, begins: datetime, ends: datetime) -> Facts:
    """Inbound calls by when they came in, whenever they were reported, with how long was talked."""
    found = calls_visible_to(user).annotate(came_at=Coalesce("started_at", "ringing_at", "heard_at"))
    return rows(
        found.filter(between("came_at", begins, ends), direction=Direction.INBOUND),
        "f_weekday",
        "f_hour",
        "f_slot",
        f_id=F("pk"),
        f_at=F("came_at"),
        f_case=_case_of("pk"),
        f_who=Coalesce("claimed_by", "agent"),
        f_seconds=Choice(When(answered_at__isnull=False, then=seconds(F("answered_at"), F("ended_at")))),
        f_outcome=Choice(When(answered_at__isnull=False, then=word("answered")), default=word("missed")),
        f_thing=Concat(word("call:"), "ref", output_field=TextField()),
        **slots("came_at"),
    )


def call_rules(user: Any, begins: datetime, ends: datetime) -> Facts:
    """T1-T7: what calls say about the rules, by when the call was; what later events refuted stands no more."""
    facts = CallFact.objects.standing().annotate(
        was_at=Coalesce("call__answered_at", "call__started_at", "call__heard_at")
    )
    return rows(
        facts.filter(between("was_at", begins, ends), call__in=calls_visible_to(user)),
        "f_rule",
        f_id=F("pk"),
        f_at=F("was_at"),
        f_case=_case_of("call"),
        f_who=Coalesce("call__claimed_by", "call__agent"),
        f_outcome=text("verdict"),
        f_thing=Concat(word("call:"), "call__ref", output_field=TextField()),
        f_rule=F("rule"),
    )
