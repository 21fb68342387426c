"""The screen of templates, and the templates that fit while somebody writes to a case, filled in for it."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from service_desk.cases.actions.templating import remove_template, save_template
from service_desk.cases.forms.note_templates import NoteTemplateForm, initial_of
from service_desk.cases.models import Case, CaseDeadline, NoteTemplate
from service_desk.cases.models.note_templates import TemplateUse
from service_desk.cases.templating import SLOTS, fill, greeting
from service_desk.cases.views.common import case_for, person
from service_desk.deadlines.clock import now
from service_desk.people.access import can, require
from service_desk.people.fields import add_refusal
from service_desk.people.names import initials
from service_desk.rest.clean import is_clean
from service_desk.rest.errors import Invalid

_SUGGESTED = 8
_SHOWN = 300


@login_required
@require_GET
def template_list(request: HttpRequest) -> HttpResponse:
    """The templates one may use; those one may change have their way to it."""
    user = person(request)
    require(user, "note_template.use")
    found = NoteTemplate.objects.usable_by(user).select_related("owner", "unit", "service_line")[:_SHOWN]
    rows = [(template, bool(can(user, "note_template.change", template))) for template in found]
    return render(request, "cases/note_templates.html", {"rows": rows, "slots": SLOTS.items()})


@login_required
@require_http_methods(["GET", "POST"])
def template_new(request: HttpRequest) -> HttpResponse:
    """Write a template."""
    require(person(request), "note_template.use")
    return _edit(request, None)


@login_required
@require_http_methods(["GET", "POST"])
def template_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a template."""
    template = _template(request, pk)
    require(person(request), "note_template.change", template)
    return _edit(request, template)


@login_required
@require_POST
def template_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a template away."""
    template = _template(request, pk)
    remove_template(actor=person(request), template=template)
    messages.success(request, _("%(name)s is taken away.") % {"name": template.name})
    return redirect("note-template-list")


def _edit(request: HttpRequest, template: NoteTemplate | None) -> HttpResponse:
    user = person(request)
    form = NoteTemplateForm(
        request.POST or None,
        may_share=bool(can(user, "note_template.share")),
        initial=initial_of(template) if template else None,
    )
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_template(actor=user, words=form.words, template=template)
        except Invalid as refusal:
            add_refusal(form, refusal.errors)
        else:
            messages.success(request, _("%(name)s is saved.") % {"name": saved.name})
            return redirect("note-template-list")
    context = {"form": form, "template": template, "slots": SLOTS.items()}
    return render(request, "cases/note_template.html", context, status=422 if form.errors else 200)


def _template(request: HttpRequest, pk: int) -> NoteTemplate:
    found: NoteTemplate | None = NoteTemplate.objects.usable_by(person(request)).filter(pk=pk).first()
    if found is None:
        raise Http404(_("There is no such template."))
    return found


# While somebody writes ------------------------------------------------------------------------------------------------
@login_required
@require_GET
def suggest_templates(request: HttpRequest, number: str) -> JsonResponse:
    """The templates whose name or initials fit `q`, for internal notes or for the customer, filled in for this case."""
    case, user = case_for(request, number), person(request)
    asked = request.GET.get("q", "").strip()
    use = TemplateUse.CUSTOMER if request.GET.get("use") == TemplateUse.CUSTOMER else TemplateUse.NOTE
    if len(asked) > 80 or not is_clean(asked):
        return JsonResponse({"results": []})
    usable = NoteTemplate.objects.usable_by(user).for_line(case.service_line_id).filter(use=use)
    fitting = [template for template in usable[:_SHOWN] if _fits(template.name, asked)][:_SUGGESTED]
    values = slot_values(case, user) if fitting else {}
    results = []
    for template in fitting:
        text = fill(template.text, values)
        results.append({"id": template.pk, "label": template.name, "detail": text[:80], "data": {"text": text}})
    return JsonResponse({"results": results})


def _fits(name: str, asked: str) -> bool:
    folded = asked.casefold()
    return not folded or folded in name.casefold() or initials(name).startswith(folded)


def slot_values(case: Case, user: Any) -> dict[str, str]:
    """What the slots stand for in this case, told by this person now."""
    clocks = CaseDeadline.objects.open().filter(case=case).order_by("due_at")
    due = case.next_promise_at or clocks.values_list("due_at", flat=True).first()
    return {
        "customer": case.customer.name,
        "contact": case.caller_name or (case.contact.name if case.contact else ""),
        "number": case.number,
        "agent": str(user),
        "company": settings.COMPANY_NAME,
        "greeting": greeting(now().astimezone(ZoneInfo(settings.TIME_ZONE))),
        "due": timezone.localtime(due).strftime("%Y-%m-%d %H:%M") if due else "",
    }


__all__ = [
    "slot_values",
    "suggest_templates",
    "template_edit",
    "template_list",
    "template_new",
    "template_remove",
]
