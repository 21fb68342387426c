"""The complaints package as Django knows it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ComplaintsConfig(AppConfig):
    """What makes a case a complaint: its level, its circle, the five clears, the ladder of instances."""

    name = "service_desk.complaints"
    label = "complaints"
    verbose_name = _("Complaints")

    def ready(self) -> None:
        """Hand the room's rights, demands, notices and reactions to those who ask for them."""
        from service_desk.complaints import (  # noqa: F401 - models are loaded only now
            clockwork,
            demands,
            hiding,
            kinds,
            language_places,
            panels,
            permits,
        )
        from service_desk.complaints.actions.following import follow_organisation
        from service_desk.people import organisation

        demands.register()
        hiding.register()
        kinds.register_all()
        organisation.listen(follow_organisation)
        panels.register()
