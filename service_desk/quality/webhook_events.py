"""What other programs hear of violations: those of missed registration; a complaint is confidential (P6)."""

from __future__ import annotations

from datetime import UTC

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from service_desk.quality.models import Violation
from service_desk.quality.rules import Offence, ViolationState
from service_desk.webhooks.emitting import emit
from service_desk.webhooks.kinds import register

_EXAMPLE = {
    "violation": {
        "id": 31,
        "offence": "missed_registration",
        "state": "suspected",
        "happened_at": "2026-11-22T02:28:48Z",
        "page": "https://desk.example/quality/violations/31/",
    },
    "person": 17,
    "chief": 9,
    "unit": 4,
}
register("violation.suspected", _("Violation suspected"), _EXAMPLE, also=["violation.created"])
register("violation.verified", _("Violation verified"), _EXAMPLE)
register("violation.dismissed", _("Violation dismissed"), _EXAMPLE)
register("violation.withdrawn", _("Suspicion withdrawn"), _EXAMPLE)


def tell_programs(violation: Violation) -> None:
    """Its state, with who is concerned; never what was found."""
    if violation.offence == Offence.SUBSTANTIATED_COMPLAINT:
        return
    data = {
        "violation": {
            "id": violation.pk,
            "offence": str(violation.offence),
            "state": str(violation.state),
            "happened_at": violation.happened_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "page": f"{settings.SITE_URL}{violation.get_absolute_url()}",
        },
        "person": violation.person_id,
        "chief": violation.chief_id,
        "unit": violation.unit_id,
    }
    emit(f"violation.{ViolationState(violation.state)}", data, about=f"violation:{violation.pk}")
