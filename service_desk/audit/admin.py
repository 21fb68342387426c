"""Lets an administrator or auditor read the trail; there is nothing here to write with."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from service_desk.audit.hiding import seen_by
from service_desk.audit.models import AuditEntry

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[AuditEntry]
else:
    _Admin = admin.ModelAdmin  # takes no type argument when the program runs


@admin.register(AuditEntry)
class AuditEntryAdmin(_Admin):
    """The trail, newest first, read-only."""

    list_display = ("id", "at", "actor", "actor_label", "door", "verb", "thing", "outcome")
    list_filter = ("door", "outcome")
    search_fields = ("=thing", "=verb")
    search_help_text = "case:123"
    ordering = ("-id",)
    list_select_related = ("actor",)
    show_full_result_count = False  # the trail only grows; counting it all for each page would grow with it

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        return seen_by(super().get_queryset(request), request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
