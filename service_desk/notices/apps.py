"""The notices package as Django knows it; loading it registers its own kinds of notices and its access rules."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NoticesConfig(AppConfig):
    """Notices, the channels that carry them, and their acknowledgement."""

    name = "service_desk.notices"
    label = "notices"
    verbose_name = _("Notices")

    def ready(self) -> None:
        """Registration happens when the modules are loaded."""
        for module in ("permissions", "own_kinds", "guarding"):
            import_module(f"{self.name}.{module}")
