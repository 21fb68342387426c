"""What the desk finds out by itself: calls that nobody ended, and phone systems that have fallen silent."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.timezone import localtime

from service_desk.audit.actions import record
from service_desk.deadlines.clock import now
from service_desk.notices.actions import NewNotice, send_many
from service_desk.notices.rules import Level
from service_desk.people.models import Staff
from service_desk.people.rules import Role
from service_desk.telephony.actions.refolding import refold, refold_call
from service_desk.telephony.models import Call, Integration
from service_desk.telephony.rules import STALE_AFTER, CallRule, Verdict
from service_desk.telephony.silence import silent_systems

_BATCH = 200


def give_up_stale() -> int:
    """End calls of which nothing was heard for four hours as failed, and tell the supervisors; how many."""
    given_up: dict[int, list[int]] = {}
    stale = Call.objects.open().filter(last_heard_at__lt=Now() - STALE_AFTER, given_up_at=None)
    for pk, integration_id in stale.order_by("last_heard_at").values_list("id", "integration_id")[:_BATCH]:
        if _give_up(pk):
            given_up.setdefault(integration_id, []).append(pk)
    for integration_id, calls in given_up.items():
        _tell_stale(integration_id, calls)
    for pk in _waiting_for_their_transfer():
        refold_call(pk, cause="sweep")
    return sum(len(calls) for calls in given_up.values())


@transaction.atomic
def tell_silence() -> int:
    """Tell administrators and supervisors of each phone system that is silent in working hours; once a silence."""
    told = 0
    for silent in silent_systems(now()):
        row, last = silent.integration, silent.last_at
        facts = {"name": row.name, "minutes": row.silent_minutes, "since": f"{localtime(last):%Y-%m-%d %H:%M}"}
        told += len(_tell(f"phone_silent:{row.pk}:{last:%Y%m%d%H%M%S}", "phone_silent", row, facts))
    return told


@transaction.atomic
def _give_up(pk: int) -> bool:
    found = Call.objects.select_for_update(no_key=True, of=("self",), skip_locked=True).select_related("integration")
    call = found.filter(Q(ended_at=None, given_up_at=None), last_heard_at__lt=Now() - STALE_AFTER, pk=pk).first()
    if call is None:
        return False
    call.given_up_at = call.last_heard_at + STALE_AFTER
    call.save(update_fields=["given_up_at"])
    record(verb="call.give_up", thing=f"call:{pk}", actor=None)
    refold(call, before=call.state, cause="sweep", is_live=False)
    return True


@transaction.atomic
def _tell_stale(integration_id: int, calls: list[int]) -> None:
    row = Integration.objects.get(pk=integration_id)
    facts = {"name": row.name, "count": len(calls)}
    _tell(f"call_stale:{row.pk}:{max(calls)}:{len(calls)}", "call_stale", row, facts, link="/calls/?state=stale")


def _tell(key: str, kind: str, row: Integration, facts: dict[str, object], *, link: str = "") -> list[int]:
    """Administrators go on to the phone system, supervisors to `link`."""
    people = Staff.objects.with_role(Role.ADMINISTRATOR, Role.SUPERVISOR).order_by("id")
    return send_many(
        [
            NewNotice(
                dedup_key=f"{key}:{person.pk}",
                chain=f"{key}:{person.pk}",
                kind=kind,
                level=Level.WARNING,
                recipient_id=person.pk,
                facts=facts,
                about=f"integration:{row.pk}",
                link=f"/phone-systems/{row.pk}/" if person.has_role(Role.ADMINISTRATOR) else link,
            )
            for person in people
        ]
    )


def _waiting_for_their_transfer() -> list[int]:
    """Transfers still open although the colleague has answered: the desk stopped before it could say so (T6)."""
    return list(
        Call.objects.filter(
            facts__rule=CallRule.TRANSFER,
            facts__verdict=Verdict.DUE,
            facts__withdrawn_at=None,
            down__child__answered_at__isnull=False,
        )
        .distinct()
        .values_list("id", flat=True)[:_BATCH]
    )
