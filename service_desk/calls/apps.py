"""The calls package as Django knows it."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CallsConfig(AppConfig):
    """What a telephone call means to the desk: who pops up, what it was registered as, what was left unregistered."""

    name = "service_desk.calls"
    label = "calls"
    verbose_name = _("Calls")

    def ready(self) -> None:
        """Rights, clocks, listeners and the register form's beginning are registered when their modules are loaded."""
        for module in (
            "permits",
            "clockwork",
            "listening",
            "popping",
            "origin",
            "language_places",
            "complaint_matters",
        ):
            import_module(f"{self.name}.{module}")
