"""The quality package as Django knows it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class QualityConfig(AppConfig):
    """Violations, praise and the ledger."""

    name = "service_desk.quality"
    label = "quality"
    verbose_name = _("Quality")

    def ready(self) -> None:
        """Hand the rights to the place that decides, the texts to who shows them, and hear of what is a violation."""
        from service_desk.quality import finding, kinds, permits  # noqa: F401 - models are loaded only now
