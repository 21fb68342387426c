"""Transcripts sent in and how far their check has come; the editor of call scripts."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from service_desk.knowledge.actions.scripting import add_line, remove_line
from service_desk.knowledge.actions.transcripts import begin, send_in
from service_desk.knowledge.forms.talks import ScriptLineForm, TranscriptForm
from service_desk.knowledge.models import LanguageFinding, ScriptLine, Transcript
from service_desk.knowledge.rules import Situation, TranscriptState
from service_desk.knowledge.views.common import done, paged
from service_desk.people.access import can, require

_MOST_SHOWN = 300


@login_required
@require_http_methods(["GET", "POST"])
def transcript_list(request: HttpRequest) -> HttpResponse:
    """The talks one may read, and the form to send one in."""
    require(request.user, "transcript.send")
    form = TranscriptForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        made = done(
            request,
            form,
            lambda: send_in(actor=request.user, title=given["title"], text=given["text"], agent=given["agent"]),
        )
        if made is not None:
            begin(transcript_id=made.pk)
            return redirect(made)
    rows = Transcript.objects.visible_to(request.user).select_related("by", "agent")
    context = {**paged(request, rows, ("-id",)), "form": form}
    return render(request, "knowledge/transcripts.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def transcript_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it has come, and the lines in which something was found; asks again until it is done."""
    found = Transcript.objects.visible_to(request.user).select_related("by", "agent").filter(pk=pk).first()
    if found is None:
        raise Http404(_("There is no such transcript."))
    context = {"transcript": found, "over": found.state == TranscriptState.DONE, "lines": _lines(found)}
    part = request.headers.get("HX-Request") == "true"
    return render(request, "knowledge/transcript_part.html" if part else "knowledge/transcript.html", context)


def _lines(transcript: Transcript) -> list[tuple[LanguageFinding, str, str, str]]:
    """Each finding with its line, cut at it."""
    found = LanguageFinding.objects.filter(thing__startswith=f"transcript:{transcript.pk}:").order_by("id")[
        :_MOST_SHOWN
    ]
    numbers = {one.pk: int(one.thing.rpartition(":")[2]) for one in found}
    texts = {line.number: line for line in transcript.lines.filter(number__in=set(numbers.values()))}
    rows = []
    for one in found:
        line = texts[numbers[one.pk]]
        one.line = line  # type: ignore[attr-defined]  # for the template
        rows.append((one, line.text[: one.start], line.text[one.start : one.end], line.text[one.end :]))
    return rows


@login_required
@require_http_methods(["GET", "POST"])
def script_editor(request: HttpRequest) -> HttpResponse:
    """The script of a call, situation by situation; editors put approved phrases in and take them out."""
    require(request.user, "phrase.view")
    form = ScriptLineForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = done(request, form, lambda: add_line(actor=request.user, **form.cleaned_data))
        if made is not None:
            messages.success(request, _("The phrase stands in the script."))
            return redirect("scripts")
    rows = list(ScriptLine.objects.with_words().select_related("service_line").order_by("situation", "position", "id"))
    scenes = [(situation, [row for row in rows if row.situation == situation]) for situation in Situation]
    context = {
        "form": form,
        "scenes": [(situation.label, lines) for situation, lines in scenes if lines],
        "may_change": bool(can(request.user, "script.change")),
    }
    return render(request, "knowledge/scripts.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def script_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a line out of the script."""
    line = get_object_or_404(ScriptLine.objects.select_related("phrase"), pk=pk)
    remove_line(actor=request.user, line=line)
    messages.success(request, _("Taken out of the script."))
    return redirect("scripts")
