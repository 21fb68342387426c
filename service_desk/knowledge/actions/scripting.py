"""Putting approved phrases into the script of a call, and taking them out (K5)."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.knowledge.models import PhraseVersion, ScriptLine
from service_desk.knowledge.rules import DayPart, PhraseKind, Situation
from service_desk.people.access import require
from service_desk.people.models import ServiceLine
from service_desk.rest.clean import demand_clean
from service_desk.rest.errors import Conflict, Invalid

_LAST = 99


def add_line(
    *,
    actor: Any,
    situation: str,
    code: str,
    service_line: ServiceLine | None = None,
    position: int = 1,
    day_part: str = "",
) -> ScriptLine:
    """Say an approved phrase in a situation; only what is approved now may be put in."""
    demand_clean({"code": code})
    require(actor, "script.change")
    if situation not in Situation.values:
        raise Invalid(_("Please choose one of the values."), field="situation", code="invalid_choice")
    if day_part not in ("", *DayPart.values):
        raise Invalid(_("Please choose one of the values."), field="day_part", code="invalid_choice")
    if not 1 <= position <= _LAST:
        raise Invalid(_("Choose a position from 1 to 99."), field="position", code="out_of_range")
    version = (
        PhraseVersion.objects.in_force()
        .filter(phrase__code=code.strip()[:20], phrase__kind=PhraseKind.APPROVED)
        .select_related("phrase")
        .first()
    )
    if version is None:
        raise Invalid(
            _("No phrase to use with this code is approved."),
            field="code",
            code="does_not_exist",
            remedy=_("Draft it and have it approved first."),
        )
    try:
        with transaction.atomic():
            made: ScriptLine = ScriptLine.objects.create(
                situation=situation,
                phrase=version.phrase,
                service_line=service_line,
                position=position,
                day_part=day_part,
            )
            record(verb="script.add", thing=f"scriptline:{made.pk}", actor=actor, detail={"code": version.phrase.code})
    except IntegrityError as error:
        raise Conflict(
            _("This phrase stands in this situation already."), field="code", code="there_already"
        ) from error
    return made


def remove_line(*, actor: Any, line: ScriptLine) -> None:
    """Take a line out of the script."""
    with transaction.atomic():
        require(actor, "script.change")
        record(verb="script.remove", thing=f"scriptline:{line.pk}", actor=actor, detail={"code": line.phrase.code})
        line.delete()
