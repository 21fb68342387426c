"""The cases room as Django knows it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CasesConfig(AppConfig):
    """CALL tickets and their clocks."""

    name = "service_desk.cases"
    label = "cases"
    verbose_name = _("Cases")

    def ready(self) -> None:
        """Hand the room's clocks to the engine and its rights to the place that decides."""
        from service_desk.cases import (  # noqa: F401 - models are loaded only now
            clockwork,
            language_places,
            moved_clocks,
            permits,
            privacy,
        )
        from service_desk.cases.helping import uses_of
        from service_desk.knowledge.articles import beside

        beside.register(uses_of)
