"""Which calls and messages findings of the language check stand in, for those who may read them (P6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from service_desk.calls.models import CallMessage
from service_desk.calls.seeing import calls_visible_to
from service_desk.knowledge.places import Place, register


def _messages(user: Any, names: Collection[str]) -> Mapping[str, Place]:
    wanted = [int(name) for name in names if name.isascii() and name.isdigit()]
    found = CallMessage.objects.visible_to(user).filter(pk__in=wanted)
    return {str(one.pk): Place(_("Message %(number)d") % {"number": one.pk}, one.get_absolute_url()) for one in found}


def _calls(user: Any, names: Collection[str]) -> Mapping[str, Place]:
    """`call:<primary key>`."""
    wanted = [int(name) for name in names if name.isascii() and name.isdigit()]
    found = calls_visible_to(user).filter(pk__in=wanted)
    return {
        str(one.pk): Place(_("Call %(ref)s") % {"ref": one.ref}, reverse("call-detail", args=[one.ref]))
        for one in found
    }


register("call", _calls)
register("callmessage", _messages)
