"""The pages of scheduled reports, and a report as a file."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.forms import Form
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from service_desk.audit.actions import record
from service_desk.cases.exporting import Format
from service_desk.deadlines.clock import now
from service_desk.people.access import can, require
from service_desk.people.fields import add_refusal
from service_desk.people.second_step import proved_lately
from service_desk.reports import actions, mailing, schedules
from service_desk.reports.actions import sums
from service_desk.reports.dimensions import DIMENSIONS
from service_desk.reports.figures import dimensions_for, figures_for, question
from service_desk.reports.forms import NarrowForm, ReportForm
from service_desk.reports.forms_schedules import ChangeForm, ScheduleForm
from service_desk.reports.models import ReportSchedule, SentReport
from service_desk.reports.periods import Span, just_ended, usual
from service_desk.reports.registry import FIGURES, Figure
from service_desk.reports.rules import Trouble
from service_desk.reports.views_exports import TYPES
from service_desk.rest.errors import Conflict, FieldError, NotAllowed, Refusal


@login_required
@require_GET
def schedule_list(request: HttpRequest) -> HttpResponse:
    """One's own, each with when it is sent next, what was sent last, and what stood in the way."""
    require(request.user, "report.schedule")
    mine = list(ReportSchedule.objects.of(request.user))
    newest = SentReport.objects.filter(schedule__in=mine).order_by("schedule_id", "-id").distinct("schedule_id")
    last = {sent.schedule_id: sent for sent in newest.select_related("notice").prefetch_related("notice__deliveries")}
    rows = [
        (one, FIGURES.get(one.report), DIMENSIONS.get(one.by), last.get(one.pk), _letter(last.get(one.pk)))
        for one in mine
    ]
    context = {
        "rows": rows,
        "figures": figures_for(request.user),
        "may_schedule": True,
        "no_address": not getattr(request.user, "email", ""),
    }
    return render(request, "reports/schedules.html", context)


def _letter(sent: SentReport | None) -> Any:
    """How the e-mail of it stands."""
    if sent is None or sent.notice is None:
        return None
    return next((one for one in sent.notice.deliveries.all() if one.channel == "email"), None)


@login_required
@require_http_methods(["GET", "POST"])
@proved_lately
def schedule_new(request: HttpRequest, slug: str) -> HttpResponse:
    """Grouping and filters are those of the address, as the page of the report has them."""
    require(request.user, "report.schedule")
    figure, by, filters = _asked(request, slug)
    asked = question(request.user, slug, just_ended(Span.DAY, _today()), by, filters)
    form = ScheduleForm(request.POST or None, initial={"name": str(figure.label)})
    if request.method == "POST" and form.is_valid():
        try:
            actions.schedule_report(actor=request.user, report=slug, by=by, filters=filters, **form.cleaned_data)
        except Refusal as refusal:
            _beside(form, refusal)
        else:
            messages.success(request, _("The report will be sent to you."))
            return redirect("schedule-list")
    context = {
        "form": form,
        "figure": figure,
        "by": asked.by,
        "given": [
            (DIMENSIONS[name].label, DIMENSIONS[name].called([str(value)])[str(value)])
            for name, value in asked.filters.items()
        ],
        "ways": [(one, f"?{urlencode({**filters, 'by': one.key})}") for one in dimensions_for(request.user, figure)],
        "back_url": f"{reverse('report', args=[slug])}?{urlencode({**filters, 'by': asked.by.key})}",
        "here": request.get_full_path(),
    }
    return render(request, "reports/schedules_new.html", context, status=422 if form.errors else 200)


def _beside(form: Form, refusal: Refusal) -> None:
    """The refusal beside its field; that somebody may not is an answer of its own."""
    if isinstance(refusal, NotAllowed):
        raise refusal
    add_refusal(form, refusal.errors or [FieldError("", refusal.message, refusal.code, refusal.remedy)])


@login_required
@require_http_methods(["GET", "POST"])
@proved_lately
def schedule_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Another name, rhythm, grouping or narrowing of one that is there."""
    require(request.user, "report.schedule")
    found = ReportSchedule.objects.of(request.user).filter(pk=pk).first()
    figure = FIGURES.get(found.report) if found else None
    if found is None or figure is None:
        raise Http404
    people = bool(can(request.user, "report.view_people"))
    offered = tuple(name for name in figure.filters if people or name != "person")
    narrow = NarrowForm(request.POST if request.method == "POST" else _query(found.filters), offered)
    ways = dimensions_for(request.user, figure)
    form = ChangeForm(request.POST or None, ways=ways, initial=_said_of(found, figure))
    if request.method == "POST" and form.is_valid() & narrow.is_valid():
        try:
            actions.reschedule(actor=request.user, pk=pk, filters=narrow.chosen, **form.cleaned_data)
        except Refusal as refusal:
            _beside(form, refusal)
        else:
            messages.success(request, _("Saved. It is sent this way from its next time on."))
            return redirect("schedule-list")
    wrong = bool(form.errors or (request.method == "POST" and narrow.errors))
    context = {"form": form, "narrow": narrow, "figure": figure, "schedule": found}
    return render(request, "reports/schedules_change.html", context, status=422 if wrong else 200)


def _query(filters: dict[str, Any]) -> QueryDict:
    data = QueryDict(mutable=True)
    data.update({name: str(value) for name, value in filters.items()})
    return data


def _said_of(schedule: ReportSchedule, figure: Figure) -> dict[str, Any]:
    """What its form shows; of days that do not count now, what a form for a new one proposes."""
    names = ("name", "every", "weekday", "day", "at")
    given = {name: getattr(schedule, name) for name in names if getattr(schedule, name) is not None}
    return given | {"by": schedule.by or figure.dimensions[0]}


def _asked(request: HttpRequest, slug: str) -> tuple[Figure, str, dict[str, Any]]:
    """What the address asks of which report; what of it is not valid is left out."""
    figure = FIGURES.get(slug)
    if figure is None:
        raise Http404
    people = bool(can(request.user, "report.view_people"))
    form = ReportForm(request.GET, tuple(name for name in figure.filters if people or name != "person"))
    form.is_valid()
    by = request.GET.get("by", "")
    return figure, by if by in figure.dimensions else "", form.chosen


def _today() -> Any:
    return now().astimezone(schedules.zone()).date()


def _deed(verb: Callable[..., Any], done: Promise | str) -> Callable[[HttpRequest, int], HttpResponse]:
    @login_required
    @require_POST
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        verb(actor=request.user, pk=pk)
        messages.success(request, str(done))
        return redirect("schedule-list")

    return view


schedule_pause = _deed(actions.pause, gettext_lazy("The report is paused."))
schedule_resume = _deed(actions.resume, gettext_lazy("The report is sent again from its next time on."))
schedule_delete = _deed(actions.unschedule, gettext_lazy("The report is not sent any more."))


@login_required
@require_POST
@proved_lately
def schedule_send(request: HttpRequest, pk: int) -> HttpResponse:
    """One now, beside its times."""
    trouble = actions.send_now(actor=request.user, pk=pk)
    if trouble:
        messages.error(request, Trouble(trouble).label)
    else:
        messages.success(request, _("The report is on its way to you."))
    return redirect("schedule-list")


@login_required
@require_GET
@proved_lately
def report_file(request: HttpRequest, slug: str, kind: str) -> HttpResponseBase:
    """A report as a workbook or as text, as its page shows it; recorded."""
    figure, by, filters = _asked(request, slug)
    form = ReportForm(request.GET, figure.filters)
    form.is_valid()
    found, _row = sums.answered(question(request.user, slug, form.period(usual(_today())), by, filters), beside=False)
    if found is None:
        raise Conflict(_("This report is still being computed; please wait a minute."), code="computing")
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the answer that sends it
    (mailing.write_book if kind == Format.XLSX else mailing.write_text)(file, found)
    file.seek(0)
    days = {"since": found.period.since.isoformat(), "until": found.period.until.isoformat()}
    with transaction.atomic():
        detail = {"format": kind, "by": found.by, "filters": {name: str(value) for name, value in filters.items()}}
        record(verb="report.export", thing=f"report:{slug}", actor=request.user, detail=detail | days)
    name = mailing.file_name(found.title, **days).removesuffix(".xlsx")
    return FileResponse(file, as_attachment=True, filename=f"{name}.{kind}", content_type=TYPES[Format(kind)])
