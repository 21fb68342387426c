"""The administration of customers: units with contacts, numbers and the products in use. Audited."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from service_desk.customers.models import Contact, Customer, InstalledProduct, PhoneNumber
from service_desk.people.audited_admin import AuditedAdmin


class ContactInline(admin.TabularInline):  # type: ignore[type-arg]
    """The people who call."""

    model = Contact
    extra = 0


class NumberForm(forms.ModelForm):  # type: ignore[type-arg]
    """A number that is there shows masked, here too (P6): it is replaced, not looked at."""

    class Meta:
        model = PhoneNumber
        fields = ("raw", "contact")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["raw"] = str(self.instance)
            self.fields["raw"].disabled = True

    def clean_raw(self) -> str:
        """What is masked on the page stays what it was."""
        return str(self.instance.raw if self.instance.pk else self.cleaned_data["raw"])


class NumberInline(admin.TabularInline):  # type: ignore[type-arg]
    """Numbers as they are written; what they match follows from that. A wrong one is removed and added anew."""

    model = PhoneNumber
    form = NumberForm
    extra = 0
    fields = ("raw", "contact")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "contact":
            match = request.resolver_match
            customer = match.kwargs.get("object_id") if match else None
            known = Contact.objects.filter(customer_id=int(customer)) if customer and customer.isdigit() else None
            kwargs["queryset"] = Contact.objects.none() if known is None else known
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class ProductInline(admin.TabularInline):  # type: ignore[type-arg]
    """The products in use."""

    model = InstalledProduct
    extra = 0


@admin.register(Customer)
class CustomerAdmin(AuditedAdmin):
    """Customer units. One that is gone is made inactive: its cases keep its name."""

    audited_as = "customer"
    list_display = ("name", "region", "address", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name", "initials__startswith")
    show_full_result_count = False
    inlines = (ContactInline, NumberInline, ProductInline)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
