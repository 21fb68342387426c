"""The words of the trail that are the same everywhere: doors and outcomes."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Door(TextChoices):
    """The way by which a verb was called."""

    SCREEN = "screen", _("screen")
    REST = "rest", _("REST interface")
    ADMIN = "admin", _("administration")
    WORKER = "worker", _("worker")
    COMMAND = "command", _("command line")
    LINK = "link", _("signed link")


class Outcome(TextChoices):
    """Whether the verb was carried out."""

    DONE = "done", _("done")
    REFUSED = "refused", _("refused")
