"""The phrasebook on the screen: its list, an entry with its versions, drafts, approval, retirement, a trial."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Max, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from service_desk.knowledge import actions
from service_desk.knowledge.actions.updating import updates
from service_desk.knowledge.current import check_text, compiled
from service_desk.knowledge.diff import differences
from service_desk.knowledge.forms.phrases import NAMES, NoteForm, PhraseFilters, PhraseForm, TryForm, initial_of
from service_desk.knowledge.language.check import Answer
from service_desk.knowledge.models import LanguageFinding, Phrase, PhraseUse, PhraseVersion
from service_desk.knowledge.rules import Category, PhraseKind, PhraseState, Speaker, Weight
from service_desk.knowledge.views.common import done, paged, sides
from service_desk.people.access import can, require
from service_desk.rest.errors import FieldError, Refusal

_VERSIONS = 30


@login_required
@require_GET
def phrase_list(request: HttpRequest) -> HttpResponse:
    """What is in force, drafted or retired, by filters that stand in the address."""
    require(request.user, "phrase.view")
    form = PhraseFilters(request.GET)
    chosen = form.chosen
    state = chosen.pop("state", PhraseState.APPROVED)
    rows, order = form.narrow(PhraseVersion.objects.whole())
    may_approve = bool(can(request.user, "phrase.approve"))
    context = {
        **paged(request, rows, order),
        "form": form,
        "state": state,
        "filtered": bool(chosen),
        "drafts": PhraseVersion.objects.drafts().count(),
        "may_draft": bool(can(request.user, "phrase.draft")),
        "may_approve": may_approve,
        "updates": len(updates()) if may_approve else 0,
        "release": compiled().release.number,
    }
    return render(request, "knowledge/phrases.html", context)


@login_required
@require_GET
def phrase_detail(request: HttpRequest, code: str) -> HttpResponse:
    """An entry with its versions, newest first, each beside the one that was in force before."""
    require(request.user, "phrase.view")
    return _detail(request, _phrase(code), NoteForm())


def _phrase(code: str) -> Phrase:
    found = Phrase.objects.filter(code__iexact=code).first()
    if found is None:
        raise Http404(_("There is no such entry."))
    return found


def _detail(request: HttpRequest, phrase: Phrase, form: NoteForm, *, status: int = 200) -> HttpResponse:
    versions = list(PhraseVersion.objects.whole().filter(phrase=phrase).order_by("-id")[: _VERSIONS + 1])
    shown = []
    for version, before in zip(versions, [*versions[1:], None], strict=True):
        old = [before.snapshot()] if before else []
        changed = differences(old, [version.snapshot()]) if before else []
        shown.append((version, sides(changed[0]) if changed else [], _doors(request.user, version)))
    found = LanguageFinding.objects.filter(entry=phrase.code)
    context = {
        "phrase": phrase,
        "versions": shown[:_VERSIONS],
        "in_force": next((v for v in versions if v.state == PhraseState.APPROVED), None),
        "form": form,
        "may_draft": bool(can(request.user, "phrase.draft")),
        "figures": found.figures().first() if can(request.user, "finding.view") else None,
        "used": PhraseUse.objects.filter(entry=phrase.code).aggregate(times=Sum("times"), last=Max("day")),
        "banned": phrase.kind == PhraseKind.BANNED,
    }
    return render(request, "knowledge/phrase.html", context, status=status)


def _doors(user: Any, version: PhraseVersion) -> dict[str, Any]:
    """What may be done with a version, or why not."""
    draft = version.state == PhraseState.DRAFT
    approval = can(user, "phrase.approve", version) if draft else None
    return {
        "approve": bool(approval),
        "why_not": str(approval.reason) if approval is not None and not approval else "",
        "retire": version.state != PhraseState.RETIRED and bool(can(user, "phrase.retire", version)),
    }


@login_required
@require_http_methods(["GET", "POST"])
def phrase_draft(request: HttpRequest, code: str = "") -> HttpResponse:
    """Propose a new entry, or the next version of one."""
    require(request.user, "phrase.draft")
    phrase = _phrase(code) if code else None
    initial: dict[str, Any] = {"kind": PhraseKind.BANNED, "fuzzy": True}
    if phrase is not None:
        newest = PhraseVersion.objects.whole().filter(phrase=phrase).order_by("-id").first()
        initial = initial_of(newest.snapshot()) if newest else {"code": phrase.code, "kind": phrase.kind}
    form = PhraseForm(request.POST or None, initial=initial, fixed=phrase is not None)
    if request.method == "POST" and form.is_valid():
        made = done(request, form, lambda: _drafted(request, form), NAMES)
        if made is not None:
            messages.success(request, _("Drafted. Somebody else approves it before it is in force."))
            return redirect("phrase", made.phrase.code)
    context = {"form": form, "phrase": phrase}
    return render(request, "knowledge/phrase_draft.html", context, status=422 if form.errors else 200)


def _drafted(request: HttpRequest, form: PhraseForm) -> PhraseVersion:
    given = form.cleaned_data
    return actions.draft(
        actor=request.user,
        code=given["code"],
        kind=given["kind"],
        text=given["text"],
        content=form.content,
        note=given["note"],
    )


@login_required
@require_POST
def phrase_approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a draft of somebody else in force, as the next release, if every example comes out."""
    version = _version(pk)
    form = NoteForm(request.POST)
    if form.is_valid():
        made = done(
            request,
            form,
            lambda: actions.approve(actor=request.user, versions=[version], note=form.cleaned_data["note"]),
        )
        if made is not None:
            messages.success(request, _("Approved: release %(number)s is in force.") % {"number": made.number})
            return redirect("phrase", version.phrase.code)
    return _detail(request, version.phrase, form, status=422)


@login_required
@require_POST
def phrase_retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a version out of force, or throw a draft away."""
    version = _version(pk)
    form = NoteForm(request.POST)
    if form.is_valid():
        retired = done(
            request,
            form,
            lambda: actions.retire(actor=request.user, version=version, note=form.cleaned_data["note"]),
        )
        if retired is not None:
            messages.success(request, _("%(code)s is retired.") % {"code": version.phrase.code})
            return redirect("phrase", version.phrase.code)
    return _detail(request, version.phrase, form, status=422)


def _version(pk: int) -> PhraseVersion:
    return get_object_or_404(PhraseVersion.objects.whole(), pk=pk)


@login_required
@require_POST
def approve_many(request: HttpRequest) -> HttpResponse:
    """Approve the drafts that were ticked, all of them or none, as one release."""
    require(request.user, "phrase.approve")
    wanted = [
        int(pk) for pk in request.POST.getlist("version")[:500] if pk.isascii() and pk.isdigit() and len(pk) <= 18
    ]
    versions = list(PhraseVersion.objects.whole().filter(pk__in=wanted))
    try:
        made = actions.approve(actor=request.user, versions=versions, note=request.POST.get("note", "")[:200])
    except Refusal as refusal:
        for error in refusal.errors[:5] or [FieldError("", refusal.message, refusal.code, refusal.remedy)]:
            messages.error(request, f"{error.message} {error.remedy}".strip())
    else:
        messages.success(request, _("Approved: release %(number)s is in force.") % {"number": made.number})
    return redirect("/phrasebook/?state=draft")


@login_required
@require_http_methods(["GET", "POST"])
def try_out(request: HttpRequest) -> HttpResponse:
    """Hold a text against the phrasebook: what is found, and what is excused and why. Nothing is kept."""
    require(request.user, "language.check")
    form = TryForm(request.POST or None, initial={"direction": "to_customer", "speaker": Speaker.AGENT})
    context: dict[str, Any] = {"form": form, "answer": None}
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        answer = check_text(given["text"], given["direction"], given["speaker"] or Speaker.AGENT, newest=True)
        context |= {
            "answer": answer,
            "pieces": pieces(given["text"], answer),
            "excused": excused(given["text"], answer),
        }
    return render(request, "knowledge/phrase_try.html", context, status=422 if form.errors else 200)


def pieces(text: str, answer: Answer) -> list[dict[str, Any]]:
    """The text cut into what is found and what lies between."""
    made: list[dict[str, Any]] = []
    at = 0
    for found in answer.findings:
        made.append({"text": text[at : found.start]})
        made.append(
            {
                "text": text[found.start : found.end],
                "found": found,
                "category": Category(found.category).label if found.category else "",
                "weight": Weight(found.severity).label,
            }
        )
        at = found.end
    return [*made, {"text": text[at:]}]


def excused(text: str, answer: Answer) -> list[dict[str, str]]:
    """What was recognised and not reported, with the name of the exception in words."""
    names = _excuses()
    return [
        {"text": text[one.start : one.end], "entry": one.entry, "reason": names.get(one.reason, one.reason)}
        for one in answer.excused
    ]


def _excuses() -> dict[str, str]:
    return {
        "speaker": _("the customer's own words"),
        "allow_form": _("part of a longer word that is allowed"),
        "word_boundary": _("inside another word"),
        "rule": _("text of a rule"),
        "quotation": _("a quotation"),
        "report": _("a report of what somebody said"),
        "context_before": _("the entry's own exception: the words in front"),
        "context_after": _("the entry's own exception: the words behind"),
        "context_near": _("the entry's own exception: words near by"),
        "needs_person": _("said of no person"),
        "needs_address": _("nobody is called by it"),
        "needs_answer": _("no answer to a question"),
        "needs_demand": _("said to nobody's face"),
    }
