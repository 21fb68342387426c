"""What an API key may be allowed to do with registrations of calls and with messages."""

from django.utils.translation import gettext_lazy as _

from service_desk.rest.scopes import register

READ = register("registrations:read", _("Read how calls were registered and which still must be"))
WRITE = register("registrations:write", _("Register calls"))
READ_MESSAGES = register("messages:read", _("Read messages for colleagues"))
WRITE_MESSAGES = register("messages:write", _("Take and answer messages for colleagues"))
