"""The screen on which a complaint is accepted, from nothing, a case, a customer or a call; nothing typed is lost."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from service_desk.cases import origins
from service_desk.cases.models import Case
from service_desk.cases.rules import CaseKind
from service_desk.cases.views.common import tell_found
from service_desk.complaints.actions.accepting import accept
from service_desk.complaints.forms.accepting import ABOUT, NAMES, AcceptForm
from service_desk.complaints.models import Complaint
from service_desk.complaints.rules import LEVEL_MEANING, REGULATORS, ComplaintLevel
from service_desk.complaints.views.common import person
from service_desk.customers.models import Customer
from service_desk.deadlines.clock import now
from service_desk.people.access import require
from service_desk.people.fields import add_refusal
from service_desk.rest.errors import Conflict, Invalid
from service_desk.telephony.models import Call


@login_required
@require_http_methods(["GET", "POST"])
def accept_page(request: HttpRequest) -> HttpResponse:
    """Show the form, or take it: a complaint and the way to it, or the form again with what to mend."""
    user = person(request)
    require(user, "complaint.accept")
    moment = now()
    if request.method == "GET":
        return _page(request, AcceptForm(now=moment, user=user, initial=_initial(request)))
    form = AcceptForm(request.POST, now=moment, user=user)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        complaint = _accept(user, form)
    except (Invalid, Conflict) as refusal:
        add_refusal(form, refusal.errors or [refusal], NAMES)
        return _page(request, form, status=422)
    return _done(request, complaint)


def _accept(user: Any, form: AcceptForm) -> Complaint:
    """Accept it; a call that it began from is registered with it, unless who accepts sees no more of it (T7, P7)."""
    with transaction.atomic():
        complaint = accept(actor=user, data=form.acceptance(_call(user, form.cleaned_data["call"])))
        if Case.objects.visible_to(user).filter(pk=complaint.pk).exists():
            origins.tell_registered(complaint.case, user)
    return complaint


def _done(request: HttpRequest, complaint: Complaint) -> HttpResponse:
    """To its page; whoever must not see it, since it is about them or their line, is told so and nothing else (P7)."""
    case = complaint.case
    messages.success(request, _("The complaint %(number)s is accepted.") % {"number": case.number})
    if Case.objects.visible_to(request.user).filter(pk=case.pk).exists():
        tell_found(request, case.language_found)
        return HttpResponseRedirect(case.get_absolute_url())
    messages.info(
        request, _("It concerns you or somebody of your reporting line: others handle it, and you see no more.")
    )
    return redirect("complaint-list")


def _initial(request: HttpRequest) -> dict[str, Any]:
    """What the way here names: a case, a customer, a call; each only as far as this person may see it."""
    user, query = person(request), request.GET
    initial: dict[str, Any] = {"token": uuid.uuid4()}
    if (call := _call(user, query.get("call", ""))) is not None:
        origin = origins.asked_for(user, query)
        values = dict(origin.values) if origin is not None else {}
        kept = {
            "name": "caller_name",
            "phone": "caller_phone",
            "customer": "customer",
            "customer_text": "customer_text",
        }
        initial |= {ours: values[theirs] for ours, theirs in kept.items() if values.get(theirs)}
        initial |= {"call": call.ref, "channel": "phone"} | ({"token": origin.token} if origin else {})
    if number := query.get("case", "")[:40]:
        seen = Case.objects.visible_to(user).filter(number=number, kind=CaseKind.CALL).select_related("customer")
        if (case := seen.first()) is not None:
            initial |= {"about_case": case.pk, "about_case_text": f"{case.number} {case.fault}"}
            initial |= _customer(case.customer)
            initial |= {"name": case.caller_name, "phone": case.caller_phone}
    wanted = query.get("customer", "")
    is_id = wanted.isascii() and wanted.isdigit() and len(wanted) <= 18
    customer = Customer.objects.filter(pk=int(wanted)).first() if is_id else None
    return initial | (_customer(customer) if customer is not None else {})


def _customer(customer: Customer) -> dict[str, Any]:
    return {"customer": customer.pk, "customer_text": customer.name} if customer.is_active else {}


def _call(user: Any, ref: str) -> Call | None:
    """A call of this person's own; another's is not theirs to name."""
    ref = ref[:26]
    found: Call | None = Call.objects.of(user).filter(ref=ref).first() if ref.isalnum() and ref.isascii() else None
    return found


def _page(request: HttpRequest, form: AcceptForm, *, status: int = 200) -> HttpResponse:
    if form.is_bound:
        _complete(form)
    context = {
        "form": form,
        "levels": [(value, label, LEVEL_MEANING[value]) for value, label in ComplaintLevel.choices],
        "level": form["level"].value() or "",
        "referred": form["channel"].value() in REGULATORS or form["regulator_number"].value(),
        "regulators": ",".join(sorted(REGULATORS)),
        "cases_url": reverse("complaint-suggest-cases"),
        "moment": _moment(form),
    }
    return render(request, "complaints/accept.html", context, status=status)


def _moment(form: AcceptForm) -> datetime:
    field: Any = form.fields["accepted_at"]
    moment: datetime = field.now
    return moment


def _complete(form: AcceptForm) -> None:
    """What was found out goes back with the form: the ids of what was resolved."""
    for name in ("customer", *ABOUT[:-1]):
        found = form.cleaned_data.get(name)
        if found:
            text = found.number if isinstance(found, Case) else str(found)
            form.rewrite(**{name: str(found.pk), f"{name}_text": text})
