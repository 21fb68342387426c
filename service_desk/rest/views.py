"""The pages of the REST interface: its documentation, and the keys that administrators issue and revoke."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request

from service_desk.rest import documentation
from service_desk.rest.actions import issue_key, revoke_key
from service_desk.rest.base import DeskAPIView
from service_desk.rest.errors import Invalid, NotAllowed
from service_desk.rest.forms import KeyForm
from service_desk.rest.guards import asks_once_more
from service_desk.rest.models import ApiKey

_SHOWN = 500
_NAMES = {"allowed_networks": "networks", "expires_at": "days"}


class SchemaView(DeskAPIView):
    """The OpenAPI description, for everybody who is known, by session or by any key."""

    permission_classes = [IsAuthenticated]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """As JSON, whatever is asked for."""
        return JsonResponse(
            documentation.description(get_language() or ""), content_type="application/vnd.oai.openapi+json"
        )


@login_required
@require_GET
def docs(request: HttpRequest) -> HttpResponse:
    """Every operation on one page, drawn by the server: nothing is fetched from elsewhere and no script runs."""
    language = get_language() or ""
    groups = documentation.operations(documentation.description(language))
    return render(request, "rest/docs.html", {"groups": groups, "operations": _drawn(language)})


@lru_cache(maxsize=4)
def _drawn(language: str) -> str:
    """The operations as HTML, half a megabyte that changes with the program only."""
    groups = documentation.operations(documentation.description(language))
    return render_to_string("rest/operations.html", {"groups": groups})


@login_required
@require_http_methods(["GET", "POST"])
@asks_once_more
def key_list(request: HttpRequest) -> HttpResponse:
    """All keys, and the form for a new one; its text is shown once, in the answer to the form."""
    actor = _administrator(request, "apikey.list")
    form = KeyForm(request.POST or None)
    issued: tuple[ApiKey, str] | None = None
    if request.method == "POST" and form.is_valid():
        try:
            issued = _issue(actor, form.cleaned_data)
        except Invalid as refusal:
            for error in refusal.errors:
                name = _NAMES.get(error.field, error.field)
                form.add_error(name if name in form.fields else None, f"{error.message} {error.remedy}".strip())
        else:
            form = KeyForm()
    keys = ApiKey.objects.select_related("owner").annotate(asked_at=Now()).order_by("-id")[:_SHOWN]
    status = 400 if form.errors else 200
    return render(request, "rest/keys.html", {"form": form, "keys": keys, "issued": issued}, status=status)


@login_required
@require_POST
@asks_once_more
def key_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a key useless from now on."""
    actor = _administrator(request, "apikey.revoke")
    key = get_object_or_404(ApiKey.objects.select_related("owner"), pk=pk)
    revoke_key(actor=actor, key=key)
    messages.success(request, _("The key %(name)s is revoked.") % {"name": key.name})
    return redirect("api-key-list")


def _issue(actor: Any, given: dict[str, Any]) -> tuple[ApiKey, str]:
    return issue_key(
        actor=actor,
        owner=given["owner"],
        name=given["name"],
        scopes=given["scopes"],
        expires_at=ApiKey.objects.database_now() + timedelta(days=given["days"]),
        allowed_networks=given["networks"],
    )


def _administrator(request: HttpRequest, verb: str) -> Any:
    if not getattr(request.user, "is_superuser", False):
        raise NotAllowed(_("Only an administrator manages API keys."), verb=verb, thing="-")
    return request.user
