"""What the company's rule asks of a password beside length: kinds of characters, and an end to its life."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from service_desk.people.models import GuardRule, Staff
from service_desk.people.roster import database_now


class KindsValidator:
    """One of AUTH_PASSWORD_VALIDATORS; the rule says how many kinds (0: any)."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError."""
        wanted = GuardRule.in_force().password_kinds
        if wanted and kinds_in(password) < wanted:
            raise ValidationError(self._words(wanted), code="password_too_plain")

    def get_help_text(self) -> str:
        """For Django's own forms."""
        wanted = GuardRule.in_force().password_kinds
        return self._words(wanted) if wanted else ""

    @staticmethod
    def _words(wanted: int) -> str:
        return _("At least %(n)s of these kinds of characters: capital letters, small letters, figures, others.") % {
            "n": wanted
        }


def kinds_in(password: str) -> int:
    """How many of the four kinds are in it."""
    return len({0 if one.isupper() else 1 if one.islower() else 2 if one.isdecimal() else 3 for one in password})


def is_over(staff: Staff) -> bool:
    """Whether this person's password has outlived the rule; who never had one has nothing to change."""
    days = GuardRule.in_force().password_days
    if not days or staff.password_set_at is None or not staff.has_usable_password():
        return False
    return staff.password_set_at + timedelta(days=days) <= database_now()
