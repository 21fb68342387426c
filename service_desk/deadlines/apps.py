"""The deadlines package as Django knows it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeadlinesConfig(AppConfig):
    """Calendars, policies, clocks and the engine."""

    name = "service_desk.deadlines"
    label = "deadlines"
    verbose_name = _("Deadlines")
