"""The knowledge room as Django knows it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class KnowledgeConfig(AppConfig):
    """Phrasebook, releases and the language check."""

    name = "service_desk.knowledge"
    label = "knowledge"
    verbose_name = _("Knowledge")

    def ready(self) -> None:
        """Hand the rights to the place that decides."""
        from service_desk.knowledge import own_places, permits  # noqa: F401 - models are loaded only now
        from service_desk.knowledge.articles import kinds as _kinds  # noqa: F401
        from service_desk.knowledge.articles import permits as _permits  # noqa: F401
