"""Findings for quality inspection (K3): the list, one of them, 'not a fault', and how entries fare week by week."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from service_desk.deadlines.clock import now
from service_desk.knowledge import actions
from service_desk.knowledge.forms.phrases import FindingFilters, ReasonForm
from service_desk.knowledge.models import LanguageFinding, PhraseUse
from service_desk.knowledge.places import seen_by
from service_desk.knowledge.rules import FindingOutcome
from service_desk.knowledge.views.common import done, paged
from service_desk.people.access import can, require

_ENTRIES = 200
_WEEKS_BACK = 520


@login_required
@require_GET
def finding_list(request: HttpRequest) -> HttpResponse:
    """What was found in texts that were saved or sent, newest first; one's own for those who do not inspect."""
    form = FindingFilters(request.GET)
    rows = LanguageFinding.objects.select_related("said_by", "decided_by").filter(**form.chosen)
    whole = bool(can(request.user, "finding.view"))
    if not whole:
        require(request.user, "finding.dismiss")
        rows = rows.filter(said_by=request.user.pk)
    context = paged(request, rows, ("-id",))
    places = seen_by(request.user, [one.thing for one in context["items"]])
    context["lines"] = [(one, places.get(one.thing)) for one in context["items"]]
    return render(
        request,
        "knowledge/findings.html",
        {**context, "form": form, "filtered": bool(form.chosen), "whole": whole},
    )


@login_required
@require_http_methods(["GET", "POST"])
def finding_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One finding, with the words around it; whoever wrote it or inspects may say that it is no fault."""
    finding = get_object_or_404(LanguageFinding.objects.select_related("said_by", "decided_by", "release"), pk=pk)
    if finding.said_by_id != request.user.pk:
        require(request.user, "finding.view")
    place = seen_by(request.user, [finding.thing]).get(finding.thing)
    if place is None:
        raise Http404(_("There is no such finding."))
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = done(
            request,
            form,
            lambda: actions.dismiss(actor=request.user, finding=finding, reason=form.cleaned_data["reason"]),
        )
        if made is not None:
            messages.success(request, _("Noted. An exception is drafted for the entry; somebody else approves it."))
            return redirect("finding", finding.pk)
    low = min(finding.start, 30)
    context = {
        "finding": finding,
        "place": place,
        "before": finding.excerpt[:low],
        "after": finding.excerpt[low + len(finding.phrase) :],
        "form": form,
        "open": finding.outcome != FindingOutcome.DISMISSED and bool(can(request.user, "finding.dismiss", finding)),
        "entry": next((one for one in finding.release.content if one.get("code") == finding.entry), None),
    }
    return render(request, "knowledge/finding.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def figures(request: HttpRequest) -> HttpResponse:
    """A week's entries: found, dismissed, overridden, and their shares; the ones that err most stand first."""
    require(request.user, "finding.view")
    back = request.GET.get("back", "0")
    weeks = min(int(back), _WEEKS_BACK) if back.isascii() and back.isdigit() and len(back) <= 4 else 0
    start, end = week_of(now(), weeks)
    found = LanguageFinding.objects.filter(found_at__gte=start, found_at__lt=end)
    rows = [
        {**row, "dismissed_share": _share(row, "dismissed"), "overridden_share": _share(row, "overridden")}
        for row in found.figures()[:_ENTRIES]
    ]
    local = ZoneInfo(settings.TIME_ZONE)
    uses = PhraseUse.objects.filter(day__gte=start.astimezone(local).date(), day__lt=end.astimezone(local).date())
    context = {
        "rows": rows,
        "uses": uses.values("entry").annotate(times=Sum("times")).order_by("-times", "entry")[:_ENTRIES],
        "first": start.astimezone(local).date(),
        "last": end.astimezone(local).date() - timedelta(days=1),
        "back": weeks,
        "earlier": weeks + 1,
        "later": weeks - 1,
    }
    return render(request, "knowledge/finding_figures.html", context)


def week_of(moment: datetime, back: int) -> tuple[datetime, datetime]:
    """From Monday to Monday in the desk's zone, so many weeks ago."""
    local = ZoneInfo(settings.TIME_ZONE)
    today = moment.astimezone(local).date()
    monday = today - timedelta(days=today.weekday() + 7 * back)
    return (
        datetime.combine(monday, time(), tzinfo=local),
        datetime.combine(monday + timedelta(days=7), time(), tzinfo=local),
    )


def _share(row: dict[str, Any], name: str) -> int:
    return round(100 * row[name] / row["found"]) if row["found"] else 0
