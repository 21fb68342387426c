"""What every page of the administration that changes something has in common: the change is in the audit trail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db.models import Model
from django.http import HttpRequest

from service_desk.audit.actions import record
from service_desk.people.access import thing_key

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Any]
else:
    _Admin = admin.ModelAdmin  # takes no type argument when the program runs


class AuditedAdmin(_Admin):
    """Django's admin writes its own log at each change, inside the change's transaction; so does the trail here.

    `audited_as` is the noun of the verb: 'staff' gives 'staff.add', 'staff.change', 'staff.delete'.
    """

    audited_as = ""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> LogEntry:
        self._record(request, "add", obj, message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> LogEntry:
        self._record(request, "change", obj, message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for obj in queryset:
            self._record(request, "delete", obj, "")
        return super().log_deletions(request, queryset)

    def _record(self, request: HttpRequest, what: str, obj: Model, message: Any) -> None:
        """The names of the fields that changed, never their values: they may be personal."""
        fields = [
            name
            for part in (message if isinstance(message, list) else [])
            for name in part.get("changed", {}).get("fields", [])
        ]
        record(
            verb=f"{self.audited_as}.{what}",
            thing=thing_key(obj),
            actor=request.user,
            detail={"fields": [str(name) for name in fields]},
        )
