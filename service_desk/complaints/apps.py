"""The complaints package as Django knows it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ComplaintsConfig(AppConfig):
    """What makes a case a complaint: its level, its circle, the five clears, the ladder of instances."""

    name = "service_desk.complaints"
    label = "complaints"
    verbose_name = _("Complaints")
