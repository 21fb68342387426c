"""A large export is fetched only once somebody else has approved it (four eyes); from how many rows on is a rule."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.deadlines.clock import now
from service_desk.notices.actions import NewNotice, send_many
from service_desk.notices.rules import Level
from service_desk.people.access import require
from service_desk.people.actions.guarding import answerable
from service_desk.people.models import Approval, GuardRule
from service_desk.reports.models import Export
from service_desk.reports.rules import ExportState
from service_desk.rest.errors import Conflict, NotFound


def key_of(export: Export) -> str:
    """How the trail and an approval name it."""
    return f"export:{export.pk}"


def mark(exports: Iterable[Export]) -> None:
    """Say of each what it still waits for: `approval` is '', 'wanted' or 'asked'. Two questions for all of them."""
    most = GuardRule.in_force().approve_rows
    large = [one for one in exports if most and one.rows_done > most and one.state == ExportState.READY]
    asked = dict(Approval.objects.filter(thing__in=map(key_of, large)).values_list("thing", "at")) if large else {}
    for one in exports:
        one.approval = ""  # type: ignore[attr-defined]
    for one in large:
        if key_of(one) not in asked:
            one.approval = "wanted"  # type: ignore[attr-defined]
        elif asked[key_of(one)] is None:
            one.approval = "asked"  # type: ignore[attr-defined]


def demand_approval(export: Export) -> None:
    """Raises Conflict while a large export has not been approved."""
    most = GuardRule.in_force().approve_rows
    if not most or export.rows_done <= most:
        return
    if not Approval.objects.filter(thing=key_of(export), at__isnull=False).exists():
        raise Conflict(
            _("An export of more than %(most)s rows is fetched once somebody else has approved it.")
            % {"most": f"{most:,}"},
            code="approval_wanted",
            remedy=_("Ask for the approval in the list of your exports."),
        )


@transaction.atomic
def ask_approval(*, actor: Any, key: Any) -> Approval:
    """Ask for it; who may approve is told, once."""
    export = Export.objects.of(actor).filter(key=key).first()
    if export is None:
        raise NotFound
    if export.state != ExportState.READY:
        raise Conflict(_("This export has no file: %(state)s.") % {"state": export.get_state_display()})
    found, made = Approval.objects.get_or_create(thing=key_of(export), defaults={"asked_by": actor})
    if made:
        record(verb="export.ask_approval", thing=found.thing, actor=actor, detail={"rows": export.rows_done})
        people = [pk for pk in answerable(GuardRule.in_force()) if pk != actor.pk]
        _tell(export, "export_to_approve", people, reverse("approval-list"), str(actor))
    return found


@transaction.atomic
def approve(*, actor: Any, approval: Approval) -> Approval:
    """Let it be fetched; raises NotAllowed (one's own among others), NotFound and Conflict."""
    found = Approval.objects.select_for_update(of=("self",)).select_related("asked_by").get(pk=approval.pk)
    require(actor, "export.approve", found)
    export = export_of(found)
    if export is None or export.state != ExportState.READY:
        raise NotFound
    if found.at is not None:
        raise Conflict(_("This has been approved already."), code="not_possible")
    found.by, found.at = actor, now()
    found.save(update_fields=["by", "at"])
    detail = {"list": export.what, "rows": export.rows_done, "in_full": export.in_full}
    record(verb="export.approve", thing=found.thing, actor=actor, detail=detail)
    _tell(export, "export_approved", [found.asked_by_id], reverse("export-list"), str(actor))
    return found


def waiting() -> list[tuple[Approval, Export]]:
    """What waits for somebody's approval and can still be fetched, the oldest first."""
    asked = Approval.objects.filter(at=None, thing__startswith="export:").select_related("asked_by").order_by("id")
    found = {key_of(one): one for one in Export.objects.filter(state=ExportState.READY, pk__in=map(_number, asked))}
    return [(one, found[one.thing]) for one in asked if one.thing in found]


def export_of(approval: Approval) -> Export | None:
    """What it is about, if it is still there."""
    found: Export | None = Export.objects.select_related("by").filter(pk=_number(approval)).first()
    return found


def _number(approval: Approval) -> int:
    return int(approval.thing.partition(":")[2])


def _tell(export: Export, kind: str, people: Iterable[int], link: str, who: str) -> None:
    chain = f"{key_of(export)}:{kind}"
    facts = {"list": export.what, "rows": export.rows_done, "who": who}
    send_many(
        [
            NewNotice(
                dedup_key=f"{chain}:{pk}",
                chain=f"{chain}:{pk}",
                kind=kind,
                level=Level.INFO,
                recipient_id=pk,
                facts=facts,
                about=key_of(export),
                link=link,
                private=True,
            )
            for pk in people
        ]
    )
