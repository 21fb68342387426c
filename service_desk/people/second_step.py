"""Where a browser session stands with the second step and when its person last proved who they are."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.db.models import TextChoices
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from service_desk.people import passwords
from service_desk.people.actions import second_step
from service_desk.rest.errors import Refusal
from service_desk.rest.guards import is_marked
from service_desk.rest.problems import ProblemResponse

#: After so long a person proves once more who they are before they see, take or give away what is guarded.
FRESH_SECONDS = 15 * 60
#: Who has read the question has a little longer for the answer, so that no form is lost between the two.
_GRACE_SECONDS = 10 * 60
_STATE, _PROVED, _OLD_PASSWORD = "second_step", "proved_at", "old_password"
#: What stays open before the second step is done.
_OPEN = ("/login/", "/logout/", "/i18n/", "/healthz", "/readyz", "/livez")
_HERE = "/account/second-step/"
#: What stays open to who must change a password that the rule says is too old.
_CHANGED_AT = ("/account/security/", "/account/prove/")

P = ParamSpec("P")
Guarded = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


class State(TextChoices):
    """How far a log-in has come."""

    FREE = "free"
    CODE = "code"
    SET_UP = "set_up"
    DONE = "done"


class SecondStepMiddleware:
    """Nothing of the desk is seen between the password and the second step, whatever door the session knocks at."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let pass, or lead to the page where the code is asked for."""
        if request.session.session_key and request.user.is_authenticated:
            state = state_of(request)
            if state in (State.CODE, State.SET_UP) and not _is_open(request.path, state):
                return _led_to(request, reverse("second-step" if state == State.CODE else "second-step-set-up"))
            if request.session.get(_OLD_PASSWORD) and not request.path.startswith((*_OPEN, *_CHANGED_AT)):
                return _led_to(request, reverse("account-security"))
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, _args: Any, _kwargs: Any) -> HttpResponse | None:
        """Pages of rooms below this one that ask for the proof (`rest.guards`)."""
        if is_marked(view) and request.user.is_authenticated and not is_fresh(request, grace=_grace_of(request)):
            return _led_to(request, reverse("prove"))
        return None


def state_of(request: HttpRequest) -> str:
    """Decided at the log-in and kept in its session: what changes it ends the sessions concerned."""
    if _STATE not in request.session:
        logged_in(sender=None, request=request, user=request.user)
    return str(request.session[_STATE])


def logged_in(*, sender: Any, request: HttpRequest, user: Any, **_more: Any) -> None:
    """Django has let somebody in by password: what this session still lacks. Connected to `user_logged_in`."""
    without = State.SET_UP if second_step.is_demanded(user) else State.FREE
    request.session[_STATE] = str(State.CODE if second_step.is_on(user) else without)
    if passwords.is_over(user):
        request.session[_OLD_PASSWORD] = True
    proved(request)


def passed(request: HttpRequest) -> None:
    """The code was right: this session has all its person has, under a key that was not known before."""
    request.session.cycle_key()
    request.session[_STATE] = str(State.DONE)
    proved(request)


def is_password_old(request: HttpRequest) -> bool:
    """Whether this log-in waits for a new password."""
    return bool(request.session.get(_OLD_PASSWORD))


def password_renewed(request: HttpRequest) -> None:
    """It is new now."""
    request.session.pop(_OLD_PASSWORD, None)


def freed(request: HttpRequest) -> None:
    """There is no second step any more."""
    request.session[_STATE] = str(State.FREE)


def proved(request: HttpRequest) -> None:
    """The person has just shown who they are."""
    request.session[_PROVED] = _now()


def is_fresh(request: HttpRequest, *, grace: int = 0) -> bool:
    """Whether that was lately."""
    return _now() - int(request.session.get(_PROVED, 0)) <= FRESH_SECONDS + grace


def proved_lately(view: Guarded[P]) -> Guarded[P]:
    """For pages that reveal, export or give rights: asks once more who sits there if the last proof is old."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.user.is_authenticated and not is_fresh(request, grace=_grace_of(request)):
            return _led_to(request, reverse("prove"))
        return view(request, *args, **kwargs)

    return guarded


class ProofWanted(Refusal):
    """Who sits at this browser shows once more who they are (403)."""

    status = 403
    code = "proof_wanted"


def demand_proof(request: Any) -> None:
    """The same for REST: a browser's session must have been proved lately; an API key proves itself each time."""
    if request.auth is None and not is_fresh(request, grace=_GRACE_SECONDS):
        raise ProofWanted(
            _("Please show once more that it is you."),
            remedy=_("Open %(page)s in this browser, then try again.") % {"page": reverse("prove")},
        )


def _grace_of(request: HttpRequest) -> int:
    return 0 if request.method in ("GET", "HEAD") else _GRACE_SECONDS


def way_back(request: HttpRequest) -> str:
    """Where the person wanted to go; the desk's own addresses only."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe else reverse("home")


def _led_to(request: HttpRequest, page: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        waits = _("This log-in waits for its second step.") if not is_password_old(request) else ""
        return ProblemResponse(403, waits or _("The password is too old; change it first."), code="second_step")
    if request.path.startswith("/events/"):
        return HttpResponse(status=403)
    if request.headers.get("HX-Request") == "true":
        back = _page_before(request, request.headers.get("HX-Current-URL", ""))
        return HttpResponseClientRedirect(f"{page}?{urlencode({'next': back})}")
    is_page = request.method == "GET"
    back = request.get_full_path() if is_page else _page_before(request, request.headers.get("Referer", ""))
    return HttpResponseRedirect(f"{page}?{urlencode({'next': back})}")


def _page_before(request: HttpRequest, came_from: str) -> str:
    """Where a form stood that cannot be sent again by itself, with its filters; the desk's own addresses only."""
    if not url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure()):
        return "/"
    there = urlsplit(came_from)
    return urlunsplit(("", "", there.path, there.query, "")) or "/"


def _is_open(path: str, state: str) -> bool:
    return path.startswith(_OPEN) or (state == State.SET_UP and path.startswith(_HERE))


def _now() -> int:
    return int(timezone.now().timestamp())
