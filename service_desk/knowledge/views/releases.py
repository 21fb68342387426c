"""Releases on the screen: numbered, compared with each other, rolled back; sheets in and out."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from service_desk.knowledge import actions, sheet
from service_desk.knowledge.actions.sheets import import_sheet
from service_desk.knowledge.actions.updating import take_updates, updates
from service_desk.knowledge.diff import differences
from service_desk.knowledge.forms.phrases import NoteForm, SheetForm
from service_desk.knowledge.models import BookRelease, PhraseVersion
from service_desk.knowledge.views.common import done, paged, sides
from service_desk.people.access import can, require
from service_desk.rest.errors import Refusal

_MOST_SHOWN = 200
_MOST_TAKEN = 500


@login_required
@require_GET
def release_list(request: HttpRequest) -> HttpResponse:
    """Every release, newest first; the first one is in force."""
    require(request.user, "phrase.view")
    rows = BookRelease.objects.select_related("made_by").defer("content")
    newest = BookRelease.objects.newest().values_list("number", flat=True).first()
    context = {**paged(request, rows, ("-number",)), "newest": newest}
    return render(request, "knowledge/releases.html", context)


def _release(number: int) -> BookRelease:
    found: BookRelease | None = BookRelease.objects.select_related("made_by").filter(number=number).first()
    if found is None:
        raise Http404(_("There is no such release."))
    return found


@login_required
@require_GET
def release_detail(request: HttpRequest, number: int) -> HttpResponse:
    """What a release changed, against the one before or another one that is asked for."""
    require(request.user, "phrase.view")
    return _detail(request, _release(number), NoteForm())


def _detail(request: HttpRequest, release: BookRelease, form: NoteForm, *, status: int = 200) -> HttpResponse:
    asked = request.GET.get("against", "")
    known = int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= 9 else release.number - 1
    other = BookRelease.objects.filter(number=known).first()
    found = differences(other.content if other else [], release.content)
    newest = BookRelease.objects.newest().values_list("number", flat=True).first()
    context = {
        "release": release,
        "other": other,
        "numbers": list(BookRelease.objects.newest().values_list("number", flat=True)[:_MOST_SHOWN]),
        "differences": [(one, sides(one)) for one in found[:_MOST_SHOWN]],
        "more": max(0, len(found) - _MOST_SHOWN),
        "newest": newest,
        "may_roll_back": release.number != newest and bool(can(request.user, "release.roll_back", release)),
        "form": form,
    }
    return render(request, "knowledge/release.html", context, status=status)


@login_required
@require_POST
def release_roll_back(request: HttpRequest, number: int) -> HttpResponse:
    """Publish an older release again, under the next number."""
    release, form = _release(number), NoteForm(request.POST)
    if form.is_valid():
        made = done(
            request,
            form,
            lambda: actions.roll_back(actor=request.user, release=release, note=form.cleaned_data["note"]),
        )
        if made is not None:
            messages.success(request, _("Release %(number)s is in force.") % {"number": made.number})
            return redirect("release", made.number)
    return _detail(request, release, form, status=422)


@login_required
@require_GET
def export(request: HttpRequest) -> HttpResponse:
    """The phrasebook in force as a sheet."""
    require(request.user, "phrase.view")
    rows = PhraseVersion.objects.whole().in_force().order_by("phrase__code")
    text = sheet.write(version.snapshot() | {"note": version.note} for version in rows)
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="phrasebook.csv"'
    return response


@login_required
@require_http_methods(["GET", "POST"])
def import_sheet_page(request: HttpRequest) -> HttpResponse:
    """First what the rows would become, or which are wrong; then, pressed once more, the drafts."""
    require(request.user, "phrase.draft")
    form = SheetForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form, "preview": None, "wrong": []}
    if request.method != "POST" or not form.is_valid():
        return render(request, "knowledge/phrase_import.html", context, status=422 if form.errors else 200)
    text = form.cleaned_data["csv"]
    try:
        if "keep" in request.POST:
            made = import_sheet(actor=request.user, text=text)
            messages.success(
                request, _("%(count)d drafts are kept. Somebody else approves them.") % {"count": len(made)}
            )
            return redirect("/phrasebook/?state=draft")
        context["preview"] = _preview(request, text)
        context["form"] = SheetForm(initial={"csv": text})
    except Refusal as refusal:
        context["wrong"] = [
            {"place": _place(error.field), "message": f"{error.message} {error.remedy}".strip()}
            for error in refusal.errors
        ]
        context["form"] = SheetForm(initial={"csv": text})
    return render(request, "knowledge/phrase_import.html", context, status=422 if context["wrong"] else 200)


@login_required
@require_http_methods(["GET", "POST"])
def update_page(request: HttpRequest) -> HttpResponse:
    """What the product's own phrasebook would change here, entry by entry; the chosen ones become drafts."""
    require(request.user, "phrase.draft")
    if request.method == "POST":
        try:
            made = take_updates(actor=request.user, codes=request.POST.getlist("code")[:_MOST_TAKEN])
        except Refusal as refusal:
            messages.error(request, str(refusal.message))
            return redirect("phrase-update")
        messages.success(request, _("%(count)d drafts are kept. Somebody else approves them.") % {"count": len(made)})
        return redirect("/phrasebook/?state=draft")
    rows = [{"update": one, "sides": sides(one.sides()[0])} for one in updates()]
    return render(request, "knowledge/phrase_update.html", {"rows": rows})


def _preview(request: HttpRequest, text: str) -> list[dict[str, Any]]:
    """The drafts as they would be, and what they would change; made and thrown away again."""
    rows: list[dict[str, Any]] = []
    with transaction.atomic():
        made = import_sheet(actor=request.user, text=text)
        codes = {version.phrase.code for version in made}
        now = {
            version.phrase.code: version.snapshot()
            for version in PhraseVersion.objects.whole().in_force().filter(phrase__code__in=codes)
        }
        for version in made:
            old = now.get(version.phrase.code)
            found = differences([old] if old else [], [version.snapshot()])
            rows.append({"version": version, "new": old is None, "sides": sides(found[0]) if found else []})
        transaction.set_rollback(True)
    return rows[:_MOST_SHOWN]


def _place(field: str) -> str:
    """`csv/3/text` in words."""
    parts = field.split("/")
    if len(parts) != 3:
        return ""
    return _("Row %(row)s, %(column)s") % {"row": parts[1], "column": parts[2]}
