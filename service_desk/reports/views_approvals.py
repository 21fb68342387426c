"""The pages of four eyes: asking for the approval of a large export, and giving it."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from service_desk.people.access import require
from service_desk.people.models import Approval
from service_desk.people.second_step import proved_lately
from service_desk.reports.actions import approving
from service_desk.reports.exporting import EXPORTABLE

#: What somebody has looked for among complaints is not told (P6); how many rows it has is.
_CONFIDENTIAL = "complaint.export"


@login_required
@require_GET
def approval_list(request: HttpRequest) -> HttpResponse:
    """What waits: whose, which list with which filters, how many rows, and why in full."""
    require(request.user, "export.approve")
    rows = [(one, export, EXPORTABLE.get(export.what)) for one, export in approving.waiting()]
    for _one, export, found in rows:
        if found is not None and found.verb == _CONFIDENTIAL:
            export.query = ""
    return render(request, "reports/approvals.html", {"rows": rows, "me": request.user})


@login_required
@require_POST
@proved_lately
def approval_give(request: HttpRequest, pk: int) -> HttpResponse:
    """Yes."""
    approving.approve(actor=request.user, approval=get_object_or_404(Approval, pk=pk))
    messages.success(request, _("The export is approved."))
    return redirect("approval-list")


@login_required
@require_POST
def approval_ask(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Ask for the approval of one's own export."""
    approving.ask_approval(actor=request.user, key=key)
    messages.success(request, _("The approval is asked for; you are told when it is given."))
    return redirect("export-list")
