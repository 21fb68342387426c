"""Facts about clocks: kept and late, the steps they fired, and what is due ahead."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Case as Choice
from django.db.models import (
    F,
    FloatField,
    Func,
    IntegerField,
    Min,
    OuterRef,
    Q,
    Subquery,
    TextField,
    When,
)
from django.db.models.functions import Cast, Coalesce, Concat, ExtractHour, TruncDate

from service_desk.cases.models import Case, CaseClockEvent, CaseDeadline
from service_desk.deadlines.rules import ClockEventType, ClockState
from service_desk.notices.models import Notice
from service_desk.reports.facts.parts import NONE, WENT, Facts, between, rows, seconds, text, word


def clocks(user: Any, begins: datetime, ends: datetime) -> Facts:
    """Clocks by when it was decided how they went: the moment of the breach, or the end in time."""
    decided = between("breached_at", begins, ends) | Q(between("ended_at", begins, ends), state=ClockState.MET)
    found = CaseDeadline.objects.filter(decided, case__in=Case.objects.visible_to(user))
    return rows(
        found.exclude(state__in=(ClockState.MERGED, ClockState.CANCELLED)),
        "f_clock",
        f_id=F("pk"),
        f_at=Coalesce("breached_at", "ended_at"),
        f_case=F("case"),
        f_who=F("case__handler"),
        f_seconds=Choice(When(state=ClockState.BREACHED, then=seconds(F("due_at"), F("ended_at")))),
        f_outcome=Coalesce(WENT, word(NONE)),
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
        about=Concat(word("case:"), text(OuterRef("deadline__case_id"))),
        chain__startswith=Concat(
            word("case_deadline:"), text(OuterRef("deadline_id")), word(":"), text(OuterRef("deadline__cycle")),
            word(":"), OuterRef("code"), word(":"), output_field=TextField(),
        ),
        needs_ack=True,
    ).order_by()  # fmt: skip
    how = Choice(When(acked_at__isnull=False, then=word("answered")), default=word("unanswered"))
    took = told.values("about").annotate(first=Min(seconds(OuterRef("at"), F("acked_at")))).values("first")[:1]
    went = told.values("about").annotate(went=Min(how)).values("went")[:1]  # 'answered' comes before 'unanswered'
    steps = CaseClockEvent.objects.filter(
        between("at", begins, ends), type=ClockEventType.FIRED, deadline__case__in=Case.objects.visible_to(user)
    )
    kind = Func(F("deadline__policy__steps"), F("code"), template=_STEP_KIND, output_field=TextField())
    return rows(
        steps,
        "f_clock",
        "f_step",
        f_id=F("pk"),
        f_at=F("at"),
        f_case=F("deadline__case"),
        f_who=F("deadline__case__handler"),
        f_seconds=Subquery(took, output_field=FloatField()),
        f_outcome=Coalesce(Subquery(went, output_field=TextField()), word("told")),
        f_clock=F("deadline__kind"),
        f_step=Concat("deadline__kind", word(":"), Coalesce(kind, word("")), word(":"), "code",
                      output_field=TextField()),
    )  # fmt: skip


def due_ahead(user: Any, begins: datetime, ends: datetime) -> Facts:
    """Running clocks of open cases by when they are due; of one that is paused nobody knows yet."""
    found = CaseDeadline.objects.filter(
        between("due_at", begins, ends),
        state__in=(ClockState.RUNNING, ClockState.ERROR),
        case__in=Case.objects.visible_to(user).open(),
    )
    zone = ZoneInfo(settings.TIME_ZONE)
    three = Cast(ExtractHour("due_at", tzinfo=zone), IntegerField()) / 3  # whole numbers divide without a rest
    return rows(
        found,
        "f_clock",
        "f_slot",
        f_id=F("pk"),
        f_at=F("due_at"),
        f_case=F("case"),
        f_who=F("case__handler"),
        f_clock=F("kind"),
        f_slot=Concat(text(TruncDate("due_at", tzinfo=zone)), word(" "), text(three), output_field=TextField()),
    )
