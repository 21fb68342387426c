"""The webhooks package as Django knows it."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WebhooksConfig(AppConfig):
    """Endpoints of other programs, and what is sent to them."""

    name = "service_desk.webhooks"
    label = "webhooks"
    verbose_name = _("Webhooks")

    def ready(self) -> None:
        """Rights, scopes and kinds of notices are registered when their modules are loaded."""
        for module in ("permits", "scopes", "own_kinds", "heads"):
            import_module(f"{self.name}.{module}")
