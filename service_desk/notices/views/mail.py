"""The local mail folder on the screen, as long as no mail server is configured."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from service_desk.notices import mailfolder
from service_desk.people.access import can


@require_GET
@login_required
def mail_folder(request: HttpRequest) -> HttpResponse:
    """The newest messages: all for an administrator, one's own for everybody else."""
    _demand_in_use()
    mails = mailfolder.newest(only_to=_only_to(request))
    return render(request, "notices/mail_folder.html", {"mails": mails, "all": _only_to(request) is None})


@require_GET
@login_required
def mail_message(request: HttpRequest, key: str) -> HttpResponse:
    """One message: its headers, its text, its links."""
    _demand_in_use()
    mail = mailfolder.one(key, only_to=_only_to(request))
    if mail is None:
        raise Http404
    return render(request, "notices/mail_message.html", {"mail": mail})


def _demand_in_use() -> None:
    if not mailfolder.in_use():
        raise Http404


def _only_to(request: HttpRequest) -> str | None:
    return None if can(request.user, "notice.mail_folder") else getattr(request.user, "email", "")
