"""The policies: all targets at a glance, one with its versions, and editing it as a new version (C6, D8)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from service_desk.deadlines import applying
from service_desk.deadlines.actions import edit_policy
from service_desk.deadlines.engine import concrete_clocks
from service_desk.deadlines.forms.policies import LadderForms, PolicyForm, StepForm, new_step
from service_desk.deadlines.models import Policy, Rollout
from service_desk.deadlines.rules import ClockKind, ClockState
from service_desk.deadlines.words import (
    LEVELS,
    SEVERITIES,
    Difference,
    calendar_word,
    differences,
    line_word,
    rung,
    severity_word,
    subject_word,
    target_word,
    yes_or_no,
)
from service_desk.people.access import can, require
from service_desk.rest.errors import Invalid, Stale

_VERSIONS_SHOWN = 50
_ROLLOUTS_SHOWN = 10


@dataclass(frozen=True)
class Cell:
    """One target in the table."""

    policy: Policy
    target: str
    counts: str


@dataclass(frozen=True)
class Table:
    """The targets of one service line and kind of case: kinds of clock down, severities across."""

    line: str
    subject: str
    columns: list[str]
    rows: list[tuple[str, list[tuple[str, Cell | None]]]]


@login_required
@require_GET
def policy_list(request: HttpRequest) -> HttpResponse:
    """Every target in force; one query."""
    require(request.user, "policy.view")
    found = Policy.objects.in_force().select_related("service_line", "calendar")
    grouped: dict[tuple[str, str], list[Policy]] = {}
    for policy in found.order_by("service_line", "subject", "severity", "kind"):
        grouped.setdefault((policy.service_line_id, policy.subject), []).append(policy)
    context = {"tables": [_table(policies) for policies in grouped.values()]}
    return render(request, "deadlines/policies.html", context)


def _table(policies: list[Policy]) -> Table:
    cells = {(p.kind, p.severity): Cell(p, target_word(p), calendar_word(p)) for p in policies}
    subject = policies[0].subject
    known = LEVELS if subject == "complaint" else SEVERITIES
    codes = [*known, *sorted({p.severity for p in policies} - set(known))]
    columns = [code for code in codes if any(severity == code for _kind, severity in cells)]
    words = [severity_word(code, subject) for code in columns]
    return Table(
        line=line_word(policies[0].service_line),
        subject=subject_word(policies[0].subject),
        columns=words,
        rows=[
            (
                str(kind.label),
                [(word, cells.get((kind.value, code))) for code, word in zip(columns, words, strict=True)],
            )
            for kind in ClockKind
            if any(name == kind for name, _severity in cells)
        ],
    )


def _same(policy: Policy) -> Any:
    """Every version of the same target, newest first."""
    return (
        Policy.objects.filter(
            service_line=policy.service_line_id, subject=policy.subject, severity=policy.severity, kind=policy.kind
        )
        .select_related("service_line", "calendar", "created_by")
        .order_by("-version")
    )


@login_required
@require_GET
def policy_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One target: what is in force, how it came so, and which clocks still run by earlier versions."""
    require(request.user, "policy.view")
    asked = get_object_or_404(Policy, pk=pk)
    versions = list(_same(asked)[:_VERSIONS_SHOWN])
    present = versions[0]
    running = _running_by_version(versions)
    changes: dict[int, list[Difference]] = {new.pk: differences(old, new) for new, old in pairwise(versions)}
    context = {
        "policy": present,
        "title": _title(present),
        "target": target_word(present),
        "counts": calendar_word(present),
        "may_pause": yes_or_no(present.may_pause),
        "rungs": [rung(step) for step in present.ladder if step.slots],
        "versions": [(version, running.get(version.pk, 0), changes.get(version.pk)) for version in versions],
        "behind": sum(count for key, count in running.items() if key != present.pk),
        "may_edit": can(request.user, "policy.edit", present),
        "rollouts": _rollouts(request, [version.pk for version in versions]),
    }
    return render(request, "deadlines/policy.html", context)


def _title(policy: Policy) -> dict[str, str]:
    return {
        "kind": str(policy.get_kind_display()),
        "line": line_word(policy.service_line),
        "subject": subject_word(policy.subject),
        "severity": severity_word(policy.severity, policy.subject),
    }


def _running_by_version(versions: list[Policy]) -> dict[int, int]:
    """How many clocks run or wait by each version; among the open ones only, which have an index of their own."""
    found: dict[int, int] = {}
    waiting = Q(state__in=(ClockState.RUNNING, ClockState.PAUSED), breached_at=None)
    for model in concrete_clocks():
        rows = model._default_manager.filter(waiting, policy__in=[version.pk for version in versions])
        for pk, count in rows.values("policy").annotate(n=Count("pk")).values_list("policy", "n").order_by():
            found[pk] = found.get(pk, 0) + count
    return found


def _rollouts(request: HttpRequest, policies: list[int]) -> list[Rollout]:
    if not can(request.user, "rollout.view"):
        return []
    found = Rollout.objects.filter(policy__in=policies).select_related("policy", "made_by", "confirmed_by")
    return list(found.defer("lines", "skipped", "again").order_by("-id")[:_ROLLOUTS_SHOWN])


@login_required
@require_http_methods(["GET", "POST"])
def policy_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Edit a target; saving makes a new version that new clocks start with and bends no running one."""
    policy = get_object_or_404(Policy.objects.select_related("service_line", "calendar"), pk=pk)
    require(request.user, "policy.edit", policy)
    if request.method == "GET":
        if policy.retired_at is not None:
            return redirect("policy-edit", pk=_same(policy).values_list("pk", flat=True)[0])
        ladder = LadderForms(
            initial=[StepForm.initial_of(step) for step in policy.steps],
            prefix="steps",
            form_kwargs={"kind": policy.kind},
        )
        return _edit_page(request, policy, PolicyForm(initial=PolicyForm.initial_of(policy), policy=policy), ladder)
    form = PolicyForm(request.POST, policy=policy)
    ladder = LadderForms(request.POST, prefix="steps", form_kwargs={"kind": policy.kind})
    if rearranged := _rearranged(request, ladder):
        form = PolicyForm(initial={name: form[name].value() for name in form.fields}, policy=policy)
        ladder = LadderForms(initial=rearranged, prefix="steps", form_kwargs={"kind": policy.kind})
        return _edit_page(request, policy, form, ladder, typed=True)
    if form.is_valid() & ladder.is_valid():
        return _saved(request, policy, form, ladder)
    return _edit_page(request, policy, form, ladder, status=422)


def _rearranged(request: HttpRequest, ladder: Any) -> list[dict[str, Any]] | None:
    """What was typed with one row more, or with a row one place up; None when the form is to be saved."""
    if not ({"add", "up"} & request.POST.keys()) or not ladder.management_form.is_valid():
        return None
    rows: list[dict[str, Any]] = ladder.raw()
    if "add" in request.POST:
        return [*rows, new_step()]
    place = request.POST["up"]
    if place.isascii() and place.isdigit() and 0 < int(place[:4]) < len(rows):
        number = int(place[:4])
        rows[number - 1], rows[number] = rows[number], rows[number - 1]
    return rows


def _saved(request: HttpRequest, policy: Policy, form: PolicyForm, ladder: Any) -> HttpResponse:
    changes = form.changes()
    if (steps := ladder.steps()) != policy.steps:
        changes["steps"] = steps
    present = _same(policy).first()
    if form.cleaned_data["read"] != present.pk:
        return _overtaken(request, policy, form, present)
    if not changes and present.pk == policy.pk:
        messages.info(request, _("Nothing was changed; the version in force stays."))
        return redirect("policy-detail", pk=policy.pk)
    if present.pk != policy.pk:  # somebody has seen the newer version and wants what was typed all the same
        everything = {"target_seconds", "target_working_days", "calendar_id", "may_pause"}
        changes = {name: getattr(policy, name) for name in everything} | {"steps": policy.steps} | changes
    try:
        newer = edit_policy(policy=present, changes=changes, actor=request.user)
    except Stale:
        return _overtaken(request, policy, form, _same(policy).first())
    except Invalid as refusal:
        for error in refusal.errors:
            form.add_error(None, f"{error.message} {error.remedy}".strip())
        return _edit_page(request, policy, form, ladder, status=422)
    messages.success(request, _("Version %(n)s is in force for new clocks.") % {"n": newer.version})
    return redirect("policy-detail", pk=newer.pk)


def _overtaken(request: HttpRequest, policy: Policy, form: PolicyForm, present: Policy) -> HttpResponse:
    """Somebody else was faster: what was typed stands, beside what they changed; sending again is a choice."""
    data = request.POST.copy()
    data["read"] = str(present.pk)
    read = _same(policy).filter(pk=form.cleaned_data["read"]).first() or policy
    return _edit_page(
        request,
        policy,
        PolicyForm(data, policy=policy),
        LadderForms(data, prefix="steps", form_kwargs={"kind": policy.kind}),
        status=412,
        overtaken={"by": present.created_by, "version": present.version, "differences": differences(read, present)},
    )


def _edit_page(
    request: HttpRequest, policy: Policy, form: PolicyForm, ladder: Any, *, status: int = 200, **more: Any
) -> HttpResponse:
    context = {"policy": policy, "title": _title(policy), "form": form, "ladder": ladder, **more}
    return render(request, "deadlines/policy_edit.html", context, status=status)


@login_required
@require_POST
def policy_apply(request: HttpRequest, pk: int) -> HttpResponse:
    """List what would move if the version in force were laid on the clocks that run by earlier ones."""
    rollout = applying.preview_policy(policy=get_object_or_404(Policy, pk=pk), actor=request.user)
    return redirect("rollout-detail", pk=rollout.pk)
