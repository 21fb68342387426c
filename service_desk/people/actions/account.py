"""What everybody does to their own account: display, password, log-ins; each is in the audit trail."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from service_desk.audit.actions import record, record_refusal
from service_desk.people.access import require
from service_desk.people.models import Staff
from service_desk.people.own_sessions import mark_of, own
from service_desk.people.rules import Theme
from service_desk.rest.errors import FieldError, Invalid

LANGUAGES = ("", "zh-hans", "en")


def choose_display(*, actor: Staff, language: str, theme: str) -> Staff:
    """The language and the look of one's own screens and letters."""
    with transaction.atomic():
        require(actor, "account.own", actor)
        if language not in LANGUAGES:
            raise Invalid(_("Please choose one of the values."), field="language", code="invalid_choice")
        if theme not in Theme.values:
            raise Invalid(_("Please choose one of the values."), field="theme", code="invalid_choice")
        Staff.objects.filter(pk=actor.pk).update(language=language, theme=theme)
        record(
            verb="account.display",
            thing=f"staff:{actor.pk}",
            actor=actor,
            detail={"language": language, "theme": theme},
        )
    actor.language, actor.theme = language, theme
    return actor


def change_password(*, actor: Staff, old: str, new: str, keep: str | None = None) -> Staff:
    """A new password of one's own; every other log-in ends. A wrong present password is audited."""
    require(actor, "account.own", actor)
    if not actor.check_password(old):
        record_refusal(
            verb="account.password", thing=f"staff:{actor.pk}", actor=actor, reason="the present password was wrong"
        )
        raise Invalid(_("This is not your present password."), field="old", code="wrong_password")
    try:
        validate_password(new, actor)
    except ValidationError as error:
        raise Invalid.of([FieldError("new", text, "weak") for text in error.messages]) from error
    with transaction.atomic():
        locked = Staff.objects.select_for_update().get(pk=actor.pk)
        locked.set_password(new)
        locked.save(update_fields=["password"])
        ended = _end(locked, keep=keep)
        record(verb="account.password", thing=f"staff:{actor.pk}", actor=actor, detail={"logins_ended": ended})
    actor.password = locked.password
    return actor


def end_login(*, actor: Staff, mark: str) -> bool:
    """End one of one's own log-ins; False when it has ended already."""
    with transaction.atomic():
        require(actor, "account.own", actor)
        keys = [key for key, _data in own(actor) if mark_of(key) == mark]
        ended: Any = Session.objects.filter(pk__in=keys).delete()[0]
        if ended:
            record(verb="account.end_login", thing=f"staff:{actor.pk}", actor=actor)
    return bool(ended)


def end_other_logins(*, actor: Staff, keep: str | None) -> int:
    """End all of one's own log-ins but the present one; how many."""
    with transaction.atomic():
        require(actor, "account.own", actor)
        ended = _end(actor, keep=keep)
        record(verb="account.end_logins", thing=f"staff:{actor.pk}", actor=actor, detail={"ended": ended})
    return ended


def _end(staff: Staff, *, keep: str | None) -> int:
    keys = [key for key, _data in own(staff) if key != keep]
    ended: int = Session.objects.filter(pk__in=keys).delete()[0]
    return ended
