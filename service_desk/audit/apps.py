"""Names the audit package for Django, so that its table and its admin page carry a readable title."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    """The audit trail as a Django application."""

    name = "service_desk.audit"
    verbose_name = _("Audit trail")
