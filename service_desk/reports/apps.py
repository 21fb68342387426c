"""The reports package as Django knows it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    """The figures of the desk over time, each computed in one place, and what is exported of them."""

    name = "service_desk.reports"
    label = "reports"
    verbose_name = _("Reports")
