"""What an API key may be allowed to do with the figures for operators."""

from django.utils.translation import gettext_lazy as _

from service_desk.rest.scopes import register

METRICS = register("metrics:read", _("Read the figures for operators (/metrics)"))
