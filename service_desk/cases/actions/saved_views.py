"""Keeping a view of the list under a name, sharing it, changing it, deleting it and taking that back."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.cases.actions.changing import chosen, said, unsaid
from service_desk.cases.models import DefaultView, SavedView, Sharing
from service_desk.people.access import require
from service_desk.rest.errors import Invalid, NotFound

LONGEST_QUERY = 2000
_MOST = 100


def save_view(*, actor: Any, name: str, query: str, sharing: str = Sharing.OWN) -> SavedView:
    """Keep the address of a list under a name; raises Invalid on `name` or `sharing`, NotAllowed to share."""
    with transaction.atomic():
        require(actor, "view.save")
        if SavedView.objects.kept().filter(owner=actor).count() >= _MOST:
            raise Invalid(
                _("You have %(most)d views; delete one that you do not need any more.") % {"most": _MOST},
                field="name",
                code="too_many",
            )
        view = SavedView(owner=actor, query=unsaid(query, "query", limit=LONGEST_QUERY))
        _name(view, name)
        _share(view, actor, sharing)
        _store(view)
        record(verb="view.save", thing=f"savedview:{view.pk}", actor=actor, detail=_said(view))
    return view


def change_view(
    *, actor: Any, view: SavedView, name: str | None = None, sharing: str | None = None, query: str | None = None
) -> SavedView:
    """Rename a view, share it otherwise, or let it show something else; what is None stays as it is."""
    with transaction.atomic():
        locked = _locked(actor, view)
        if name is not None:
            _name(locked, name)
        if sharing is not None:
            _share(locked, actor, sharing)
        if query is not None:
            locked.query = unsaid(query, "query", limit=LONGEST_QUERY)
        _store(locked)
        record(verb="view.change", thing=f"savedview:{locked.pk}", actor=actor, detail=_said(locked))
    return locked


def delete_view(*, actor: Any, view: SavedView) -> None:
    """Take a view out of all lists; `bring_back_view` undoes it. Nobody's list opens with it any more."""
    with transaction.atomic():
        locked = _locked(actor, view)
        SavedView.objects.filter(pk=locked.pk).update(deleted_at=Now())
        record(verb="view.delete", thing=f"savedview:{locked.pk}", actor=actor, detail=_said(locked))


def bring_back_view(*, actor: Any, view: SavedView) -> SavedView:
    """Undo a deletion; Invalid when another view has the name meanwhile."""
    with transaction.atomic():
        locked = _locked(actor, view, deleted=True)
        locked.deleted_at = None
        _store(locked)
        record(verb="view.bring_back", thing=f"savedview:{locked.pk}", actor=actor, detail=_said(locked))
    return locked


def open_with(*, actor: Any, view: SavedView | None) -> None:
    """Let this person's list open with a view that is offered to them, or with all cases."""
    with transaction.atomic():
        if view is None:
            DefaultView.objects.filter(staff=actor).delete()
        else:
            if not SavedView.objects.offered_to(actor).filter(pk=view.pk).exists():
                raise NotFound(_("There is no such view."))
            DefaultView.objects.update_or_create(staff=actor, defaults={"view": view})
        detail = {"view": view.pk if view else None}
        record(verb="view.open_with", thing=f"staff:{actor.pk}", actor=actor, detail=detail)


def _locked(actor: Any, view: SavedView, *, deleted: bool = False) -> SavedView:
    found = SavedView.objects.select_for_update().filter(pk=view.pk, deleted_at__isnull=not deleted).first()
    if found is None or (found.owner_id != actor.pk and not SavedView.objects.offered_to(actor).filter(pk=found.pk)):
        raise NotFound(_("There is no such view."))
    require(actor, "view.change", found)
    return found


def _name(view: SavedView, name: str) -> None:
    view.name = " ".join(said(name, "name", limit=40).split())


def _share(view: SavedView, actor: Any, sharing: str) -> None:
    wanted = chosen(sharing, Sharing, "sharing")
    if wanted not in (Sharing.OWN, view.sharing):
        require(actor, "view.share")
    if wanted == Sharing.UNIT and actor.unit_id is None:
        raise Invalid(_("You belong to no unit to share it with."), field="sharing", code="no_unit")
    view.sharing = wanted
    view.unit_id = actor.unit_id if wanted == Sharing.UNIT else None


def _store(view: SavedView) -> None:
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError as error:
        if "view_name_once" not in str(error):
            raise
        words = _("You have a view of this name already; choose another name.")
        raise Invalid(words, field="name", code="taken") from error


def _said(view: SavedView) -> dict[str, Any]:
    return {"name": view.name, "sharing": view.sharing}
