"""Fields that several forms of complaints share: a case, a unit, a product, by type-ahead over visible things."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from service_desk.cases.models import Case
from service_desk.cases.rules import CaseKind
from service_desk.customers.models import Customer
from service_desk.people.fields import TypeaheadField
from service_desk.people.models import ProductType, Unit


class CaseField(TypeaheadField):
    """A CALL ticket that this person may see, chosen or by its number; `user` is the form's. Cleans to a Case."""

    user: Any = None

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("url", reverse_lazy("complaint-suggest-cases"))
        kwargs.setdefault("placeholder", _("Number, customer or words of the case"))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        if not typed:
            return None
        seen = Case.objects.visible_to(self.user).filter(kind=CaseKind.CALL).select_related("customer", "product_type")
        found = seen.filter(pk=typed.id).first() if typed.id is not None else None
        number = typed.text.split(" ")[0].upper()
        found = found or (seen.filter(number=number).first() if number else None)
        if found is None:
            raise ValidationError(gettext("There is no such case. Write its number, or choose it."), code="unknown")
        return found


class NamedField(TypeaheadField):
    """One of a short list, chosen or written by its name; cleans to its row."""

    offered: Any = None  # the manager whose rows may be chosen
    only: Mapping[str, Any] = MappingProxyType({})
    unknown: Any = ""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("shortest", 0)
        kwargs.setdefault("placeholder", _("Arrow down shows all"))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        if not typed:
            return None
        rows = self.offered.filter(**self.only)
        found = rows.filter(pk=typed.id).first() if typed.id is not None else None
        found = found or _only(rows, typed.text)
        if found is None:
            raise ValidationError(self.unknown, code="unknown")
        return found


class UnitField(NamedField):
    """A place in the organisation."""

    offered = Unit.objects
    unknown = _("There is no such unit. Choose one of the list.")

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("url", reverse_lazy("complaint-suggest-units"))
        super().__init__(**kwargs)


class ProductField(NamedField):
    """A product type in use."""

    offered = ProductType.objects
    only = MappingProxyType({"is_active": True})
    unknown = _("There is no such product type. Choose one of the list.")

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("url", reverse_lazy("complaint-suggest-products"))
        super().__init__(**kwargs)


class CustomerField(TypeaheadField):
    """A customer unit, by name, pinyin initials or number; empty for a private person. Cleans to a Customer."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("url", reverse_lazy("complaint-suggest-customers"))
        kwargs.setdefault("placeholder", _("Name, pinyin initials or phone number"))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        if not typed:
            return None
        active = Customer.objects.filter(is_active=True)
        found = active.filter(pk=typed.id).first() if typed.id is not None else None
        if found is None and typed.text:
            exact = active.filter(name__iexact=typed.text).first()
            fitting = [exact] if exact else list(Customer.objects.suggest(typed.text).nearest(typed.text)[:2])
            if len(fitting) > 1:
                raise ValidationError(gettext("Several customers fit. Choose one."), code="several")
            found = fitting[0] if fitting else None
        if found is None:
            raise ValidationError(
                gettext("No such customer is known. Leave this empty for a private person."), code="unknown"
            )
        return found


def _only(rows: Any, text: str) -> Any:
    """The row of this name, or the only one whose name holds it."""
    exact = rows.filter(name__iexact=text).first()
    if exact is not None:
        return exact
    near = list(rows.filter(name__icontains=text)[:2]) if text else []
    return near[0] if len(near) == 1 else None
