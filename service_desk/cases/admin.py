"""Cases in the administration: to be read. Every change of a case is a verb; none of them is a form of the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from service_desk.cases.models import Case, CaseClockEvent, CaseDeadline, CaseEvent, CasePause, ImpactObservation


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Shows rows and changes none."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Case)
class CaseAdmin(ReadOnlyAdmin):
    """Cases that the administrator may know of (P6)."""

    list_display = ["number", "subject", "severity", "state", "handler", "registered_at"]
    list_filter = ["state", "severity", "service_line"]
    list_select_related = ["handler"]
    search_fields = ["number"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        """Start from what this person may see, as every list does."""
        return Case.objects.visible_to(request.user)


@admin.register(CaseDeadline, CaseClockEvent, CaseEvent, CasePause, ImpactObservation)
class PartAdmin(ReadOnlyAdmin):
    """Clocks, history and pauses of visible cases."""

    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        """Only parts of cases that this person may see."""
        path = "deadline__case__in" if self.model is CaseClockEvent else "case__in"
        return self.model._default_manager.filter(**{path: Case.objects.visible_to(request.user)})
