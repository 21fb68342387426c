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


class Flaw(TextChoices):
    """What the check of the trail can find."""

    CHANGED = "changed", _("was changed after it was sealed")
    REMOVED = "removed", _("was removed after it was sealed")
    SEAL_MISSING = "seal_missing", _("its seal, or one before it, is missing")
    UNSEALED = "unsealed", _("has no seal though it is old enough: it did not come in by the door")
    HEAD_DIFFERS = "head_differs", _("is not the head that was written down earlier: the seals were made anew")
