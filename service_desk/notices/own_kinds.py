"""The kinds of notices that this package sends itself."""

from django.utils.translation import gettext_lazy as _

from service_desk.notices.kinds import register

register(
    "delivery_failed",
    subject=_("Not delivered to %(recipient)s: %(subject)s"),
    body=_(
        "A notice to %(recipient)s by %(channel)s could not be delivered after %(attempts)s attempts.\n"
        "Reason: %(error)s\nPlease tell them in another way. The notice: %(subject)s"
    ),
)
register(
    "test",
    subject=_("Test notice"),
    body=_("%(by)s sent this to find out whether notices arrive. Nothing needs to be done."),
)
