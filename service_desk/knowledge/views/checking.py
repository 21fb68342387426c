"""What a text box asks while somebody types: is it sayable, and which approved phrase is meant (K3, K5)."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from service_desk.knowledge.actions import note_use
from service_desk.knowledge.current import check_text
from service_desk.knowledge.language.check import Finding
from service_desk.knowledge.offers import facts_for, offered, script
from service_desk.knowledge.rules import Category, Direction, Weight
from service_desk.knowledge.scripts import fill
from service_desk.people.access import require
from service_desk.people.models import ProductType
from service_desk.rest.clean import is_clean
from service_desk.rest.errors import Refusal

LONGEST = 20_000
_LONGEST_ASKED, _LONGEST_NAME, _LONGEST_KEY = 40, 80, 18


@login_required
@require_POST
def check_typed(request: HttpRequest) -> JsonResponse:
    """The findings of a piece of text, in code points of it; nothing is kept of what was not sent."""
    require(request.user, "language.check")
    text, direction = request.POST.get("text", ""), request.POST.get("direction", "")
    if len(text) > LONGEST or direction not in (Direction.TO_CUSTOMER, Direction.INTERNAL_NOTE):
        return JsonResponse({"release": 0, "findings": []}, status=422)
    answer = check_text(text, direction)
    facts = facts_for(request.user)
    return JsonResponse(
        {"release": answer.release, "findings": [_shown(found, facts) for found in answer.findings if _counts(found)]}
    )


def _counts(found: Finding) -> bool:
    return found.severity != Weight.HINT


def _shown(found: Finding, facts: dict[str, str]) -> dict[str, Any]:
    return {
        "start": found.start,
        "end": found.end,
        "phrase": found.phrase,
        "entry": found.entry,
        "label": str(Category(found.category).label),
        "blocks": found.severity == Weight.BLOCK,
        "suggestions": [fill(phrase, facts) for phrase in found.suggestions],
    }


@login_required
@require_GET
def offer_phrases(request: HttpRequest) -> JsonResponse:
    """The approved phrases that fit `q`, filled in, for the list under a text box."""
    require(request.user, "phrase.use")
    asked = request.GET.get("q", "")
    if len(asked) > _LONGEST_ASKED or not is_clean(asked):
        return JsonResponse({"results": []})
    facts = facts_for(request.user)
    results = [
        {
            "id": version.pk,
            "label": fill(version.text, facts),
            "detail": f"{version.phrase.code} · {version.initials}",
            "data": {"text": fill(version.text, facts), "code": version.phrase.code},
        }
        for version in offered(asked)
    ]
    return JsonResponse({"results": results})


@login_required
@require_POST
def phrase_used(request: HttpRequest) -> HttpResponse:
    """Count that an approved phrase was put into a text."""
    try:
        note_use(actor=request.user, code=request.POST.get("code", "")[:20])
    except Refusal as refusal:
        return JsonResponse({"message": str(refusal.message)}, status=refusal.status)
    return HttpResponse(status=204)


@login_required
@require_POST
def script_part(request: HttpRequest) -> HttpResponse:
    """The script of a call as a part of a page; posted, so that no name stands in an address.

    The service line is named, or it is that of the product which the form on the page is about.
    """
    require(request.user, "phrase.view")
    sent = request.POST
    named = (sent.get(name, "").strip() for name in ("customer", "caller_name", "name"))
    customer = next(filter(None, named), "")[:_LONGEST_NAME]
    facts = facts_for(request.user, customer=customer, number=sent.get("number", "")[:_LONGEST_NAME])
    product = sent.get("product_type", "") or sent.get("about_product", "")
    scenes = script(_line(sent.get("line", ""), product), facts)
    return render(request, "knowledge/script_lines.html", {"scenes": scenes})


def _line(named: str, product: str) -> str | None:
    if named and len(named) <= _LONGEST_ASKED and is_clean(named):
        return named
    if not (product.isascii() and product.isdigit() and len(product) <= _LONGEST_KEY):
        return None
    found: str | None = ProductType.objects.filter(pk=product).values_list("service_line_id", flat=True).first()
    return found
