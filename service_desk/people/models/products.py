"""What the company looks after, and who is qualified to grade its faults (C2)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ServiceLine(models.Model):
    """A line of service with policies of its own, such as telecom or property."""

    code = models.SlugField(_("Code"), max_length=30, primary_key=True)
    name = models.CharField(_("Name"), max_length=60, unique=True)
    name_en = models.CharField(_("English name"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("Service line")
        verbose_name_plural = _("Service lines")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class ProductType(models.Model):
    """A type of product or installation that customers call about; part of a case's subject (C1)."""

    name = models.CharField(_("Name"), max_length=80, unique=True)
    service_line = models.ForeignKey(
        ServiceLine, verbose_name=_("Service line"), on_delete=models.PROTECT, related_name="products"
    )
    centre = models.ForeignKey(
        "people.Unit",
        verbose_name=_("Product centre"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="products",
    )
    is_active = models.BooleanField(_("Offered"), default=True)

    class Meta:
        verbose_name = _("Product type")
        verbose_name_plural = _("Product types")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Qualification(models.Model):
    """The right to grade the severity of faults of one product type (C2)."""

    staff = models.ForeignKey(
        "people.Staff", verbose_name=_("Who"), on_delete=models.CASCADE, related_name="qualifications"
    )
    product_type = models.ForeignKey(
        ProductType, verbose_name=_("Product type"), on_delete=models.CASCADE, related_name="qualified"
    )

    class Meta:
        verbose_name = _("Qualification")
        verbose_name_plural = _("Qualifications")
        constraints = [models.UniqueConstraint(fields=["staff", "product_type"], name="qualification_once")]

    def __str__(self) -> str:
        return f"{self.staff}: {self.product_type}"
