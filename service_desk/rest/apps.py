"""Names the REST package for Django, so that its tables and admin pages carry a readable title."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RestConfig(AppConfig):
    """The ground of the REST interface as a Django application."""

    name = "service_desk.rest"
    verbose_name = _("REST interface")
