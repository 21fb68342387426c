"""The administration of the organisation: units, staff with their roles and passwords, products, roster. Audited."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from service_desk.people import organisation
from service_desk.people.actions import after_change, second_step, set_guard_rule
from service_desk.people.audited_admin import AuditedAdmin
from service_desk.people.models import (
    Absence,
    DutyShift,
    GuardRule,
    ProductType,
    Qualification,
    SecondStepRule,
    ServiceLine,
    Staff,
    Unit,
)
from service_desk.people.rules import Role
from service_desk.people.second_step import proved_lately
from service_desk.rest.errors import Refusal


def _me(request: HttpRequest) -> Staff:
    return Staff.objects.get(pk=request.user.pk or 0)


class RolesField(forms.MultipleChoiceField):
    """Roles as check boxes; the column is an array."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self) -> None:
        super().__init__(label=_("Roles"), choices=Role.choices, required=False)


class NewStaffForm(AdminUserCreationForm):  # type: ignore[type-arg]
    """A new member of staff with a password that passes the rules; stored as a hash."""

    roles = RolesField()

    class Meta:
        model = Staff
        fields = ("username", "full_name", "unit", "roles", "email", "mobile", "language")


class StaffForm(UserChangeForm):  # type: ignore[type-arg]
    """A member of staff; the password is changed on its own page."""

    roles = RolesField()

    class Meta:
        model = Staff
        fields = ("username", "full_name", "unit", "roles", "email", "mobile", "language", "theme", "is_active")

    def clean(self) -> dict[str, Any]:
        """The desk keeps an administrator, whoever is changed."""
        data = super().clean() or {}
        before = Staff.objects.get(pk=self.instance.pk)
        stays = data.get("is_active") and Role.ADMINISTRATOR in data.get("roles", [])
        others = Staff.objects.filter(is_active=True, roles__contains=[Role.ADMINISTRATOR]).exclude(pk=self.instance.pk)
        if before.is_staff and not stays and not others.exists():
            raise ValidationError(
                gettext("This is the last administrator. Make somebody else an administrator first."),
                code="last_administrator",
            )
        return data


class QualificationInline(admin.TabularInline):  # type: ignore[type-arg]
    """Which products this person may grade (C2)."""

    model = Qualification
    extra = 0


@admin.register(Staff)
class StaffAdmin(AuditedAdmin, UserAdmin):  # type: ignore[type-arg]
    """Staff. Nobody is deleted: who leaves is made inactive, and every log-in of theirs ends."""

    audited_as = "staff"
    form = StaffForm
    add_form = NewStaffForm
    list_display = ("username", "full_name", "unit", "role_names", "is_active")
    list_filter = ("is_active", "unit")
    list_select_related = ("unit",)
    search_fields = ("username", "full_name")
    ordering = ("username",)
    filter_horizontal = ()
    inlines = (QualificationInline,)
    fieldsets = (
        (None, {"fields": ("username", "password", "full_name", "unit", "is_active")}),
        (_("Rights"), {"fields": ("roles",)}),
        (_("How to reach"), {"fields": ("email", "mobile", "language", "theme")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "full_name", "unit", "usable_password", "password1", "password2")}),
        (_("Rights"), {"fields": ("roles",)}),
        (_("How to reach"), {"fields": ("email", "mobile", "language")}),
    )

    @admin.display(description=_("Roles"))
    def role_names(self, staff: Staff) -> str:
        """The roles in words."""
        return ", ".join(str(Role(role).label) for role in staff.roles)

    actions = ("take_second_step_away",)

    @admin.action(description=_("Let them set up the second step anew"))
    def take_second_step_away(self, request: HttpRequest, staff: Any) -> None:
        """For who lost app and paper: the second step is taken away and every log-in ends."""
        for person in staff:
            try:
                second_step.take_away(actor=_me(request), staff=person)
            except Refusal as refusal:
                self.message_user(request, f"{person}: {refusal.message}", messages.WARNING)
            else:
                self.message_user(request, f"{person}: {gettext('may set it up anew.')}")

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Qualifications once the person is there."""
        return self.inlines if obj is not None else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @method_decorator(proved_lately)
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Rights are given by who has shown lately that it is them."""
        return super().changeform_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Staff, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and {"roles", "is_active"} & set(form.changed_data):
            after_change(obj)
        if not change or "unit" in form.changed_data:
            organisation.changed()

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """What the list itself does, as taking a second step away, is done by who has proved it too."""
        view = super().changelist_view
        found: Any = (proved_lately(view) if request.method == "POST" else view)(request, extra_context)
        return cast(HttpResponse, found)

    @method_decorator(proved_lately)
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        """Django's page, with the change, its audit entry and the end of the log-ins in one transaction."""
        with transaction.atomic():
            before = Staff.objects.filter(pk=id).values_list("password", flat=True).first() if id.isdigit() else None
            response = super().user_change_password(request, id, form_url)
            staff = Staff.objects.filter(pk=id).first() if before is not None else None
            if staff is not None and staff.password != before:
                after_change(staff)
        return response


@admin.register(Unit)
class UnitAdmin(AuditedAdmin):
    """Units as a tree."""

    audited_as = "unit"
    list_display = ("name", "kind", "parent", "section_chief", "department_head")
    list_filter = ("kind",)
    list_select_related = ("parent", "section_chief", "department_head")
    search_fields = ("name",)
    autocomplete_fields = ("parent", "section_chief", "department_head")

    def save_model(self, request: HttpRequest, obj: Unit, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        organisation.changed()


@admin.register(ServiceLine)
class ServiceLineAdmin(AuditedAdmin):
    """Service lines; their policies are elsewhere."""

    audited_as = "service_line"
    list_display = ("code", "name", "name_en")


@admin.register(ProductType)
class ProductTypeAdmin(AuditedAdmin):
    """Product types. One that is no longer offered is made inactive."""

    audited_as = "product_type"
    list_display = ("name", "service_line", "centre", "is_active")
    list_filter = ("service_line", "is_active")
    list_select_related = ("service_line", "centre")
    search_fields = ("name",)
    autocomplete_fields = ("centre",)


@admin.register(DutyShift)
class DutyShiftAdmin(AuditedAdmin):
    """Duty shifts; two for one role at one time are refused beside the fields."""

    audited_as = "dutyshift"
    list_display = ("role", "staff", "starts_at", "ends_at")
    list_filter = ("role",)
    date_hierarchy = "starts_at"
    list_select_related = ("staff",)
    autocomplete_fields = ("staff",)


@admin.register(Absence)
class AbsenceAdmin(AuditedAdmin):
    """Absences with their deputies."""

    audited_as = "absence"
    list_display = ("staff", "starts_at", "ends_at", "deputy")
    date_hierarchy = "starts_at"
    list_select_related = ("staff", "deputy")
    autocomplete_fields = ("staff", "deputy")


class SecondStepRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """The roles, as check boxes."""

    roles = RolesField()

    class Meta:
        model = SecondStepRule
        fields = ("roles",)


@admin.register(SecondStepRule)
class SecondStepRuleAdmin(AuditedAdmin):
    """Which roles must log in with a second step: the newest rule holds, the older ones say what held before."""

    audited_as = "second_step_rule"
    form = SecondStepRuleForm
    list_display = ("__str__", "since", "by")
    list_select_related = ("by",)
    ordering = ("-pk",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @method_decorator(proved_lately)
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A rule is made by who has shown lately that it is them."""
        return super().changeform_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: SecondStepRule, form: Any, change: bool) -> None:
        """By the verb, which ends the log-ins that lack the step."""
        made = second_step.demand_for(actor=_me(request), roles=form.cleaned_data["roles"])
        obj.pk, obj.since, obj.by = made.pk, made.since, made.by


@admin.register(GuardRule)
class GuardRuleAdmin(AuditedAdmin):
    """What is guarded and how: the newest rule holds, the older ones say what held before."""

    audited_as = "guard_rule"
    fields = ("alarm_after", "stop_after", "officer", "approve_rows", "password_days", "password_kinds")
    list_display = ("since", "by", *fields)
    list_select_related = ("by", "officer")
    autocomplete_fields = ("officer",)
    ordering = ("-pk",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new rule begins with what holds now."""
        now = GuardRule.in_force()
        return {name: getattr(now, name) for name in self.fields}

    @method_decorator(proved_lately)
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A rule is made by who has shown lately that it is them."""
        return super().changeform_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: GuardRule, form: Any, change: bool) -> None:
        """By the verb, which records what changed."""
        made = set_guard_rule(actor=_me(request), **form.cleaned_data)
        obj.pk, obj.since, obj.by = made.pk, made.since, made.by
