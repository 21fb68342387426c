"""The telephony package as Django knows it."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TelephonyConfig(AppConfig):
    """Phone systems, their events, and the calls folded from them."""

    name = "service_desk.telephony"
    label = "telephony"
    verbose_name = _("Telephony")

    def ready(self) -> None:
        """Rights and kinds of notices are registered when their modules are loaded."""
        for module in ("permits", "own_kinds", "webhook_events"):
            import_module(f"{self.name}.{module}")
