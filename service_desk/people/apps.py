"""The people package as Django knows it."""

from django.apps import AppConfig, apps
from django.contrib.auth.signals import user_logged_in
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    """Units, staff and roster."""

    name = "service_desk.people"
    label = "people"
    verbose_name = _("People")

    def ready(self) -> None:
        """Hand the rights to the place that decides; a log-in learns whether it lacks its second step."""
        from service_desk.people import permits  # noqa: F401 - models are loaded only now
        from service_desk.people.second_step import logged_in

        apps.get_app_config("axes").verbose_name = _("Log-in attempts")
        user_logged_in.connect(logged_in, dispatch_uid="people.second_step")
