"""Words of django-axes in the administration: it brings no Chinese, so the desk's own catalogue has them."""

from django.utils.translation import gettext_noop as _

WORDS = (
    _("access attempt"),
    _("access attempts"),
    _("access failure"),
    _("access failures"),
    _("access log"),
    _("access logs"),
    _("User Agent"),
    _("IP Address"),
    _("Username"),
    _("HTTP Accept"),
    _("Path"),
    _("Attempt Time"),
    _("Access lock out"),
    _("GET Data"),
    _("POST Data"),
    _("Failed Logins"),
    _("Access Attempt"),
    _("Expires At"),
    _("Logout Time"),
    _("Session key hash (sha256)"),
)
