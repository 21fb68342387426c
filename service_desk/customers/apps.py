"""The customers package as Django knows it."""

from django.apps import AppConfig


class CustomersConfig(AppConfig):
    """Customer units, contacts and numbers."""

    name = "service_desk.customers"
    label = "customers"

    def ready(self) -> None:
        """Hand the rights to the place that decides."""
        from service_desk.customers import permits  # noqa: F401 - models are loaded only now
