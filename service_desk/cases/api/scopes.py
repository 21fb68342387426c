"""What an API key may be allowed to do with cases and their clocks."""

from django.utils.translation import gettext_lazy as _

from service_desk.rest.scopes import register

READ = register("cases:read", _("Read cases and their timelines"))
WRITE = register("cases:write", _("Register cases and move them"))
CLOCKS = register("deadlines:read", _("Read clocks, policies and working calendars"))
