"""Who may know of a confidential case: its circle, and who is barred from it whatever else they are (P6, P7)."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.audit.append_only import append_only
from service_desk.cases.models.case import Case

_STAFF = settings.AUTH_USER_MODEL


class CircleWhy(models.TextChoices):
    """How somebody came to know of a confidential case."""

    RECEIVED = "received", pgettext_lazy("circle", "received it")
    HANDLES = "handles", pgettext_lazy("circle", "handles it")
    OFFERED = "offered", pgettext_lazy("circle", "a hand-over is offered")
    HEARS = "hears", pgettext_lazy("circle", "decides about it")
    LADDER = "ladder", pgettext_lazy("circle", "told by a clock or as superior")
    CALLED_IN = "called_in", pgettext_lazy("circle", "called in by somebody of the circle")


class BarredWhy(models.TextChoices):
    """Why somebody must never know of it."""

    CONCERNED = "concerned", pgettext_lazy("circle", "it is about this person")
    LINE = "line", pgettext_lazy("circle", "in the reporting line of the person it is about")


class CaseCircle(models.Model):
    """One person's time in the circle of a confidential case. It begins and ends once, and no row goes away.

    The case is referred to without a constraint of the database: the engine writes such a row while it holds a clock,
    and the check would wait for the case's row. Cases are never deleted, so nothing can be left behind.
    """

    case = models.ForeignKey(
        Case,
        verbose_name=_("Case"),
        on_delete=models.PROTECT,
        related_name="circle",
        db_constraint=False,
        db_index=False,
    )
    staff = models.ForeignKey(_STAFF, verbose_name=_("Who"), on_delete=models.PROTECT, related_name="+", db_index=False)
    why = models.CharField(_("Why"), max_length=10, choices=CircleWhy)
    reason = models.CharField(_("Reason"), max_length=500, blank=True, default="", db_default="")
    by = models.ForeignKey(
        _STAFF, verbose_name=_("By"), null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    since = models.DateTimeField(_("Since"), db_default=Now(), editable=False)
    until = models.DateTimeField(_("Until"), null=True, editable=False)

    class Meta:
        verbose_name = _("Member of the circle")
        verbose_name_plural = _("Circle")
        ordering = ["since", "id"]
        indexes = [
            models.Index(fields=["case", "since"], name="circle_of_case"),
            models.Index(fields=["staff", "case"], name="circle_of_person", condition=Q(until=None)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["case", "staff"], condition=Q(until=None), name="circle_joined_once"),
            models.CheckConstraint(condition=Q(why__in=CircleWhy.values), name="circle_why_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.staff}"


class CaseBarred(models.Model):
    """Somebody who must never know of a confidential case; a trigger keeps them out of its circle."""

    case = models.ForeignKey(Case, verbose_name=_("Case"), on_delete=models.PROTECT, related_name="barred")
    staff = models.ForeignKey(_STAFF, verbose_name=_("Who"), on_delete=models.PROTECT, related_name="+", db_index=False)
    why = models.CharField(_("Why"), max_length=10, choices=BarredWhy)
    by = models.ForeignKey(
        _STAFF, verbose_name=_("By"), null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    since = models.DateTimeField(_("Since"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("Barred from a case")
        verbose_name_plural = _("Barred from cases")
        ordering = ["since", "id"]
        constraints = [
            models.UniqueConstraint(fields=["case", "staff"], name="case_barred_once"),
            models.CheckConstraint(condition=Q(why__in=BarredWhy.values), name="case_barred_why_is_known"),
        ]
        triggers = append_only("case_barred")

    def __str__(self) -> str:
        return f"{self.case_id}: {self.staff}"


def admit(
    case_id: int, staff: Iterable[int], why: CircleWhy, *, by: int | None = None, reason: str = ""
) -> frozenset[int]:
    """Let people into the circle of a case; those who came in now. Who is in already stays, who is barred is refused.

    The trigger raises for somebody barred: ask `barred_from` first where a person is to be told why.
    """
    wanted = sorted(set(staff))
    if not wanted:
        return frozenset()
    with connection.cursor() as cursor:
        cursor.execute(_ADMIT, [case_id, why, reason, by, wanted])
        return frozenset(pk for (pk,) in cursor.fetchall())


def release(case_id: int, staff_id: int) -> bool:
    """End somebody's time in the circle; whether they were in it."""
    members = CaseCircle.objects.filter(case_id=case_id, staff_id=staff_id, until=None)
    return bool(members.update(until=Now()))


def barred_from(case_id: int, staff: Iterable[int]) -> frozenset[int]:
    """Those of `staff` who must never know of this case."""
    return frozenset(
        CaseBarred.objects.filter(case_id=case_id, staff__in=list(staff)).values_list("staff_id", flat=True)
    )


_ADMIT = """
INSERT INTO cases_casecircle (case_id, staff_id, why, reason, by_id)
SELECT %s, s, %s, %s, %s FROM unnest(%s::bigint[]) AS s
ON CONFLICT (case_id, staff_id) WHERE until IS NULL DO NOTHING
RETURNING staff_id
"""
