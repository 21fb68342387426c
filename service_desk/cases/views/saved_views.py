"""Saved views of the list: keeping, renaming, sharing, deleting and taking that back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from service_desk.cases import addresses
from service_desk.cases.actions import saved_views as actions
from service_desk.cases.forms.saved_views import SavedViewForm
from service_desk.cases.models import DefaultView, SavedView
from service_desk.cases.views.common import person
from service_desk.cases.views.listing import url_of_view
from service_desk.people.access import can, require
from service_desk.people.fields import add_refusal
from service_desk.rest.errors import Invalid

_DELETED_SHOWN = 10


@login_required
@require_GET
def all_views(request: HttpRequest) -> HttpResponse:
    """One's own views and those that others share, and what was deleted lately."""
    user = person(request)
    offered = list(SavedView.objects.offered_to(user).select_related("owner", "unit"))
    deleted = SavedView.objects.filter(owner=user, deleted_at__isnull=False).order_by("-deleted_at")
    context = {
        "own": [(view, url_of_view(view)) for view in offered if view.owner_id == user.pk],
        "shared": [(view, url_of_view(view)) for view in offered if view.owner_id != user.pk],
        "deleted": deleted[:_DELETED_SHOWN],
        "first": DefaultView.objects.filter(staff=user).values_list("view", flat=True).first(),
    }
    return render(request, "cases/saved_views.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def new_view(request: HttpRequest) -> HttpResponse:
    """Keep the list of the address under a name."""
    user = person(request)
    require(user, "view.save")
    query = addresses.of_view(request.GET)
    form = _form(request, initial={"query": query})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        query = addresses.of_view(QueryDict(given.get("query", "")))
        try:
            sharing = given.get("sharing", "own")
            view = actions.save_view(actor=user, name=given["name"], query=query, sharing=sharing)
        except Invalid as refusal:
            add_refusal(form, refusal.errors)
        else:
            if given["opens"]:
                actions.open_with(actor=user, view=view)
            messages.success(request, _("The view “%(name)s” is kept.") % {"name": view.name})
            return redirect(url_of_view(view))
    return _page(request, form, None, addresses.with_changes(QueryDict(query)))


@login_required
@require_http_methods(["GET", "POST"])
def edit_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename a view and show it to others or no longer."""
    user, view = person(request), _own(request, pk)
    opens = DefaultView.objects.filter(staff=user, view=view).exists()
    initial = {"name": view.name, "sharing": view.sharing, "opens": opens}
    form = _form(request, initial=initial, with_query=False)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            view = actions.change_view(actor=user, view=view, name=given["name"], sharing=given.get("sharing"))
        except Invalid as refusal:
            add_refusal(form, refusal.errors)
        else:
            if given["opens"] != opens:
                actions.open_with(actor=user, view=view if given["opens"] else None)
            messages.success(request, _("The view “%(name)s” is kept.") % {"name": view.name})
            return redirect("case-views")
    return _page(request, form, view, url_of_view(view))


@login_required
@require_POST
def keep_query(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a view show from now on what the list shows now."""
    view = _own(request, pk)
    query = addresses.of_view(QueryDict(request.POST.get("query", "")[: actions.LONGEST_QUERY]))
    view = actions.change_view(actor=person(request), view=view, query=query)
    messages.success(request, _("The view “%(name)s” is kept.") % {"name": view.name})
    return redirect(url_of_view(view))


@login_required
@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a view; the page that follows offers to take it back."""
    view = _own(request, pk)
    actions.delete_view(actor=person(request), view=view)
    words = _("The view “%(name)s” is deleted; it can be brought back below.") % {"name": view.name}
    messages.success(request, words)
    return redirect("case-views")


@login_required
@require_POST
def bring_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo a deletion."""
    view = SavedView.objects.filter(pk=pk, owner=person(request), deleted_at__isnull=False).first()
    if view is None:
        raise Http404(_("There is no such view."))
    try:
        actions.bring_back_view(actor=person(request), view=view)
    except Invalid as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The view “%(name)s” is back.") % {"name": view.name})
    return redirect("case-views")


@login_required
@require_POST
def first_view(request: HttpRequest) -> HttpResponse:
    """Choose the view with which one's list opens; none of them means all cases."""
    wanted = request.POST.get("view", "")
    view = None
    if wanted:
        known = wanted.isascii() and wanted.isdigit() and len(wanted) < 19
        view = SavedView.objects.offered_to(person(request)).filter(pk=int(wanted)).first() if known else None
        if view is None:
            raise Http404(_("There is no such view."))
    actions.open_with(actor=person(request), view=view)
    messages.success(request, _("Your list opens with “%(name)s”.") % {"name": view.name if view else _("All cases")})
    return redirect("case-views")


def _own(request: HttpRequest, pk: int) -> SavedView:
    """A view this person knows of; changing one of somebody else's is refused by name."""
    view = SavedView.objects.offered_to(person(request)).filter(pk=pk).first()
    if view is None:
        raise Http404(_("There is no such view."))
    require(person(request), "view.change", view)
    return view


def _form(request: HttpRequest, *, initial: dict[str, Any], with_query: bool = True) -> SavedViewForm:
    may_share = bool(can(person(request), "view.share"))
    return SavedViewForm(request.POST or None, initial=initial, may_share=may_share, with_query=with_query)


def _page(request: HttpRequest, form: SavedViewForm, view: SavedView | None, back_url: str) -> HttpResponse:
    context = {"form": form, "view": view, "back_url": back_url}
    return render(request, "cases/saved_view.html", context, status=422 if form.errors else 200)
