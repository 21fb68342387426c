"""One move for many cases on the screen: chosen in a list, looked at, done, and what was refused with its reason."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from service_desk.cases import parts, shift_facts
from service_desk.cases.actions.bulk import MOST, STEP, Item, bulk
from service_desk.cases.forms.bulk import BulkForm, ShiftForm, versions_in
from service_desk.cases.models import Case
from service_desk.cases.moves import why_not
from service_desk.cases.rules import MOVES
from service_desk.cases.ties import ties_of
from service_desk.cases.views.common import person
from service_desk.deadlines.clock import now
from service_desk.people.fields import add_refusal
from service_desk.rest.errors import Refusal

#: So long the results of a run can be looked at again, and a second press of the same form finds them.
_KEPT = 30 * 60
_NOT_KEPT = gettext_lazy("The results of this are not known any more; the cases themselves tell what was done.")
#: A step that was begun is not begun again for so long: its process may have died.
_STEP_SECONDS = 60
#: So many cases with three texts each are still a page.
_SHIFT_MOST = 60
#: What takes a run back, where that is possible: an offer nobody has accepted yet, a pause.
UNDONE_BY = {"hand_over": "withdraw", "wait": "resume"}
#: The moves in the order in which the bar of a list offers them.
OFFERED = ("hand_over", "note", "tell", "wait", "resume", "resolve", "cancel")


@login_required
@require_http_methods(["GET", "POST"])
def bulk_page(request: HttpRequest) -> HttpResponse:
    """The cases that were chosen with what is possible for each, the form of the move; then make it."""
    user = person(request)
    given = request.POST if request.method == "POST" else request.GET
    verb = given.get("verb", "")
    if verb not in OFFERED:
        raise Http404(_("There is no such action."))
    cases, parent = _chosen(request, user, given)
    if verb == "hand_over" and cases:
        return _hand_over(request, cases[:_SHIFT_MOST])
    if "sure" not in request.POST:
        form = BulkForm(verb, cases, initial={"outcome": parent.outcome} if parent else None)
        return _page(request, verb, cases, form)
    form = BulkForm(verb, cases, request.POST)
    if not form.is_valid() or not cases:
        return _page(request, verb, cases, form, status=422)
    numbers = [case.number for case in cases]
    versions = versions_in(request.POST.getlist("seen"))
    return _run(request, form, verb=verb, numbers=numbers, answers=form.answers, versions=versions)


def _chosen(request: HttpRequest, user: Any, given: Any) -> tuple[list[Case], Case | None]:
    """The cases of the form, or the open children of a parent; only what this person may know of."""
    visible = Case.objects.visible_to(user).for_page()
    if number := given.get("parent", "")[:40].replace("\x00", ""):
        parent = visible.filter(number=number).first()
        if parent is None:
            raise Http404(_("There is no such case."))
        if "number" not in given:
            return ties_of(parent, user).open_children[:MOST], parent
    numbers = [number[:40].replace("\x00", "") for number in given.getlist("number")[: MOST * 2]]
    found = {case.number: case for case in visible.filter(number__in=numbers)}
    return [found[number] for number in dict.fromkeys(numbers) if number in found], None


def _page(request: HttpRequest, verb: str, cases: Sequence[Case], form: BulkForm, status: int = 200) -> HttpResponse:
    user = person(request)
    context = {
        "verb": verb,
        "move": MOVES[verb],
        "lines": [(case, why_not(user, verb, case)) for case in cases[:MOST]],
        "too_many": len(cases) > MOST,
        "most": MOST,
        "form": form,
        "token": _token(request),
    }
    return render(request, "cases/bulk.html", context, status=status)


# Handing over at the change of shift --------------------------------------------------------------------------------
@login_required
@require_http_methods(["GET", "POST"])
def shift_change(request: HttpRequest) -> HttpResponse:
    """All my open cases for the next shift, with what each receiver must know written down beforehand."""
    return _hand_over(request, shift_facts.mine(person(request), _SHIFT_MOST))


def _hand_over(request: HttpRequest, cases: Sequence[Case]) -> HttpResponse:
    if request.POST.get("token") and cache.get(_key(request, _token(request))):
        return redirect("case-bulk-done", _token(request))  # the cases of this form are offered already
    facts = shift_facts.facts_of(cases)
    if "sure" not in request.POST:
        return _shift_page(request, ShiftForm(facts))
    form = ShiftForm(facts, request.POST)
    if not form.is_valid():
        return _shift_page(request, form, status=422)
    return _run(
        request,
        form,
        verb="hand_over",
        numbers=list(form.each),
        answers={"receiver": form.cleaned_data["receiver"]},
        each=form.each,
        versions=versions_in(request.POST.getlist("seen")),
    )


def _shift_page(request: HttpRequest, form: ShiftForm, status: int = 200) -> HttpResponse:
    user = person(request)
    lines = [(case, take, texts, why_not(user, "hand_over", case)) for case, take, texts in form.lines()]
    context = {"form": form, "lines": lines, "token": _token(request), "most": _SHIFT_MOST}
    return render(request, "cases/bulk_hand_over.html", context, status=status)


@login_required
@require_POST
def accept_all(request: HttpRequest) -> HttpResponse:
    """Take every case that is offered to me, or those that were named."""
    named = set(request.POST.getlist("number"))
    offers = [offer.part.case.number for offer in parts.offered_to(person(request))]
    numbers = [number for number in offers if not named or number in named]
    if not numbers:
        return redirect("desk")
    return _run(request, None, verb="accept", numbers=numbers, answers={})


# Running and looking at what came of it --------------------------------------------------------------------------
def _run(request: HttpRequest, form: Any, **wanted: Any) -> HttpResponse:
    """Make the move once for this form, however often the button is pressed; then show what came of it.

    A page that shows how far it is asks for the first step alone, and goes on by itself (`bulk_more`).
    """
    token = _token(request)
    key, numbers = _key(request, token), list(dict.fromkeys(wanted["numbers"]))
    at_once, rest = (numbers[:STEP], numbers[STEP:MOST]) if request.POST.get("steps") else (numbers, [])
    if cache.add(key, {"verb": wanted["verb"], "items": None}, _KEPT):
        begun = now()
        try:
            items = bulk(actor=person(request), **(wanted | {"numbers": at_once}))
        except Refusal as refusal:
            cache.delete(key)
            if form is None:
                raise
            add_refusal(form, refusal.errors)
            page = _shift_page if isinstance(form, ShiftForm) else _wrong
            return page(request, form, status=422)
        except BaseException:
            cache.delete(key)
            raise
        _keep(key, items, [], wanted | {"numbers": rest, "since": begun})
    return redirect("case-bulk-done", token)


def _keep(key: str, items: Sequence[Item], before: Sequence[Any], left: dict[str, Any]) -> dict[str, Any]:
    """What came of it so far, and what is left to do with everything that was said for it."""
    found = [*before, *(item.as_json() for item in items)]
    kept = {"verb": left["verb"], "items": found, "left": left if left["numbers"] else None}
    cache.set(key, kept, _KEPT)
    return kept


@login_required
@require_POST
def bulk_more(request: HttpRequest, token: uuid.UUID) -> HttpResponse:
    """The next step of a run; the same step pressed twice at once is done once."""
    key = _key(request, str(token))
    kept = cache.get(key)
    if kept is None:
        raise Http404(_NOT_KEPT)
    left = kept.get("left")
    if left and cache.add(f"{key}:{len(kept['items'])}", True, _STEP_SECONDS):
        numbers = left["numbers"]
        items = bulk(actor=person(request), **(left | {"numbers": numbers[:STEP]}))
        kept = _keep(key, items, kept["items"], left | {"numbers": numbers[STEP:]})
    if request.headers.get("HX-Request") != "true":
        return redirect("case-bulk-done", token)
    return render(request, "cases/bulk_results.html", _results(kept, token))


def _wrong(request: HttpRequest, form: BulkForm, status: int) -> HttpResponse:
    user = person(request)
    return _page(request, request.POST["verb"], _chosen(request, user, request.POST)[0], form, status)


@login_required
@require_GET
def bulk_done(request: HttpRequest, token: uuid.UUID) -> HttpResponse:
    """What came of a run: first what was refused, with its reason; then what was done."""
    kept = cache.get(_key(request, str(token)))
    if kept is None:
        raise Http404(_NOT_KEPT)
    return render(request, "cases/bulk_done.html", _results(kept, token))


def _results(kept: dict[str, Any], token: uuid.UUID) -> dict[str, Any]:
    items = [Item(**item) for item in kept["items"] or []]
    left = len(kept["left"]["numbers"]) if kept.get("left") else 0
    return {
        "token": token,
        "undo": MOVES[UNDONE_BY[kept["verb"]]] if kept["verb"] in UNDONE_BY and not left else None,
        "move": MOVES[kept["verb"]],
        "running": kept["items"] is None,
        "left": left,
        "so_far": len(items),
        "total": len(items) + left,
        "refused": [item for item in items if not item.done],
        "done": [item for item in items if item.done],
    }


@login_required
@require_POST
def bulk_undo(request: HttpRequest, token: uuid.UUID) -> HttpResponse:
    """Take back what a run did, as far as it can be: each case by the verb that ends it, with its own refusals."""
    kept = cache.get(_key(request, str(token)))
    if kept is None or kept["verb"] not in UNDONE_BY:
        raise Http404(_NOT_KEPT)
    numbers = [item["number"] for item in kept["items"] or [] if item["done"]]
    if not numbers:
        return redirect("case-bulk-done", token)
    return _run(request, None, verb=UNDONE_BY[kept["verb"]], numbers=numbers, answers={})


def _token(request: HttpRequest) -> str:
    """Of the form that was shown; a fresh one for a form that has none yet."""
    try:
        return str(uuid.UUID(request.POST.get("token", "")))
    except ValueError:
        return str(uuid.uuid4())


def _key(request: HttpRequest, token: str) -> str:
    return f"bulk:{person(request).pk}:{token}"
