"""Showing a case's telephone numbers in full, once a reason is given."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from service_desk.cases.actions.revealing import Number, reveal
from service_desk.cases.forms.acting import RevealForm
from service_desk.cases.views.common import case_for, person, wants_part
from service_desk.people.access import require
from service_desk.people.fields import add_refusal
from service_desk.people.second_step import proved_lately
from service_desk.rest.errors import Invalid


@login_required
@require_http_methods(["GET", "POST"])
@proved_lately
def reveal_numbers(request: HttpRequest, number: str) -> HttpResponse:
    """Ask for the reason, then show the numbers; they stand in this answer and nowhere else."""
    case, user = case_for(request, number), person(request)
    require(user, "customer.reveal", case.customer)
    form = RevealForm(request.POST or None)
    numbers: list[Number] | None = None
    status = 200
    if request.method == "POST":
        form.is_valid()
        status = 422
        if not form.errors:
            try:
                numbers = reveal(case=case, actor=user, reason=form.cleaned_data["reason"])
                status = 200
            except Invalid as refusal:
                add_refusal(form, refusal.errors)
    context = {"case": case, "form": form, "numbers": numbers, "in_dialog": wants_part(request)}
    template = "cases/reveal_dialog.html" if wants_part(request) else "cases/reveal.html"
    return render(request, template, context, status=status)
