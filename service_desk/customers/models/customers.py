"""Customer units, contacts, their numbers and the products they use."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Case, Q, Value, When
from django.db.models.functions import Length, Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.customers.rules import gram_query, grams, initials, mask_number, to_e164
from service_desk.people.models import ProductType


class CustomerQuerySet(models.QuerySet["Customer"]):
    """Reads as questions."""

    def suggest(self, text: str) -> CustomerQuerySet:
        """Those whose name holds `text`, whose pinyin initials begin with it, or one of whose numbers is it."""
        text = " ".join(text.split())
        if not text:
            return self.none()
        folded = unicodedata.normalize("NFKC", text)
        found = Q(grams__contains=gram_query(text)) & (Q(name__icontains=text) | Q(name__icontains=folded))
        letters = re.sub(r"[^a-z0-9]", "", folded.lower())
        if letters and len(letters) == len(folded):
            found |= Q(initials__startswith=letters)
        number = to_e164(text, settings.PHONE_REGION)
        if number and sum(c.isdigit() for c in text) >= 5:
            found |= Q(pk__in=PhoneNumber.objects.filter(e164=number).values("customer_id"))
        return self.filter(found, is_active=True)

    def nearest(self, text: str) -> CustomerQuerySet:
        """Those whose name begins with the text first, short names before long ones."""
        begins = Case(When(name__istartswith=text.strip(), then=Value(0)), default=Value(1))
        return self.order_by(begins, Length("name"), "name")


class Customer(models.Model):
    """A customer unit (客户单位): the organisation or household that calls."""

    name = models.CharField(_("Customer unit"), max_length=120, unique=True)
    initials = models.CharField(max_length=120, editable=False)
    grams: Any = ArrayField(models.TextField(), editable=False)
    address = models.CharField(_("Address"), max_length=200, blank=True)
    region = models.CharField(_("Region"), max_length=60, blank=True)
    is_active = models.BooleanField(_("Active"), default=True)
    created_at = models.DateTimeField(_("Since"), db_default=Now(), editable=False)
    #: Whose name and numbers are gone at their own request; a trigger keeps it for ever.
    erased_at = models.DateTimeField(_("Data erased"), null=True, editable=False)

    objects: ClassVar[Any] = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("Customer unit")
        verbose_name_plural = _("Customer units")
        ordering = ["name"]
        indexes = [
            GinIndex(fields=["grams"], name="customer_grams"),
            models.Index(OpClass("initials", name="text_pattern_ops"), name="customer_initials"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the search pieces in step with the name."""
        self.initials = initials(self.name)
        self.grams = grams(self.name)
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "initials", "grams"}
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        """Where the customer is shown."""
        return f"/customers/{self.pk}/"


class Contact(models.Model):
    """The person of a customer unit who calls."""

    customer = models.ForeignKey(
        Customer, verbose_name=_("Customer unit"), on_delete=models.CASCADE, related_name="contacts"
    )
    name = models.CharField(pgettext_lazy("person", "Name"), max_length=80)
    title = models.CharField(_("Position"), max_length=80, blank=True)
    email = models.EmailField(_("E-mail"), blank=True)

    class Meta:
        verbose_name = _("Contact")
        verbose_name_plural = _("Contacts")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PhoneNumber(models.Model):
    """A number as it was written (`raw`) and, where it is one, in E.164 for matching."""

    customer = models.ForeignKey(
        Customer, verbose_name=_("Customer unit"), on_delete=models.CASCADE, related_name="numbers"
    )
    contact = models.ForeignKey(
        Contact, verbose_name=_("Contact"), null=True, blank=True, on_delete=models.CASCADE, related_name="numbers"
    )
    raw = models.CharField(pgettext_lazy("telephone", "Number"), max_length=60)
    e164 = models.CharField(_("Number (E.164)"), max_length=20, null=True, editable=False, db_index=True)

    class Meta:
        verbose_name = _("Phone number")
        verbose_name_plural = _("Phone numbers")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "contact", "raw"], name="number_once", nulls_distinct=False)
        ]

    def __str__(self) -> str:
        return mask_number(self.raw)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the matching form in step with the written one."""
        self.e164 = to_e164(self.raw, settings.PHONE_REGION)
        super().save(*args, **kwargs)


class InstalledProduct(models.Model):
    """A product in use at a customer's (在用产品)."""

    customer = models.ForeignKey(
        Customer, verbose_name=_("Customer unit"), on_delete=models.CASCADE, related_name="products"
    )
    product_type = models.ForeignKey(
        ProductType, verbose_name=_("Product type"), on_delete=models.PROTECT, related_name="installed"
    )
    model = models.CharField(_("Model"), max_length=80, blank=True)
    serial = models.CharField(_("Serial number"), max_length=80, blank=True)
    location = models.CharField(_("Place"), max_length=120, blank=True)
    installed_on = models.DateField(_("In use since"), null=True, blank=True)

    class Meta:
        verbose_name = _("Product in use")
        verbose_name_plural = _("Products in use")
        ordering = ["product_type", "id"]

    def __str__(self) -> str:
        return f"{self.product_type} {self.model}".strip()
