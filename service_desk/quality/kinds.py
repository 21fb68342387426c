"""The words of the notices of this room; they name no customer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from service_desk.notices import kinds
from service_desk.quality.rules import Offence


def _words(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    offence = str(facts.get("offence", ""))
    return {"offence": Offence(offence).label if offence in Offence.values else offence}


for _code, _subject, _body in (
    (
        "violation_suspected",
        _("Suspected violation: %(offence)s"),
        _("%(offence)s is suspected (%(source)s). A supervisor verifies or dismisses it."),
    ),
    (
        "violation_verified",
        _("Verified violation: %(offence)s"),
        _("%(offence)s (%(source)s) has been verified: %(reason)s The person concerned may object once."),
    ),
    (
        "violation_dismissed",
        _("No violation: %(offence)s"),
        _("The suspicion of %(offence)s (%(source)s) does not stand: %(reason)s"),
    ),
    (
        "violation_objected",
        _("Objection to a violation: %(offence)s"),
        _("The person concerned objects to %(offence)s (%(source)s)."),
    ),
    (
        "violation_answered",
        _("Your objection has been answered: %(offence)s"),
        _("Your objection to %(offence)s (%(source)s) has been answered."),
    ),
):
    kinds.register(_code, subject=_subject, body=_body, words=_words)
