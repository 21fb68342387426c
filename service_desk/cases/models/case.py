"""The case itself. What must never be false of it is a constraint or a trigger (migration 0002)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Now
from django.db.models.lookups import GreaterThan
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.cases.models.by_time import by_time
from service_desk.cases.models.requests import RequestType
from service_desk.cases.rules import (
    ENDED_STATES,
    LEVELS,
    OPEN_STATES,
    REGISTRATION_LIMIT,
    CaseKind,
    CaseState,
    Channel,
    Severity,
    WaitingFor,
)
from service_desk.customers.models import Contact, Customer
from service_desk.people.models import ProductType, ServiceLine
from service_desk.people.rules import READING_ROLES


def gravity() -> models.Case:
    """How grave a case is, as a number that an index has: the gravest is the highest, what is not graded the lowest."""
    return models.Case(
        *(
            models.When(severity=grade, then=Value(weight))
            for weight, grade in enumerate(reversed(Severity.values), start=1)
        ),
        default=Value(0),
        output_field=models.SmallIntegerField(),
    )


class CaseQuerySet(models.QuerySet["Case"]):
    """Reads as questions. Every list, count, search and export starts from `visible_to`."""

    def visible_to(self, user: Any) -> Self:
        """The cases this person may know of: confidential ones only those who hold them or are in their circle (P6)."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        reads = user.has_role(*READING_ROLES)
        if user.pk is None:  # made for what people of equal roles share: holds no case and is in no circle
            return self.filter(confidential=False) if reads else self.none()
        return self.known_to(user.pk, reads=reads)

    def known_to(self, person: int, *, reads: bool) -> Self:
        """`visible_to` for the active person of this number, who `reads` what is not confidential or does not."""
        # Of a complaint its circle alone knows: who received it may be the person it is about (P1, P7).
        own = Q(kind=CaseKind.CALL) & (Q(handler=person) | Q(first_responder=person))
        circle = Case._meta.get_field("circle").related_model  # its module imports this one
        known = own | Q(pk__in=circle._default_manager.filter(staff=person, until=None).order_by().values("case"))
        return self.filter(Q(confidential=False) | known if reads else known)

    def open(self) -> Self:
        """Cases with work left."""
        return self.filter(state__in=OPEN_STATES)

    def in_emergency(self) -> Self:
        """Cases whose emergency process is running."""
        return self.filter(emergency_started_at__isnull=False, restored_at=None, state__in=OPEN_STATES)

    def of_request(self, request_type_id: int, answers: Mapping[str, Any] | None = None) -> Self:
        """Of this request type, with these answers of its fields (by key; true or false for yes and no)."""
        found = self.filter(request_type_id=request_type_id)
        return found.filter(request_values__contains=dict(answers)) if answers else found

    def for_page(self) -> Self:
        """With the names that every list shows, in one query."""
        return self.select_related("customer", "product_type", "handler", "first_responder")


class Case(models.Model):
    """A matter that a customer brought: a CALL ticket."""

    token = models.UUIDField(
        null=True, unique=True, editable=False
    )  # of the form or request: a double click is harmless
    number = models.CharField(_("Number"), max_length=24, unique=True, editable=False)
    kind = models.CharField(_("Kind"), max_length=12, choices=CaseKind, default=CaseKind.CALL)
    service_line = models.ForeignKey(
        ServiceLine, verbose_name=_("Service line"), on_delete=models.PROTECT, related_name="+"
    )

    customer = models.ForeignKey(
        Customer, verbose_name=_("Customer unit"), on_delete=models.PROTECT, related_name="cases"
    )
    contact = models.ForeignKey(
        Contact, verbose_name=_("Contact"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    caller_name = models.CharField(_("Caller"), max_length=80, blank=True)
    caller_phone = models.CharField(_("Caller's number"), max_length=60, blank=True)
    caller_e164 = models.CharField(max_length=20, null=True, editable=False)
    product_type = models.ForeignKey(
        ProductType, verbose_name=_("Product type"), on_delete=models.PROTECT, related_name="cases"
    )
    fault = models.CharField(_("Fault in brief"), max_length=120)
    subject = models.CharField(_("Subject"), max_length=330, editable=False)
    description = models.TextField(_("Description"), blank=True, max_length=8000)

    request_type = models.ForeignKey(
        RequestType,
        verbose_name=_("Request type"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="cases",
        db_index=False,
    )
    request_values = models.JSONField(default=dict, db_default={}, editable=False)  # answers by RequestField.key
    read_back = models.JSONField(default=dict, db_default={}, editable=False)  # C15: ticks of rules.ReadBack, or reason
    told_once_at = models.DateTimeField(_("Told once"), null=True, editable=False)  # C16
    told_once_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("Told by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        db_index=False,
    )

    severity = models.CharField(_("Severity"), max_length=10, choices=Severity, null=True, blank=True)
    graded_at = models.DateTimeField(_("Graded"), null=True, editable=False)
    graded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("Graded by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
    )

    accepted_at = models.DateTimeField(_("Accepted"))
    registered_at = models.DateTimeField(pgettext_lazy("when", "Registered"), db_default=Now(), editable=False)
    late_registration = models.GeneratedField(
        # What was split off had been registered with the case it was a part of.
        expression=Q(  # type: ignore[arg-type]  # a condition is an expression too
            GreaterThan(F("registered_at") - F("accepted_at"), Value(REGISTRATION_LIMIT)), split_from=None
        ),
        output_field=models.BooleanField(_("Registered late")),
        db_persist=True,
    )
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("Registered by"), on_delete=models.PROTECT, related_name="+"
    )
    first_responder = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("First responder"),
        on_delete=models.PROTECT,
        related_name="first_responses",
    )
    handler = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("Handler"), on_delete=models.PROTECT, related_name="handled_cases"
    )

    state = models.CharField(_("State"), max_length=12, choices=CaseState, default=CaseState.REGISTERED)
    waiting_for = models.CharField(_("Waiting for"), max_length=12, choices=WaitingFor, blank=True)
    cycle = models.PositiveSmallIntegerField(_("Cycle"), default=1)
    reopened_at = models.DateTimeField(_("Reopened"), null=True, editable=False)  # the present cycle's beginning (D4)
    earliest_accepted_at = models.DateTimeField(_("Earliest acceptance"), null=True, editable=False)  # by merging (D5)
    merged_into = models.ForeignKey(
        "self",
        verbose_name=_("Merged into"),
        null=True,
        on_delete=models.PROTECT,
        related_name="merged_cases",
        db_index=False,
        editable=False,
    )
    split_from = models.ForeignKey(
        "self",
        verbose_name=_("Split off from"),
        null=True,
        on_delete=models.PROTECT,
        related_name="split_cases",
        db_index=False,
        editable=False,
    )
    parent = models.ForeignKey(
        "self",
        verbose_name=_("Parent"),
        null=True,
        on_delete=models.PROTECT,
        related_name="children",
        db_index=False,
        editable=False,
    )
    progress_seconds = models.PositiveIntegerField(_("Progress interval in seconds"), null=True, editable=False)  # C12
    emergency_started_at = models.DateTimeField(_("Emergency process started"), null=True, editable=False)
    started_at = models.DateTimeField(_("Work started"), null=True, editable=False)
    arrived_at = models.DateTimeField(_("Arrived on site"), null=True, editable=False)
    restored_at = models.DateTimeField(pgettext_lazy("when", "Restored"), null=True, editable=False)
    resolved_at = models.DateTimeField(pgettext_lazy("when", "Resolved"), null=True, editable=False)
    replied_at = models.DateTimeField(_("Replied"), null=True, editable=False)
    ended_at = models.DateTimeField(_("Closed or cancelled"), null=True, editable=False)
    outcome = models.TextField(_("Outcome"), blank=True, max_length=8000)
    reply = models.TextField(_("Reply to the customer"), blank=True, max_length=8000)
    reply_channel = models.CharField(_("Replied by"), max_length=10, choices=Channel, blank=True)
    cancel_reason = models.TextField(_("Reason for cancelling"), blank=True, max_length=2000)

    hand_over_pending = models.BooleanField(default=False, db_default=False, editable=False)
    consultation_pending = models.BooleanField(default=False, db_default=False, editable=False)
    open_promises = models.PositiveSmallIntegerField(_("Open promises"), default=0, db_default=0, editable=False)
    next_promise_at = models.DateTimeField(_("Next promise"), null=True, editable=False)
    # C8: when the last report of each kind was submitted, so that closing is refused without a further query
    service_report_at = models.DateTimeField(_("Technical service report submitted"), null=True, editable=False)
    upgrade_summary_at = models.DateTimeField(_("Version upgrade summary submitted"), null=True, editable=False)

    # P4: of a complaint; policies are asked by it as they are by the severity of a CALL ticket
    level = models.CharField(_("Level"), max_length=10, blank=True, default="", db_default="", editable=False)
    confidential = models.BooleanField(_("Confidential"), default=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("Case")
        verbose_name_plural = _("Cases")
        ordering = ["-registered_at", "-id"]
        indexes = [
            models.Index(fields=["-registered_at", "-id"], name="case_newest"),
            models.Index(fields=["state", "-registered_at", "-id"], name="case_state_newest"),
            models.Index(fields=["severity", "-registered_at", "-id"], name="case_severity_newest"),
            models.Index(gravity().desc(), F("registered_at").desc(), F("id").desc(), name="case_gravest_newest"),
            models.Index(fields=["customer", "-registered_at", "-id"], name="case_customer_newest"),
            models.Index(fields=["product_type", "-registered_at", "-id"], name="case_product_newest"),
            models.Index(fields=["handler", "-registered_at", "-id"], name="case_handler_newest"),
            models.Index(fields=["first_responder", "-registered_at", "-id"], name="case_responder_newest"),
            models.Index(fields=["service_line", "-registered_at", "-id"], name="case_line_newest"),
            models.Index(fields=["-accepted_at", "-id"], name="case_accepted"),
            models.Index(
                fields=["waiting_for", "-registered_at", "-id"],
                name="case_waiting_newest",
                condition=~Q(waiting_for=""),
            ),
            models.Index(
                fields=["-registered_at", "-id"],
                name="case_promised_newest",
                condition=Q(next_promise_at__isnull=False),
            ),
            models.Index(fields=["handler", "id"], name="case_handler_open", condition=Q(state__in=OPEN_STATES)),
            models.Index(fields=["id"], name="case_open", condition=Q(state__in=OPEN_STATES)),
            models.Index(  # few: what somebody may know of beyond the others is found among these
                fields=["id"], name="case_open_confidential", condition=Q(confidential=True, state__in=OPEN_STATES)
            ),
            models.Index(
                fields=["handler", "next_promise_at"],
                name="case_next_promise",
                condition=Q(next_promise_at__isnull=False),
            ),
            models.Index(fields=["caller_e164"], name="case_caller", condition=Q(caller_e164__isnull=False)),
            models.Index(
                fields=["request_type", "-registered_at", "-id"],
                name="case_request_newest",
                condition=Q(request_type__isnull=False),
            ),
            GinIndex(
                fields=["request_values"],
                name="case_request_values",
                opclasses=["jsonb_path_ops"],
                condition=Q(request_type__isnull=False),
            ),
            models.Index(
                fields=["-registered_at", "-id"], name="case_late_newest", condition=Q(late_registration=True)
            ),
            models.Index(fields=["merged_into"], name="case_merged_into", condition=Q(merged_into__isnull=False)),
            models.Index(fields=["split_from"], name="case_split_from", condition=Q(split_from__isnull=False)),
            models.Index(fields=["parent"], name="case_parent", condition=Q(parent__isnull=False)),
            models.Index(
                fields=["emergency_started_at"],
                name="case_emergency",
                condition=Q(emergency_started_at__isnull=False, restored_at=None, state__in=OPEN_STATES),
            ),
            by_time("started_at", name="case_started_at"),
            by_time("restored_at", name="case_restored_at"),
            by_time("resolved_at", name="case_resolved_at"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(request_type__isnull=False) | Q(request_values={}, told_once_at=None),
                name="case_answers_a_request_type",
            ),
            models.CheckConstraint(
                condition=Q(told_once_at=None, told_once_by=None)
                | Q(told_once_at__isnull=False, told_once_by__isnull=False),
                name="case_told_once_by_somebody",
            ),
            models.CheckConstraint(condition=Q(state__in=CaseState.values), name="case_state_is_known"),
            models.CheckConstraint(
                condition=Q(severity=None, graded_at=None, graded_by=None)
                | Q(severity__in=Severity.values, graded_at__isnull=False, graded_by=F("first_responder")),
                name="case_graded_by_first_responder",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ENDED_STATES, ended_at__isnull=False)
                | (~Q(state__in=ENDED_STATES) & Q(ended_at=None)),
                name="case_ended_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state=CaseState.CLOSED)
                | (
                    ~Q(outcome="")
                    & ~Q(reply="")
                    & Q(resolved_at__isnull=False, replied_at__isnull=False)
                    & (Q(severity__isnull=False) | Q(kind=CaseKind.COMPLAINT))
                ),
                name="case_closed_with_outcome_and_reply",
            ),
            models.CheckConstraint(
                condition=~Q(state=CaseState.CANCELLED) | ~Q(cancel_reason=""), name="case_cancelled_with_reason"
            ),
            models.CheckConstraint(
                condition=~Q(state=CaseState.WAITING) | (Q(emergency_started_at=None) & ~Q(waiting_for="")),
                name="case_emergency_never_waits",
            ),
            models.CheckConstraint(condition=~Q(subject=""), name="case_has_subject"),
            models.CheckConstraint(
                condition=Q(state=CaseState.MERGED, merged_into__isnull=False)
                | (~Q(state=CaseState.MERGED) & Q(merged_into=None)),
                name="case_merged_has_survivor",
            ),
            models.CheckConstraint(
                condition=Q(cycle=1, reopened_at=None) | Q(cycle__gt=1, reopened_at__isnull=False),
                name="case_reopened_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=ENDED_STATES)
                | Q(hand_over_pending=False, consultation_pending=False, open_promises=0),
                name="case_ended_owes_nothing",
            ),
            models.CheckConstraint(
                condition=Q(kind=CaseKind.CALL, level="")
                | (
                    Q(kind=CaseKind.COMPLAINT, confidential=True, severity=None, emergency_started_at=None)
                    & Q(level__in=LEVELS)
                    & ~Q(state__in=[CaseState.CANCELLED, CaseState.MERGED])
                ),
                name="case_complaint_is_confidential",
            ),
        ]

    #: What the language check found in the words of the verb that handed this case back; no column.
    language_found: tuple[Any, ...] = ()

    def __str__(self) -> str:
        # A complaint in a log or a list of errors says nothing of its matter (P6).
        return self.number if self.kind == CaseKind.COMPLAINT else f"{self.number} {self.subject}"

    def get_absolute_url(self) -> str:
        """Where the case is shown."""
        return f"/cases/{self.number}/"

    @cached_property
    def members(self) -> list[Any]:
        """Everybody's time in its circle, also what is over, as it was when this was asked first."""
        return list(self.circle.select_related("staff__unit", "by").order_by("since", "id"))

    @property
    def inner_circle(self) -> frozenset[int]:
        """Who may know of it while it is confidential: those in its circle when this was asked first (P6)."""
        return frozenset(member.staff_id for member in self.members if member.until is None)

    def circle_changed(self) -> None:
        """Ask anew who is in it."""
        self.__dict__.pop("members", None)

    @property
    def told_pages(self) -> frozenset[int] | None:
        """Whose open pages are told that it has changed; None: everybody's."""
        if not self.confidential:
            return None
        own = () if self.kind == CaseKind.COMPLAINT else (self.handler_id, self.first_responder_id)
        return self.inner_circle.union(own)

    @property
    def is_open(self) -> bool:
        """Whether work is left."""
        return self.state in OPEN_STATES

    @property
    def counted_from(self) -> datetime:
        """When the clocks of the present cycle begin: at the earliest acceptance (D5, D7), or the reopening (D4)."""
        return self.reopened_at or self.earliest_accepted_at or self.accepted_at

    @property
    def emergency_is_running(self) -> bool:
        """Whether the emergency process has started and service is not restored (C7)."""
        return self.is_open and self.emergency_started_at is not None and self.restored_at is None


class DailyNumber(models.Model):
    """The last case number of a local day; locked until commit, so that numbers have no gaps and never come again."""

    day = models.DateField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("Number of the day")
        verbose_name_plural = _("Numbers of the day")

    def __str__(self) -> str:
        return f"{self.day}: {self.last}"
