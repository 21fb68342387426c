"""Policies, calendars and incidents in the administration: an edit of a policy is a new version, the rest is read."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from service_desk.deadlines.actions import EDITABLE, edit_policy
from service_desk.deadlines.models import Calendar, CalendarVersion, Heartbeat, Incident, Policy
from service_desk.deadlines.schedule import ScheduleError, parse_steps


class PolicyForm(forms.ModelForm[Policy]):
    """Checks the ladder step by step and the target as a whole before anything is written."""

    class Meta:
        model = Policy
        fields = ["target_seconds", "target_working_days", "calendar", "may_pause", "steps"]

    def clean_steps(self) -> Any:
        """Every fault of the ladder, key by key."""
        steps = self.cleaned_data["steps"]
        try:
            parse_steps(steps)
        except ScheduleError as error:
            raise ValidationError([f"{key}: {message}" for key, message in error.problems]) from error
        return steps


@admin.register(Policy)
class PolicyAdmin(admin.ModelAdmin[Policy]):
    """The policies in force; saving one retires it and puts its next version in force."""

    form = PolicyForm
    list_display = ["service_line", "subject", "severity", "kind", "version", "target_seconds", "target_working_days"]
    list_filter = ["service_line", "kind", "severity"]
    list_select_related = ["service_line"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Retired versions are history; they stay on the clocks that began with them."""
        return super().get_queryset(request).filter(retired_at=None)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The verb writes the new version, with permission and audit."""
        changes = {name: form.cleaned_data[name] for name in form.changed_data if name in EDITABLE}
        if changes:
            edit_policy(policy=Policy.objects.get(pk=obj.pk), changes=changes, actor=request.user)


@admin.register(Calendar, CalendarVersion, Incident, Heartbeat)
class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Shows rows and changes none."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
