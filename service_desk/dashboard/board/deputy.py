"""Calling in a deputy from the board: who has not answered about this case, and who is to be told in their place."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from service_desk.audit.actions import record_refusal
from service_desk.cases.models import Case
from service_desk.cases.views.common import board_below
from service_desk.notices.actions import call_in, deputy_of
from service_desk.notices.kinds import render as words_of
from service_desk.notices.models import Notice
from service_desk.people.access import require
from service_desk.people.fields import PersonField, add_refusal
from service_desk.people.models import Staff
from service_desk.rest.errors import FieldError, NotAllowed, Refusal

#: So many people who have not answered are offered; beyond, the latest of them.
_MOST = 20


class DeputyForm(forms.Form):
    """For whom, and who."""

    notice = forms.ChoiceField(label=gettext_lazy("In place of"))
    deputy = PersonField(
        label=gettext_lazy("Deputy"), help_text=gettext_lazy("Is told the same; whoever answers first has answered.")
    )

    def __init__(self, waiting: list[Notice], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["notice"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            (str(each.key), f"{each.recipient or _('nobody')}: {words_of(each.kind, each.facts).subject}")
            for each in waiting
        ]


@login_required
@require_http_methods(["GET", "POST"])
def deputy(request: HttpRequest, number: str) -> HttpResponse:
    """Show who has not answered, or tell somebody in the place of one of them."""
    user: Any = request.user
    require(user, "board.view")
    case = (
        Case.objects.visible_to(user).select_related("customer").filter(number=number[:40].replace("\x00", "")).first()
    )
    if case is None:
        raise Http404(_("There is no such case."))
    waiting = _waiting(case)
    by_key = {str(each.key): each for each in waiting}
    if request.method == "GET":
        return _page(request, case, DeputyForm(waiting, initial=_proposed(waiting)))
    form = DeputyForm(waiting, request.POST)
    if not form.is_valid():
        return _page(request, case, form, status=422)
    chosen: Staff = form.cleaned_data["deputy"]
    try:
        call_in(notice=by_key[form.cleaned_data["notice"]], deputy=chosen, actor=user)
    except Refusal as refusal:
        if isinstance(refusal, NotAllowed):
            record_refusal(verb=refusal.verb, thing=refusal.thing, actor=user, reason=str(refusal.message))
        add_refusal(form, refusal.errors or [FieldError("", refusal.message, refusal.code, refusal.remedy)])
        return _page(request, case, form, status=409)
    messages.success(request, _("%(name)s has been called in.") % {"name": chosen})
    if not _in_dialog(request):
        return redirect("board")
    return HttpResponse(status=204, headers={"HX-Redirect": board_below(request) or reverse("board")})


def _waiting(case: Case) -> list[Notice]:
    """Who was told of this case and has not answered, the newest of each chain."""
    rows = Notice.objects.waiting().filter(about=f"case:{case.pk}").select_related("recipient").order_by("-id")
    newest: dict[str, Notice] = {}
    for row in rows[: _MOST * 5]:
        newest.setdefault(row.chain, row)
    return list(newest.values())[:_MOST]


def _proposed(waiting: list[Notice]) -> dict[str, Any]:
    """Who the roster, or else the reporting line, would send."""
    if not waiting:
        return {}
    found = Staff.objects.filter(pk=deputy_of(waiting[0]) or 0).first()
    proposed = {"deputy": found.pk, "deputy_text": str(found)} if found else {}
    return {"notice": str(waiting[0].key), **proposed}


def _in_dialog(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _page(request: HttpRequest, case: Case, form: DeputyForm, status: int = 200) -> HttpResponse:
    dialog = _in_dialog(request)
    context = {"case": case, "form": form, "anybody": bool(form.fields["notice"].choices), "in_dialog": dialog}  # type: ignore[attr-defined]
    template = "dashboard/board_deputy_dialog.html" if dialog else "dashboard/board_deputy.html"
    return render(request, template, context, status=status)
