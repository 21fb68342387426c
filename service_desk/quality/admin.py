"""Quality in the administration: to read; what is written is written by the verbs."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from service_desk.people.access import can
from service_desk.quality.models import ClosedMonth, LedgerEntry, Violation


class _ReadOnly(admin.ModelAdmin[Any]):
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Violation)
class ViolationAdmin(_ReadOnly):
    """Violations."""

    list_display = ("offence", "person", "chief", "state", "found_at")
    list_filter = ("state", "offence")
    list_select_related = ("person", "chief")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        """Start from what this person may see, as every list does."""
        return Violation.objects.visible_to(request.user)


@admin.register(LedgerEntry)
class LedgerAdmin(_ReadOnly):
    """The ledger."""

    list_display = ("month", "staff", "kind", "share", "points", "yuan", "at")
    list_filter = ("kind",)
    list_select_related = ("staff",)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        """The whole ledger for those who watch over it, one's own lines for everybody else."""
        lines = super().get_queryset(request)
        return lines if can(request.user, "ledger.view") else lines.filter(staff=request.user.pk)


@admin.register(ClosedMonth)
class ClosedMonthAdmin(_ReadOnly):
    """Closed months."""

    list_display = ("month", "closed_at", "closed_by")
    list_select_related = ("closed_by",)
