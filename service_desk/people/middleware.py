"""Each request knows its door, its person's language and its log-in's end; a refusal is audited after roll-back."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation

from service_desk.audit.actions import record_refusal
from service_desk.audit.context import acting
from service_desk.people.own_sessions import LONGEST_AGENT
from service_desk.rest.errors import NotAllowed, Refusal

IDLE_SECONDS = 30 * 60
_TOUCH_SECONDS = 60
_BEGAN = "began"


class DeskMiddleware:
    """Sets the acting context, the language of the person, and ends sessions that are idle or old."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Run the request inside its acting context."""
        request_id = uuid.uuid4().hex
        door = (
            "rest" if request.path.startswith("/api/") else "admin" if request.path.startswith("/admin/") else "screen"
        )
        self._end_if_over(request)
        self._speak_their_language(request)
        with acting(door=door, ip=client_ip(request), request_id=request_id):
            response = self.get_response(request)
        response.headers["X-Request-Id"] = request_id
        response.headers["X-Server-Time"] = timezone.now().isoformat()
        if request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A refusal that no page caught becomes a plain page of its own; one for lack of rights is audited."""
        if isinstance(error, NotAllowed):
            record_refusal(verb=error.verb, thing=error.thing, actor=request.user, reason=str(error.message))
        if isinstance(error, Refusal) and not request.path.startswith("/api/"):
            return render(request, "errors/refusal.html", {"refusal": error}, status=error.status)
        return None

    @staticmethod
    def _end_if_over(request: HttpRequest) -> None:
        """Nothing was done for long, or the log-in itself is too old: each save moves Django's own expiry on."""
        if not request.session.session_key or not request.user.is_authenticated:
            return
        now = int(timezone.now().timestamp())
        seen = int(request.session.get("seen", now))
        if now - seen > IDLE_SECONDS or now - int(request.session.get(_BEGAN, now)) > settings.SESSION_COOKIE_AGE:
            logout(request)
        elif "seen" not in request.session or (now - seen > _TOUCH_SECONDS and _is_deliberate(request)):
            request.session["seen"] = now
            request.session.setdefault(_BEGAN, now)
            # For the list of one's own log-ins, where a stranger's shows (people.own_sessions).
            request.session["ip"] = client_ip(request) or ""
            request.session["agent"] = request.headers.get("User-Agent", "")[:LONGEST_AGENT]

    @staticmethod
    def _speak_their_language(request: HttpRequest) -> None:
        language = getattr(request.user, "language", "")
        if language and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            translation.activate(language)
            request.LANGUAGE_CODE = language


def _is_deliberate(request: HttpRequest) -> bool:
    """Whether a person did this: what an open page asks for by itself does not keep a session alive."""
    by_itself = request.method == "GET" and request.headers.get("HX-Request") == "true"
    return not by_itself and not request.path.startswith("/events/")


def client_ip(request: HttpRequest) -> str | None:
    """The address of the caller: the proxy's word for it only as far as TRUSTED_PROXIES reaches."""
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    if settings.TRUSTED_PROXIES and len(hops) >= settings.TRUSTED_PROXIES:
        return str(hops[-settings.TRUSTED_PROXIES])
    return str(request.META.get("REMOTE_ADDR", "")) or None
