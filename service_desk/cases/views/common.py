"""What the pages of a case share: finding it for this person, and knowing whether only a fragment is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.contrib import messages
from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Now
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from service_desk.cases.models import Case, CaseEvent
from service_desk.cases.present import with_what_is_there
from service_desk.kept import keep
from service_desk.knowledge.current import told_of
from service_desk.knowledge.models import LanguageFinding
from service_desk.people.models import Staff
from service_desk.people.rules import READING_ROLES

_LONGEST_URL = 2000
_NAMED = ("customer", "contact", "product_type", "service_line", "request_type")
#: Often one person in several parts: fetched together, since PostgreSQL plans a dozen joins longer than it runs them.
_PEOPLE = ("handler", "first_responder", "graded_by", "registered_by", "told_once_by")


@keep
def _visible(number: str, person: int, *, reads: bool, parts: bool) -> QuerySet[Case]:
    cases = Case.objects.known_to(person, reads=reads).select_related(*_NAMED).defer("customer__grams")
    newest = CaseEvent.objects.filter(case=OuterRef("pk")).order_by("-id").values("id")[:1]
    cases = cases.annotate(read_at=Now(), newest_event=Subquery(newest)).filter(number=number).order_by()
    return with_what_is_there(cases) if parts else cases


@keep
def _people(*numbers: int) -> QuerySet[Staff]:
    return Staff.objects.select_related("unit").filter(pk__in=numbers).order_by()


def case_for(request: HttpRequest, number: str, *, parts: bool = False) -> Case:
    """The case with everything its page names; 404 alike for one that is not there and one that is not theirs (P6).

    With `parts` it knows which of them it has (`cases.present`).
    """
    user: Any = request.user
    active = user.is_authenticated and user.is_active
    reads = active and user.has_role(*READING_ROLES)
    found = _visible.first(number, user.pk, reads=reads, parts=parts) if active else None
    if found is None:
        raise Http404(_("There is no such case."))
    held_by = {name: pk for name in _PEOPLE if (pk := getattr(found, f"{name}_id")) is not None}
    people = {each.pk: each for each in _people(*dict.fromkeys(held_by.values()))}
    for name, pk in held_by.items():
        setattr(found, name, people[pk])
    return found


def read_at(case: Case) -> datetime:
    """When the case of `case_for` was read, by the database's clock."""
    moment: datetime = getattr(case, "read_at")  # noqa: B009 - an annotation of the query
    return moment


def seen_at(case: Case) -> int:
    """The number of the newest line of the timeline when the case of `case_for` was read."""
    newest: int | None = getattr(case, "newest_event")  # noqa: B009 - an annotation of the query
    return newest or 0


def wants_part(request: HttpRequest) -> bool:
    """Whether htmx asks, for the dialog or a part of a page."""
    return request.headers.get("HX-Request") == "true"


def way_back(request: HttpRequest) -> str:
    """Where the button of a form stood, if the form says so; blank for an address that is not of this desk."""
    asked = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if safe and asked.startswith("/") else ""


def board_below(request: HttpRequest) -> str:
    """The page of the board on which the dialog of this request was opened; blank for every other page."""
    try:
        opened = urlsplit(request.headers.get("HX-Current-URL", "")[:_LONGEST_URL])
    except ValueError:  # "http://[" is no address
        return ""
    if not opened.path.startswith(reverse("board")):
        return ""
    return urlunsplit(("", "", opened.path, opened.query, ""))


def person(request: HttpRequest) -> Any:
    """Who is logged in; the pages are behind `login_required`."""
    return request.user


def tell_found(request: HttpRequest, found: Sequence[LanguageFinding]) -> None:
    """Say what the language check found in what was saved (K3); it is kept for inspection either way."""
    for told in told_of(found):
        messages.warning(request, told)


def last_event(case: Case) -> int:
    """The number of the newest line of the timeline: what this person has seen."""
    newest: int | None = case.events.aggregate(newest=Max("pk"))["newest"]
    return newest or 0
