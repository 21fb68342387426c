"""The people package as Django knows it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    """Units, staff and roster."""

    name = "service_desk.people"
    label = "people"
    verbose_name = _("People")

    def ready(self) -> None:
        """Hand the rights to the place that decides."""
        from service_desk.people import permits  # noqa: F401 - models are loaded only now
