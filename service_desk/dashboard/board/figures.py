"""What the board counts: each figure is one queryset, of which tile, list and wall show number or rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BigIntegerField,
    BooleanField,
    Func,
    QuerySet,
    Value,
)
from django.db.models.functions import Now
from django.utils.functional import Promise as Words
from django.utils.translation import gettext_lazy as _

from service_desk.calls.models import CallDeadline, CallMessage
from service_desk.calls.seeing import calls_visible_to
from service_desk.cases.models import Case, CaseDeadline, HandOver, Promise
from service_desk.cases.models.case import CaseQuerySet
from service_desk.cases.rules import OPEN_STATES, HandOverState
from service_desk.complaints.models import Complaint
from service_desk.complaints.rules import InstanceKind
from service_desk.dashboard.board import agents, asking
from service_desk.deadlines.models import Incident
from service_desk.deadlines.rules import ClockKind, ClockState
from service_desk.notices.models import Delivery, Notice
from service_desk.people.access import can
from service_desk.people.rules import LEADING_ROLES, Role
from service_desk.telephony.silence import told_silent
from service_desk.webhooks.models import Endpoint

#: So far things are counted; beyond, 'more than'. The cost of the board is bounded by it.
COUNTED = asking.COUNTED
#: Clocks whose time runs: an engine error does not stop it, a pause does.
_TICKING = (ClockState.RUNNING, ClockState.ERROR)
_DUE = ("due_at", "id")
_SOON, _HOUR = timedelta(minutes=15), timedelta(minutes=60)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the board and the rows behind it.

    `source` makes its rows of a person or, `of_cases`, of the cases that are known; `order` is that of the list; `tone`
    colours the number from one on; `kind` says how a row is drawn (board.lines); `quiet`: shown only where there is
    something, so that nobody learns of a room that is not theirs.
    """

    key: str
    label: Words
    meaning: Words
    kind: str
    source: Callable[[Any], QuerySet[Any]]
    order: tuple[str, ...]
    tone: str = ""
    group: str = "time"
    quiet: bool = False
    of_cases: bool = False

    def rows(self, user: Any) -> QuerySet[Any]:
        """What this person may see of it."""
        return self.source(Case.objects.visible_to(user) if self.of_cases else user)


class _Array(ArraySubquery):
    """The rows of a subquery as one array, so that it is asked once and not joined."""

    template = "ARRAY(%(subquery)s)"


class _OneOf(Func):
    """Whether a column is one of an array; the column's index finds the rows, whatever their order and limit."""

    template, arg_joiner, output_field = "%(expressions)s)", " = ANY (", BooleanField()


def _clocks(cases: CaseQuerySet) -> QuerySet[CaseDeadline]:
    return CaseDeadline.objects.open().filter(case__in=cases.open())


def _due_within(span: timedelta) -> Callable[[CaseQuerySet], QuerySet[CaseDeadline]]:
    def rows(cases: CaseQuerySet) -> QuerySet[CaseDeadline]:
        due = _clocks(cases).filter(state__in=_TICKING, due_at__gt=Now(), due_at__lte=Now() + span)
        return due.order_by(*_DUE)

    return rows


def _breached(cases: CaseQuerySet) -> QuerySet[CaseDeadline]:
    return _clocks(cases).filter(due_at__lte=Now())


def _unanswered(cases: CaseQuerySet) -> QuerySet[CaseDeadline]:
    """Late, and somebody who was told of this clock has not answered; what waits is read once, first."""
    waiting = Notice.objects.waiting_by_chain("case_deadline").order_by().values("which").distinct()
    return _breached(cases).filter(_OneOf("pk", _Array(waiting)))


def _hand_overs(cases: CaseQuerySet) -> QuerySet[HandOver]:
    return HandOver.objects.filter(state=HandOverState.PROPOSED, case__in=cases.open())


def _promises(cases: CaseQuerySet) -> QuerySet[Promise]:
    """Not settled, and due within the hour or overdue."""
    return Promise.objects.filter(settled_at=None, due_at__lte=Now() + _HOUR, case__in=cases.open())


def _to_register(user: Any) -> QuerySet[CallDeadline]:
    found: QuerySet[CallDeadline] = CallDeadline.objects.to_register().filter(call__in=calls_visible_to(user))
    return found


def _call_backs(user: Any) -> QuerySet[CallDeadline]:
    owed: QuerySet[CallDeadline] = CallDeadline.objects.open().filter(kind=ClockKind.PROMISE)
    if user.pk is None and not sees_all_messages(user):
        return owed.none()
    return owed.filter(message__in=CallMessage.objects.visible_to(user))


def sees_all_messages(user: Any) -> bool:
    """Whether messages are counted alike for everybody of these roles; else each counts their own."""
    return bool(user.has_role(*LEADING_ROLES, Role.AUDITOR))


def _complaints(stage: InstanceKind) -> Callable[[CaseQuerySet], QuerySet[Complaint]]:
    def rows(cases: CaseQuerySet) -> QuerySet[Complaint]:
        return Complaint.objects.filter(
            stage=stage, case__state__in=OPEN_STATES, case__confidential=True, case__in=cases
        )

    return rows


def _undelivered(user: Any) -> QuerySet[Delivery]:
    found: QuerySet[Delivery] = Delivery.objects.undelivered()
    return found if can(user, "notice.undelivered") else found.none()


def _stuck(user: Any) -> QuerySet[Delivery]:
    found: QuerySet[Delivery] = Delivery.objects.stuck()
    return found if can(user, "notice.undelivered") else found.none()


_COMPLAINT_MEANING = _("Open complaints at this instance whose circle you are in.")
FIGURES: Mapping[str, Figure] = {
    figure.key: figure
    for figure in (
        Figure(
            "emergencies", _("Emergencies"), _("Open cases whose emergency process runs; service is not restored."),
            "case", lambda cases: cases.in_emergency(), ("registered_at", "id"), "late", "urgent", of_cases=True,
        ),
        Figure(
            "unanswered", _("Late, not acknowledged"),
            _("Open clocks past their due time; of those told of it somebody has not acknowledged."),
            "clock", _unanswered, _DUE, "late", "urgent", of_cases=True,
        ),
        Figure(
            "late", _("Late"), _("Open clocks of open cases past their due time."),
            "clock", _breached, _DUE, "late", "urgent", of_cases=True,
        ),
        Figure(
            "due_15", _("Due in 15 minutes"), _("Running clocks that are due within the next 15 minutes."),
            "clock", _due_within(_SOON), _DUE, "warn", of_cases=True,
        ),
        Figure(
            "due_60", _("Due in 60 minutes"), _("Running clocks that are due within the next 60 minutes."),
            "clock", _due_within(_HOUR), _DUE, "warn", of_cases=True,
        ),
        Figure(
            "promises", _("Promises due"), _("Promises not settled that are due within the hour, or overdue."),
            "promise", _promises, _DUE, "warn", of_cases=True,
        ),
        Figure(
            "hand_overs", _("Hand-overs pending"), _("Cases offered to somebody who has not accepted."),
            "hand_over", _hand_overs, ("proposed_at", "id"), "warn", of_cases=True,
        ),
        Figure(
            "to_register", _("Calls to register"), _("Answered calls that are not registered as anything yet (24 h)."),
            "call", _to_register, _DUE, "warn",
        ),
        Figure(
            "call_backs", _("Call backs owed"), _("Messages whose caller was promised a call back."),
            "message", _call_backs, _DUE, "warn",
        ),
        *(
            Figure(
                f"complaints_{stage.value}", stage.label, _COMPLAINT_MEANING, "complaint", _complaints(stage),
                ("case_id",), "", "complaints", quiet=True, of_cases=True,
            )
            for stage in InstanceKind
        ),
        Figure(
            "undelivered", _("Undelivered notices"), _("Messages given up; somebody has to look at them."),
            "delivery", _undelivered, ("-id",), "strong", "engine",
        ),
        Figure(
            "stuck", _("Notices stuck"), _("Messages due to be sent for so long that no dispatcher can be at work."),
            "delivery", _stuck, ("id",), "strong", "engine",
        ),
        Figure(
            "incidents", _("Open incidents"), _("What the auditor found about the clocks and has not seen mended."),
            "incident", lambda _user: Incident.objects.filter(repaired_at=None), ("-found_at", "id"),
            "strong", "engine",
        ),
        Figure(
            "integrations", _("Failing connections"), _("Webhooks whose receiver does not answer."),
            "endpoint", lambda _user: Endpoint.objects.filter(failing_since__isnull=False), ("name", "id"),
            "strong", "engine",
        ),
        Figure(
            "silent_phones", _("Silent phone systems"),
            _("Phone systems from which nothing has come for longer than agreed, in working time."),
            "phone", lambda _user: told_silent(), ("name", "id"), "strong", "engine",
        ),
        *(
            Figure(
                f"agents_{state.value}", state.label, agents.MEANING[state], "agent", agents.rows(state),
                ("full_name", "id"), "", "agents",
            )
            for state in agents.State
        ),
    )
}  # fmt: skip


def counts(user: Any, figures: Iterable[Figure]) -> dict[str, int]:
    """All these numbers as of one moment, in one query; each at most one more than `COUNTED`."""
    return asking.count_all({figure.key: figure.rows(user) for figure in figures})


def among(places: list[int]) -> CaseQuerySet:
    """The cases of these numbers, written as one array: the SQL is the same however many there are."""
    return Case.objects.filter(_OneOf("pk", Value(places, output_field=ArrayField(BigIntegerField()))))
