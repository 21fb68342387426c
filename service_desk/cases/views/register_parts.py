"""The small answers that the register form asks for while somebody types; each is a fragment, none of them writes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from service_desk.cases.callers import customers_calling
from service_desk.cases.forms.registering import RegisterForm
from service_desk.cases.rules import REGISTRATION_LIMIT, CaseKind, CaseState, Severity
from service_desk.cases.similar import similar_cases
from service_desk.cases.views.drafts import uuid_of
from service_desk.customers.models import InstalledProduct
from service_desk.customers.rules import to_e164
from service_desk.deadlines.actions import planned
from service_desk.deadlines.clock import SKEW, now
from service_desk.deadlines.hours import HoursError
from service_desk.deadlines.models import Policy
from service_desk.deadlines.rules import PART_KINDS, ClockKind
from service_desk.people.access import require
from service_desk.people.fields import MomentField
from service_desk.people.models import ProductType
from service_desk.rest.clean import is_clean

_SUGGESTED = 20
#: An acceptance time that is not older than this is now: nothing is gone of any target worth saying.
_JUST_NOW = timedelta(minutes=1)


# What the acceptance time means (C3, D7) ---------------------------------------------------------------------------
def registration_clock(accepted: datetime | None, moment: datetime) -> dict[str, Any]:
    """C3 as a count-down: what remains of the 24 hours, or that the registration will be marked as late."""
    started = accepted or moment
    used = (moment - started) / REGISTRATION_LIMIT
    return {
        "accepted": started,
        "from_now": accepted is None,
        "late": used > 1,
        "over": moment - started - REGISTRATION_LIMIT,
        "future": started > moment + SKEW,
        "clock": {
            "kind_label": _("left to register on time"),
            "state": "running",
            "started_at": started,
            "due_at": started + REGISTRATION_LIMIT,
            "share": max(0.0, min(used, 1.0)),
        },
    }


def targets_since(product: ProductType, severity: str, started: datetime, moment: datetime) -> list[dict[str, Any]]:
    """D7: each clock as it will stand when the case is saved now; count-downs, those that are late first."""
    found = Policy.objects.for_case(
        service_line=product.service_line_id, subject=CaseKind.CALL, severity=severity or ""
    )
    targets = []
    for policy in {policy.kind: policy for policy in found}.values():
        if policy.kind in PART_KINDS or (policy.kind == ClockKind.EMERGENCY and severity != Severity.CRITICAL):
            continue
        try:
            due = planned(policy, started).due_at
        except HoursError:
            continue  # a calendar that ends before the clock does is said when the clock is armed
        targets.append(
            {
                "kind_label": policy.get_kind_display(),
                "state": "running",
                "started_at": started,
                "due_at": due,
                "share": max(0.0, min((moment - started) / (due - started), 1.0)),
                "late": due <= moment,
            }
        )
    return sorted(targets, key=lambda target: target["due_at"])


def acceptance_of(
    form: RegisterForm, product: ProductType | None, accepted: datetime | None, moment: datetime
) -> dict[str, Any]:
    """The context of register_acceptance.html for a form that came back, or for an empty one."""
    if "accepted_at" in form.errors:
        return {"registration": None}
    return acceptance_context(product, str(form["severity"].value() or ""), accepted, moment)


def acceptance_context(
    product: ProductType | None, severity: str, accepted: datetime | None, moment: datetime
) -> dict[str, Any]:
    """What an acceptance time means for C3 and, once the product is known, for each target (D7)."""
    registration = registration_clock(accepted, moment)
    targets: list[dict[str, Any]] = []
    if product is not None and accepted is not None and accepted < moment - _JUST_NOW:
        targets = targets_since(product, severity, accepted, moment)
    return {"registration": registration, "targets": targets, "late_targets": [t for t in targets if t["late"]]}


@login_required
@require_GET
def acceptance(request: HttpRequest) -> HttpResponse:
    """What the acceptance time as typed means, as a fragment under its field."""
    require(request.user, "case.register")
    moment = now()
    field = MomentField(required=False)
    field.now = moment
    severity = request.GET.get("severity", "")
    try:
        accepted = field.clean(request.GET.get("accepted_at", ""))
    except ValidationError as error:
        return render(request, "cases/register_acceptance.html", {"wrong": error.messages})
    product = ProductType.objects.filter(pk=_number(request.GET.get("product", ""))).first()
    context = acceptance_context(product, severity if severity in Severity.values else "", accepted, moment)
    return render(request, "cases/register_acceptance.html", context)


# The request type --------------------------------------------------------------------------------------------------
@login_required
@require_GET
def request_part(request: HttpRequest) -> HttpResponse:
    """What the chosen request type asks, and what to tell once (C16), as a fragment."""
    require(request.user, "case.register")
    form = RegisterForm(now=now(), initial={"request_type": _number(request.GET.get("request_type", ""))})
    return render(request, "cases/register_request.html", {"form": form})


# Who calls, and what about -----------------------------------------------------------------------------------------
@login_required
@require_POST
def callers(request: HttpRequest) -> HttpResponse:
    """The customers to whom a caller's number belongs, to choose from; no number stands in an address (P6)."""
    require(request.user, "case.register")
    e164 = to_e164(request.POST.get("caller_phone", "")[:60], settings.PHONE_REGION)
    found = customers_calling(e164, request.user)
    return render(request, "cases/register_callers.html", {"found": found, "asked": bool(e164)})


@login_required
@require_GET
def similar(request: HttpRequest) -> HttpResponse:
    """Cases of the customer that the call may be about already, as a fragment."""
    require(request.user, "case.register")
    customer, product = _number(request.GET.get("customer", "")), _number(request.GET.get("product_type", ""))
    words = request.GET.get("fault", "")[:200]
    found = []
    if customer and is_clean(words):
        found = similar_cases(request.user, customer, product_id=product or None, words=words, now=now())
    context = {"similar": found, "draft": uuid_of(request.GET.get("token", "")), "ended": CaseState.CLOSED}
    return render(request, "cases/register_similar.html", context)


@login_required
@require_GET
def suggest_products(request: HttpRequest) -> JsonResponse:
    """Product types for the type-ahead: those in use at the customer first, then by name."""
    require(request.user, "case.register")
    typed = request.GET.get("q", "").strip()[:80]
    types = ProductType.objects.filter(is_active=True).select_related("service_line")
    if typed and is_clean(typed):
        types = types.filter(name__icontains=typed)
    in_use: set[int] = set()
    if customer := _number(request.GET.get("customer", "")):
        in_use = set(
            InstalledProduct.objects.filter(customer_id=customer).values_list("product_type_id", flat=True)[:200]
        )
    found = sorted(types, key=lambda product: (product.pk not in in_use, product.name))[:_SUGGESTED]
    chinese = settings.LANGUAGES[0][0] == request.LANGUAGE_CODE
    return JsonResponse({"results": [_as_option(product, product.pk in in_use, chinese) for product in found]})


def _as_option(product: ProductType, in_use: bool, chinese: bool) -> dict[str, Any]:
    line = product.service_line
    name = line.name if chinese else line.name_en or line.name
    return {
        "id": product.pk,
        "label": product.name,
        "detail": _("%(line)s · in use here") % {"line": name} if in_use else name,
        "data": {"in_use": in_use},
    }


def _number(text: str) -> int:
    """A row's number; 0 for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0
