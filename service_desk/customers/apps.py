"""The customers package as Django knows it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CustomersConfig(AppConfig):
    """Customer units, contacts and numbers."""

    name = "service_desk.customers"
    label = "customers"
    verbose_name = _("Customers")

    def ready(self) -> None:
        """Hand the rights to the place that decides."""
        from service_desk.customers import permits  # noqa: F401 - models are loaded only now
