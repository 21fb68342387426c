"""The one form with which a call is registered: every field as it is typed, resolved to what the verb needs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.urls import reverse_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from service_desk.cases.actions import Registration
from service_desk.cases.forms.requesting import RequestFormPart
from service_desk.cases.rules import Severity
from service_desk.customers.models import Contact, Customer
from service_desk.people.fields import MomentField, TypeaheadField, Typed
from service_desk.people.models import ProductType

CHOICES_SHOWN = 8


class RegisterForm(RequestFormPart):
    """Customer, product, fault, caller, acceptance and grade; request type and read-back. `now` is the database's."""

    customer = TypeaheadField(
        label=_("Customer unit"),
        url=reverse_lazy("customer-suggest"),
        placeholder=_("Name, pinyin initials or phone number"),
        error_messages={"required": _("Please say who calls: name, pinyin initials or phone number.")},
    )
    customer_choice = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    new_name = forms.CharField(label=_("Name of the new customer unit"), max_length=120, required=False)
    new_number = forms.CharField(label=_("Its phone number"), max_length=120, required=False)
    product_type = TypeaheadField(
        label=_("Product type"),
        url=reverse_lazy("product-suggest"),
        placeholder=_("Arrow down shows all, those in use first"),
        shortest=0,
        error_messages={"required": _("Please choose the product type that the call is about.")},
    )
    fault = forms.CharField(
        label=_("Fault in brief"),
        max_length=120,
        widget=forms.TextInput(attrs={"data-count": "1", "autocomplete": "off", "data-language": "internal_note"}),
        error_messages={"required": _("Say in a few words what is wrong, for example: one site down.")},
    )
    description = forms.CharField(
        label=_("What the caller says"),
        max_length=8000,
        required=False,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 3, "data-count": "1"}),
    )
    caller_name = forms.CharField(
        label=_("Caller"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"list": "register-callers", "autocomplete": "off"}),
    )
    caller_phone = forms.CharField(
        label=_("Caller's number"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    accepted_at = MomentField(
        label=_("Accepted"),
        required=False,
        help_text=_("Empty means now. When the customer called earlier: 14:05, 11-21 14:05 or 2026-11-21 14:05."),
    )
    severity = forms.ChoiceField(label=_("Severity"), choices=[("", ""), *Severity.choices], required=False)
    field_order = ("customer", "customer_choice", "new_name", "new_number", "product_type", "fault", "request_type")
    token = forms.UUIDField(widget=forms.HiddenInput, error_messages={"invalid": "", "required": ""})

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        moment = self.fields["accepted_at"]
        assert isinstance(moment, MomentField)  # noqa: S101  (told to the type checker)
        moment.now = now
        moment.widget.attrs["placeholder"] = gettext("now")
        self.fields["customer"].required = not self.data.get("new_name", "").strip()
        self.fields["customer"].widget.attrs["autofocus"] = not self.is_bound
        self.choices: list[Customer] = []
        self.new_customer: tuple[str, str] | None = None

    def clean_product_type(self) -> ProductType:
        typed: Typed = self.cleaned_data["product_type"]
        offered = ProductType.objects.filter(is_active=True).select_related("service_line")
        if typed.id is not None and (found := offered.filter(pk=typed.id).first()):
            return found
        by_name = list(offered.filter(name__iexact=typed.text)[:1]) or list(
            offered.filter(name__icontains=typed.text)[:2]
        )
        if len(by_name) == 1:
            return by_name[0]
        if by_name:
            raise ValidationError(
                gettext("Several product types are called like that; please choose one."), code="several"
            )
        raise ValidationError(gettext("There is no such product type. Choose one of the list."), code="unknown")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "customer" not in self.errors:
            data["customer"] = self._resolve_customer(data)
        if "token" in self.errors:
            del self.errors["token"]
            self.add_error(None, gettext("The page was not sent completely. Please check it and send it again."))
        self._check_line(data)
        self.demand_read_back()
        return data

    def _check_line(self, data: Mapping[str, Any]) -> None:
        """A request type of one service line goes with that line's products."""
        line = self.chosen_type.service_line if self.chosen_type else None
        product = data.get("product_type")
        if line is not None and product is not None and product.service_line_id != line.pk:
            words = gettext("This request type belongs to %(line)s; the product type does not. Choose another one.")
            self.add_error("request_type", ValidationError(words % {"line": line}, code="other_service_line"))

    def _resolve_customer(self, data: Mapping[str, Any]) -> Customer | None:
        """The customer that was chosen or whose name, initials or number was typed; else what to do about it."""
        typed: Typed = data["customer"]
        new_name = data.get("new_name", "")
        customer = self._chosen(typed, data.get("customer_choice"), new_name)
        if customer is not None and new_name:
            self.add_error(
                "new_name", gettext("A customer is chosen already. Empty this, or empty the customer field above.")
            )
        elif customer is None and new_name:
            self.new_customer = (new_name, data.get("new_number", ""))
        elif customer is None and self.choices:
            self.add_error("customer", ValidationError(gettext("Several customers fit. Choose one."), code="several"))
        elif customer is None:
            self.add_error(
                "customer",
                ValidationError(
                    gettext("No such customer is known. Correct what you typed, or fill in the new customer below."),
                    code="unknown",
                ),
            )
        return customer

    def _chosen(self, typed: Typed, choice: int | None, new_name: str) -> Customer | None:
        active = Customer.objects.filter(is_active=True)
        if typed.id is not None and (found := active.filter(pk=typed.id).first()):
            return found
        if not typed.text:
            return None
        exact = active.filter(name__iexact=typed.text).first()
        if exact is not None:
            return exact
        fitting = list(Customer.objects.suggest(typed.text).nearest(typed.text)[:CHOICES_SHOWN])
        by_choice = [customer for customer in fitting if customer.pk == choice]
        if by_choice or (len(fitting) == 1 and not new_name):
            return (by_choice or fitting)[0]
        self.choices = [] if new_name else fitting
        return None

    def rewrite(self, **values: str) -> None:
        """Change what the page shows of what was sent: ids of what was resolved, a fresh token."""
        data = self.data.copy() if isinstance(self.data, QueryDict) else dict(self.data)
        for name, value in values.items():
            data[name] = value
        self.data = data

    def registration(self, customer: Customer) -> Registration:
        """What the verb is given."""
        data = self.cleaned_data
        return Registration(
            customer=customer,
            product_type=data["product_type"],
            fault=data["fault"],
            accepted_at=data["accepted_at"],
            severity=data["severity"] or None,
            description=data["description"],
            contact=contact_named(customer, data["caller_name"]),
            caller_name=data["caller_name"],
            caller_phone=data["caller_phone"],
            token=data["token"],
            request_type=self.chosen_type,
            request_values=self.answers,
            told_once=data["told_once"],
            read_back=self.ticks,
            read_back_reason=data["read_reason"],
        )


def contact_named(customer: Customer, name: str) -> Contact | None:
    """The customer's contact of exactly this name; none when there are two of it."""
    if not name:
        return None
    found = list(Contact.objects.filter(customer=customer, name=name)[:2])
    return found[0] if len(found) == 1 else None
