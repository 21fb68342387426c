"""Where notices reach me; administrators also set the robots and webhooks of units and of the desk."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from service_desk.notices import vault
from service_desk.notices.actions import (
    add_address,
    choose_mailbox,
    remove_address,
    rotate_secret,
    send_test,
)
from service_desk.notices.forms import AddressForm, MailboxForm
from service_desk.notices.models import ChannelAddress
from service_desk.notices.rules import ChannelKind
from service_desk.people.access import can
from service_desk.people.models import Staff


def _mine(user: Any) -> QuerySet[ChannelAddress]:
    """The robots and webhooks that `user` may see: their own, for administrators those of groups as well."""
    rows = ChannelAddress.objects.exclude(kind=ChannelKind.EMAIL).select_related("unit")
    own = Q(staff=user)
    return rows.filter(own | Q(staff=None)) if can(user, "notice.addresses") else rows.filter(own)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def preferences(request: HttpRequest) -> HttpResponse:
    """Both forms on one page; the hidden field `form` says which was sent."""
    user: Any = request.user
    which = request.POST.get("form", "")
    mailbox = MailboxForm.of(user, request.POST if which == "mailbox" else None)
    may_choose = bool(can(user, "notice.addresses"))
    address = AddressForm(request.POST if which == "address" else None, prefix="address", may_choose_owner=may_choose)
    if which == "mailbox" and mailbox.is_valid():
        choose_mailbox(actor=user, **mailbox.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("notice-preferences")
    if which == "address" and address.is_valid():
        _tell_secret(request, vault.unlock(_add(user, address.cleaned_data).secret) or "")
        return redirect("notice-preferences")
    context = {"mailbox": mailbox, "address": address, "addresses": _mine(user), "may_choose_owner": may_choose}
    return render(request, "notices/preferences.html", context, status=400 if request.method == "POST" else 200)


def _add(user: Staff, data: dict[str, Any]) -> ChannelAddress:
    owner = data.pop("owner", "me")
    unit = data.pop("unit", None)
    return add_address(
        actor=user, staff=user if owner == "me" else None, unit=unit if owner == "unit" else None, **data
    )


def _tell_secret(request: HttpRequest, secret: str) -> None:
    if secret:
        said = _("Saved. The secret, shown this once: %(secret)s") % {"secret": secret}
        messages.success(request, said)
    else:
        messages.success(request, _("Saved."))


@require_POST
@login_required
def address_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one away."""
    remove_address(address=get_object_or_404(_mine(request.user), pk=pk), actor=request.user)  # type: ignore[arg-type]
    messages.success(request, _("Removed."))
    return redirect("notice-preferences")


@require_POST
@login_required
def address_rotate(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a webhook a new secret."""
    address = get_object_or_404(_mine(request.user), pk=pk)
    _tell_secret(request, rotate_secret(address=address, actor=request.user))  # type: ignore[arg-type]
    return redirect("notice-preferences")


@require_POST
@login_required
def address_test(request: HttpRequest) -> HttpResponse:
    """Send a trial notice to myself through all my channels."""
    user: Any = request.user
    send_test(actor=user, recipient=user, mark=uuid.uuid4().hex)
    messages.success(request, _("A test notice is on its way to you."))
    return redirect("notice-preferences")
