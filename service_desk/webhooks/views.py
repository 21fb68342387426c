"""The administrator's pages: endpoints and how they are doing, what went out and what came back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from service_desk.deadlines.clock import now
from service_desk.people.access import require
from service_desk.people.fields import add_refusal
from service_desk.people.second_step import proved_lately
from service_desk.rest.errors import Refusal
from service_desk.rest.keyset import BadCursor, Page, page
from service_desk.webhooks import actions
from service_desk.webhooks.forms import AgainForm, EndpointForm
from service_desk.webhooks.models import Endpoint, Post
from service_desk.webhooks.rules import OPEN_STATES, PostState, error_words

_SHOWN = 500
_SIZE = 15
_DAY = timedelta(days=1)


@login_required
@require_http_methods(["GET", "HEAD"])
def endpoint_list(request: HttpRequest) -> HttpResponse:
    """Every endpoint, how it is doing and what waits for it."""
    require(request.user, "webhook.administer")
    moment = now()
    waiting = Count("posts", filter=Q(posts__state__in=OPEN_STATES))
    rows = Endpoint.objects.annotate(waiting=waiting)[:_SHOWN]
    context = {
        "endpoints": [(row, _face(row, moment)) for row in rows],
        "nobody_sends": Post.objects.stuck().exists(),
    }
    return render(request, "webhooks/list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@proved_lately
def endpoint_new(request: HttpRequest) -> HttpResponse:
    """Set one up; its secret is shown once, in the answer."""
    require(request.user, "webhook.administer")
    form = EndpointForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        issued = _tried(form, lambda: actions.create_endpoint(actor=_actor(request), data=form.said()))
        if issued is not None:
            return _show(request, issued.endpoint, issued=issued)
    return render(request, "webhooks/new.html", {"form": form}, status=400 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@proved_lately
def endpoint_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One endpoint: how it is doing, what went out, and its settings."""
    require(request.user, "webhook.administer")
    row = get_object_or_404(Endpoint, pk=pk)
    if request.method != "POST":
        return _show(request, row)
    form = EndpointForm.of(row, request.POST)
    if form.is_valid():
        changed = _tried(form, lambda: actions.change_endpoint(actor=_actor(request), endpoint=row, data=form.said()))
        if changed is not None:
            messages.success(request, _("Saved."))
            return redirect("webhook", pk=pk)
    return _show(request, row, form=form)


@login_required
@require_POST
@proved_lately
def endpoint_do(request: HttpRequest, pk: int, deed: str) -> HttpResponse:
    """Replace or retire the secret, switch, send a test event, or take the endpoint away."""
    require(request.user, "webhook.administer")
    row, actor = get_object_or_404(Endpoint, pk=pk), _actor(request)
    if deed == "rotate":
        return _show(request, row, issued=actions.rotate_secret(actor=actor, endpoint=row))
    said = _deeds(row, actor)[deed]()
    messages.success(request, said)
    return redirect("webhook-list") if deed == "remove" else redirect("webhook", pk=pk)


def _deeds(row: Endpoint, actor: Any) -> dict[str, Callable[[], str]]:
    def retire() -> str:
        actions.retire_old_secret(actor=actor, endpoint=row)
        return _("Only the newest secret signs now.")

    def test() -> str:
        actions.send_test(actor=actor, endpoint=row)
        return _("A test event is on its way; its answer stands in the log below in a moment.")

    def switch(on: bool) -> str:
        actions.switch_endpoint(actor=actor, endpoint=row, on=on)
        return _("Switched on.") if on else _("Switched off; what is waiting goes out when it is on again.")

    def remove() -> str:
        actions.remove_endpoint(actor=actor, endpoint=row)
        return _("%(name)s gets nothing any more.") % {"name": row.name}

    return {
        "retire": retire,
        "test": test,
        "on": lambda: switch(True),
        "off": lambda: switch(False),
        "remove": remove,
    }


@login_required
@require_POST
def endpoint_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Deliver again what happened since a moment."""
    require(request.user, "webhook.administer")
    row = get_object_or_404(Endpoint, pk=pk)
    form = AgainForm(request.POST, now=now())
    if form.is_valid():
        since, missed = form.cleaned_data["since"], form.cleaned_data["what"] == "missed"
        count = _tried(
            form,
            lambda: actions.redeliver_since(actor=_actor(request), endpoint=row, since=since, missed_only=missed),
        )
        if count is not None:
            said = ngettext("%(n)d event goes out again.", "%(n)d events go out again.", count) % {"n": count}
            messages.success(request, said)
            return redirect("webhook", pk=pk)
    return _show(request, row, again=form)


@login_required
@require_POST
def post_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Deliver one again."""
    require(request.user, "webhook.administer")
    post = get_object_or_404(Post.objects.with_all(), pk=pk)
    actions.redeliver(actor=_actor(request), post=post)
    messages.success(request, _("It goes out again."))
    return redirect("webhook", pk=post.endpoint_id)


def _show(
    request: HttpRequest,
    row: Endpoint,
    *,
    form: EndpointForm | None = None,
    again: AgainForm | None = None,
    issued: actions.Issued | None = None,
) -> HttpResponse:
    moment = now()
    fresh = issued.endpoint if issued else row
    wrong = bool((form and form.errors) or (again and again.errors))
    state = request.GET.get("state", "")
    found = _posts(request, row, state)
    sums = row.posts.aggregate(
        waiting=Count("id", filter=Q(state__in=OPEN_STATES)), dead=Count("id", filter=Q(state=PostState.DEAD))
    )
    keep = f"&state={state}" if state in PostState.values else ""
    context = {
        "endpoint": fresh,
        "face": _face(fresh, moment),
        "error": error_words(fresh.last_error),
        "form": form or EndpointForm.of(fresh),
        "again": again or AgainForm(now=moment),
        "issued": issued,
        "posts": [(post, _face_of_post(post), error_words(post.last_try.get("error", ""))) for post in found.items],
        "only_dead": state == PostState.DEAD,
        "previous_url": f"?before={found.previous}{keep}#log" if found.previous else "",
        "next_url": f"?after={found.next}{keep}#log" if found.next else "",
        **sums,
    }
    return render(request, "webhooks/detail.html", context, status=400 if wrong else 200)


def _posts(request: HttpRequest, row: Endpoint, state: str) -> Page[Post]:
    """A page of the log; a cursor that is none begins at the front."""
    rows: Any = Post.objects.with_all().filter(endpoint=row)
    if state in PostState.values:
        rows = rows.filter(state=state)
    cursors = {name: request.GET[name] for name in ("after", "before") if request.GET.get(name)}
    try:
        return page(rows, order=("-id",), size=_SIZE, **cursors)
    except (BadCursor, ValueError):
        return page(rows, order=("-id",), size=_SIZE)


def _face(row: Endpoint, moment: datetime) -> dict[str, str]:
    """How the endpoint is doing, in a word and a shape."""
    if not row.is_active:
        return {"label": _("switched off"), "tone": "" if row.pause_reason == "by_hand" else "late", "shape": "quiet"}
    if row.failing_since is not None:
        shape = (
            {"tone": "late", "shape": "late"}
            if moment - row.failing_since > _DAY
            else {"tone": "warn", "shape": "warn"}
        )
        return {"label": _("failing"), **shape}
    if row.last_success_at is None:
        return {"label": _("nothing sent yet"), "tone": "accent", "shape": "open"}
    return {"label": _("working"), "tone": "met", "shape": "met"}


def _face_of_post(post: Post) -> dict[str, str]:
    faces = {
        PostState.SENT: ("met", "met"),
        PostState.DEAD: ("late", "late"),
        PostState.SENDING: ("accent", "half"),
        PostState.PENDING: ("warn", "warn") if post.tries else ("accent", "open"),
    }
    tone, shape = faces[PostState(post.state)]
    return {"label": str(post.get_state_display()), "tone": tone, "shape": shape}


def _tried(form: Any, work: Callable[[], Any]) -> Any:
    """What the verb gives, or None, with its refusal beside the field it concerns."""
    try:
        return work()
    except Refusal as refusal:
        if refusal.errors:
            add_refusal(form, refusal.errors)
        else:
            form.add_error(None, f"{refusal.message} {refusal.remedy}".strip())
        return None


def _actor(request: HttpRequest) -> Any:
    return request.user
