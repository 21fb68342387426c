"""Telephony in the admin: everything is read there, nothing is written but the company's limits."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from service_desk.people.audited_admin import AuditedAdmin
from service_desk.telephony.models import Call, CallFact, CallLimits, RefusedDelivery
from service_desk.telephony.seeing import calls_seen_by


class ReadOnlyAdmin(AuditedAdmin):
    """Looked at, never changed: a call is what its events say."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Call)
class CallAdmin(ReadOnlyAdmin):
    """Calls without the customers' numbers (P6)."""

    list_display = ["ref", "integration", "state", "direction", "masked_number", "agent", "started_at"]
    list_filter = ["integration", "state", "direction"]
    list_select_related = ["integration", "agent"]
    exclude = ["customer_number", "customer_e164", "attributes", "differences"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        """What a room keeps back from this person is not in the admin either (P6)."""
        return super().get_queryset(request).filter(pk__in=calls_seen_by(request.user).values("pk"))


@admin.register(CallFact)
class CallFactAdmin(ReadOnlyAdmin):
    """What calls say about the rules."""

    list_display = ["call", "rule", "verdict", "found_at", "withdrawn_at", "note"]
    list_filter = ["rule", "verdict"]
    list_select_related = ["call"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        """Those of the calls that this person may see."""
        return super().get_queryset(request).filter(call__in=calls_seen_by(request.user))


@admin.register(RefusedDelivery)
class RefusedDeliveryAdmin(ReadOnlyAdmin):
    """The log of refused deliveries."""

    list_display = ["minute", "integration", "status", "problem", "times", "ip"]
    list_filter = ["integration", "problem"]
    show_full_result_count = False


@admin.register(CallLimits)
class CallLimitsAdmin(AuditedAdmin):
    """The company's own figures for T1 to T4."""

    audited_as = "call_limits"

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """There is one row."""
        obj.pk = 1
        super().save_model(request, obj, form, change)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return not CallLimits.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
