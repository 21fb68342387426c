"""What an API key may be allowed to do with complaints: scopes of their own, never part of those of cases."""

from django.utils.translation import gettext_lazy as _

from service_desk.rest.scopes import register

READ = register("complaints:read", _("Read complaints of whose circle the person is"))
WRITE = register("complaints:write", _("Accept complaints and move them"))
