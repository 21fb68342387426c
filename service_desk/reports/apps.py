"""The reports package as Django knows it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    """The figures of the desk over time, each computed in one place, and what is exported of them."""

    name = "service_desk.reports"
    label = "reports"
    verbose_name = _("Reports")

    def ready(self) -> None:
        """Who may see reports and take lists along; cases hands over lists that are too long to wait for."""
        from service_desk.cases import exporting
        from service_desk.reports import kinds, permits, permits_exports  # noqa: F401 - models are loaded only now
        from service_desk.reports.beside import write_beside
        from service_desk.reports.lists import register_lists

        register_lists()
        exporting.register_beside(write_beside)
