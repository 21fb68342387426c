"""The people package as Django knows it."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Units, staff and roster."""

    name = "service_desk.people"
    label = "people"

    def ready(self) -> None:
        """Hand the rights to the place that decides."""
        from service_desk.people import permits  # noqa: F401 - models are loaded only now
