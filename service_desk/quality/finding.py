"""Finds violations in what the rooms below have written, and takes back those that a later fact refutes (C3, C4).

Heard of at once, and looked for by a sweep that repeats harmlessly: nothing is lost when a process dies in between,
and whatever the order, the violations are those that the facts demand.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat, Now
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from service_desk.calls import telling
from service_desk.calls.models import CallDeadline
from service_desk.cases.models import Case
from service_desk.cases.rules import REGISTRATION_LIMIT
from service_desk.complaints import announcing
from service_desk.complaints.rules import HOLDS
from service_desk.deadlines.rules import ClockKind
from service_desk.people.models import Staff
from service_desk.quality.actions import Found, praise, suspect, withdraw
from service_desk.quality.models import Violation
from service_desk.quality.rules import Offence, ViolationState

#: A sweep looks back so far: a month, and what a long outage of the workers adds.
WITHIN = timedelta(days=45)
_BATCH = 500
_NOT_IN_TIME = _("An answered call was not registered within 24 hours.")
_CASE_LATE = _("A case was registered more than 24 hours after it was accepted.")
_COMPLAINT = _("A complaint was found to be substantiated.")
_REFUTED = _(
    "What became known later refutes it: the call was registered in time, owed no registration, or was somebody else's."
)
_NOT_HELD = _("A higher instance found the complaint not substantiated.")


def find_all() -> int:
    """Everything that the facts of the last weeks demand; how many suspicions were opened or withdrawn."""
    return find_in_calls() + find_in_cases()


def find_in_calls(calls: Collection[int] | None = None) -> int:
    """Missed registrations among these calls, or among all of late; and suspicions that no longer follow."""
    of_late = _missed().filter(breached_at__gt=Now() - WITHIN)
    missed = of_late if calls is None else _missed().filter(call_id__in=calls)
    found = list(missed.exclude(_known()).select_related("call").order_by("id")[:_BATCH])
    for clock in found:
        suspect(
            Found(
                offence=Offence.MISSED_REGISTRATION,
                source=f"call:{clock.call.ref}",
                person_id=clock.owner_id,
                happened_at=clock.due_at,
                detail=_desk_words(_NOT_IN_TIME),
                line=(clock.chief_id, clock.unit_id),
            )
        )
    refuted = [violation for violation in _of_calls(calls) if not _still_missed(violation)]
    for violation in refuted:
        withdraw(violation=violation, reason=_desk_words(_REFUTED))
    return len(found) + len(refuted)


def find_in_cases() -> int:
    """Cases of late that were registered later than 24 hours after their acceptance (C3).

    What was missed as a call already is one violation, not two.
    """
    same = Violation.objects.filter(
        offence=Offence.LATE_REGISTRATION, source=Concat(Value("case:"), Cast(OuterRef("pk"), CharField()))
    )
    missed = _missed().filter(
        call__settlements__case=OuterRef("pk"), call__settlements__undone_at=None, owner__isnull=False
    )
    late = Case.objects.filter(late_registration=True, registered_at__gt=Now() - WITHIN)
    rows = late.exclude(Exists(same)).exclude(Exists(missed)).order_by("-registered_at", "-id")
    found = list(rows.values_list("pk", "first_responder_id", "accepted_at")[:_BATCH])
    for pk, responder, accepted_at in found:
        suspect(
            Found(
                offence=Offence.LATE_REGISTRATION,
                source=f"case:{pk}",
                person_id=responder,
                happened_at=accepted_at + REGISTRATION_LIMIT,
                detail=_desk_words(_CASE_LATE),
            )
        )
    return len(found)


def _missed() -> Any:
    """The clocks that say so: they stand, are breached, and it is known whose the call was."""
    return CallDeadline.objects.standing().filter(
        kind=ClockKind.REGISTRATION, breached_at__isnull=False, owner__isnull=False
    )


def _known() -> Any:
    """Suspected, decided or dismissed already; what was withdrawn may come again."""
    return Exists(
        Violation.objects.filter(
            offence=Offence.MISSED_REGISTRATION,
            source=Concat(Value("call:"), OuterRef("call__ref")),
            person=OuterRef("owner"),
        ).exclude(state=ViolationState.WITHDRAWN)
    )


def _of_calls(calls: Collection[int] | None) -> Any:
    """Open suspicions that the system found in calls."""
    rows = Violation.objects.suspected().filter(
        offence=Offence.MISSED_REGISTRATION, source__startswith="call:", found_by=None
    )
    if calls is None:
        return rows.order_by("-id")[:_BATCH]
    refs = [f"call:{ref}" for ref in CallDeadline.objects.filter(call_id__in=calls).values_list("call__ref", flat=True)]
    return rows.filter(source__in=refs)


def _still_missed(violation: Violation) -> bool:
    ref = violation.source.removeprefix("call:")
    return bool(_missed().filter(call__ref=ref, owner=violation.person_id).exists())


def _desk_words(text: Promise) -> str:
    """What is written down for many readers is written in the desk's own language."""
    with translation.override(settings.LANGUAGE_CODE):
        return str(text)


def hear_of_calls(calls: frozenset[int]) -> None:
    """A registration was missed, made good or refuted."""
    find_in_calls(calls)


def hear_of_complaints(announcement: announcing.Announcement) -> None:
    """A complaint that holds is a violation of those it is about, and praise stands in the same ledger (P10)."""
    if isinstance(announcement, announcing.Praised):
        person = Staff.objects.get(pk=announcement.staff_id)
        praise(actor=announcement.actor, person=person, text=announcement.words)
        return
    source = f"complaint:{announcement.complaint.pk}"
    if announcement.instance.finding in HOLDS:
        for person_id in sorted(announcement.concerned):
            suspect(
                Found(
                    offence=Offence.SUBSTANTIATED_COMPLAINT,
                    source=source,
                    person_id=person_id,
                    happened_at=announcement.at,
                    detail=_desk_words(_COMPLAINT),
                )
            )
        return
    same = Violation.objects.suspected().filter(offence=Offence.SUBSTANTIATED_COMPLAINT, source=source, found_by=None)
    for violation in same.order_by("id"):
        withdraw(violation=violation, reason=_desk_words(_NOT_HELD))


telling.listen(hear_of_calls)
announcing.listen(hear_of_complaints)
