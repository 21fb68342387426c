"""What the key of a phone system, or of another program, may be allowed to do with calls."""

from django.utils.translation import gettext_lazy as _

from service_desk.rest.scopes import register

WRITE = register("calls:write", _("Report calls (phone systems)"))
READ = register("calls:read", _("Read calls; staff see their numbers masked"))
READ_EXTENSIONS = register("extensions:read", _("Read who sits at which extension"))
WRITE_EXTENSIONS = register("extensions:write", _("Say who sits at which extension"))

#: Those that the key of a phone system may have.
ALL = {WRITE: _("Report calls"), READ: _("Read its calls"), READ_EXTENSIONS: _("Read extensions"),
       WRITE_EXTENSIONS: _("Set extensions")}  # fmt: skip
