"""What a change would move, clock by clock, before anything is applied; its confirmation and its progress (D2, D8)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from service_desk.deadlines import applying, preview
from service_desk.deadlines.calendar_words import day_changes
from service_desk.deadlines.models import Rollout
from service_desk.deadlines.preview import Line, lines_of
from service_desk.deadlines.rules import ClockKind, RolloutState
from service_desk.deadlines.words import differences, line_word, severity_word, target_word
from service_desk.people.access import can, require
from service_desk.rest.errors import Stale

PAGE = 50
_DAYS_SHOWN = 400


def _rollout(pk: int) -> Rollout:
    found = Rollout.objects.select_related(
        "policy__service_line", "policy__calendar", "calendar__current", "base", "version", "made_by", "confirmed_by"
    )
    return get_object_or_404(found, pk=pk)


@login_required
@require_GET
def rollout_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The list with its sums; while a worker is at it, how far it has come (asked again by the page)."""
    require(request.user, "rollout.view")
    rollout = _rollout(pk)
    context = {**_head(rollout), **_progress(rollout)}
    if request.headers.get("HX-Request") == "true" and context["at_work"]:
        return render(request, "deadlines/rollout_progress.html", context)
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    thing = rollout.policy or rollout.calendar
    may = can(request.user, "policy.apply" if rollout.policy_id else "calendar.edit", thing)
    return render(request, "deadlines/rollout.html", {**context, **_listed(request, rollout), "may_apply": may})


def _head(rollout: Rollout) -> dict[str, Any]:
    if rollout.policy is not None:
        policy = rollout.policy
        severity = severity_word(policy.severity, policy.subject)
        words = f"{line_word(policy.service_line)} · {severity} · {policy.get_kind_display()}"
        back = reverse("policy-detail", args=[policy.pk])
    else:
        words, back = str(rollout.calendar), reverse("calendar-detail", args=[rollout.calendar_id])
    return {"rollout": rollout, "what": words, "back": back, "state": RolloutState(rollout.state)}


def _progress(rollout: Rollout) -> dict[str, Any]:
    total = len(rollout.lines)
    return {
        "at_work": rollout.state in RolloutState.at_work(),
        "done": rollout.place,
        "total": total,
        "percent": rollout.place * 100 // total if total else 0,
    }


def _listed(request: HttpRequest, rollout: Rollout) -> dict[str, Any]:
    lines = lines_of(rollout)
    seen = preview.visible(lines, request.user) if lines else []
    start = _start(request, len(seen))
    shown = seen[start : start + PAGE]
    subjects = preview.subjects(shown, request.user) if shown else {}
    skipped = {(rollout.lines[index][0], rollout.lines[index][1]) for index in rollout.skipped}
    return {
        "sums": _sums(lines),
        "hidden": len(lines) - len(seen),
        "rows": [
            {
                "line": line,
                "kind": ClockKind(line.kind).label if line.kind in ClockKind.values else line.kind,
                "subject": subjects.get((line.label, line.clock)),
                "skipped": (line.label, line.clock) in skipped,
            }
            for line in shown
        ],
        "skipped_count": len(skipped),
        "from_row": start + 1,
        "to_row": start + len(shown),
        "seen": len(seen),
        "next_url": f"?from={start + PAGE}" if start + PAGE < len(seen) else "",
        "previous_url": f"?from={max(0, start - PAGE)}" if start else "",
        **_what_changes(rollout),
    }


def _start(request: HttpRequest, total: int) -> int:
    """Which row the page begins with: the list is kept as it was made, so its rows have lasting numbers."""
    text = request.GET.get("from", "0")
    start = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
    return start if start < total else 0


def _sums(lines: list[Line]) -> dict[str, int]:
    return {
        "clocks": len(lines),
        "moves": sum(line.moves for line in lines),
        "late": sum(line.late for line in lines),
        "fires": sum(bool(line.fires) for line in lines),
        "paused": sum(line.paused and not line.stays for line in lines),
        "stays": sum(line.stays for line in lines),
    }


def _what_changes(rollout: Rollout) -> dict[str, Any]:
    """The change itself, in words: between two versions of a policy, or day by day of a calendar."""
    if rollout.policy is not None:
        same = {name: getattr(rollout.policy, name) for name in ("service_line_id", "subject", "severity", "kind")}
        before = (
            type(rollout.policy)
            .objects.filter(**same, version=rollout.policy.version - 1)
            .select_related("calendar")
            .first()
        )
        return {
            "target": target_word(rollout.policy),
            "differences": differences(before, rollout.policy) if before else [],
        }
    days = day_changes(rollout.base.data if rollout.base else {}, rollout.draft)
    return {"days": days[:_DAYS_SHOWN], "more_days": max(0, len(days) - _DAYS_SHOWN), "draft": rollout.draft}


@login_required
@require_POST
def rollout_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Apply exactly what was shown; if that is no longer so, the new list is shown instead."""
    rollout = _rollout(pk)
    try:
        done = applying.confirm(rollout=rollout, actor=request.user, token=request.POST.get("token", "")[:64])
    except Stale as refusal:
        again = applying.list_again(rollout=rollout, actor=request.user)
        applying.drop(rollout=rollout, actor=request.user)
        messages.warning(request, f"{refusal.message} {refusal.remedy}")
        return redirect("rollout-detail", pk=again.pk)
    if done.state == RolloutState.DONE:
        messages.success(request, _("Applied. Each clock's history says so."))
    return redirect("rollout-detail", pk=done.pk)


@login_required
@require_POST
def rollout_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the list anew."""
    again = applying.list_again(rollout=_rollout(pk), actor=request.user)
    return redirect("rollout-detail", pk=again.pk)


@login_required
@require_POST
def rollout_drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave everything as it is."""
    rollout = _rollout(pk)
    applying.drop(rollout=rollout, actor=request.user)
    messages.info(request, _("Nothing was applied."))
    return redirect(_head(rollout)["back"])
