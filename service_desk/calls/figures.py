"""What a fact about a call was found by, in words: rings, seconds on hold, who hung up (T1-T7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from service_desk.telephony.rules import CallRule, Party

Detail = Mapping[str, Any]


def figures(rule: str, detail: Detail) -> str:
    """The figures of a fact as a sentence; empty when it has none, or figures of an older kind."""
    try:
        return _WORDS[CallRule(rule)](detail)
    except (KeyError, ValueError, TypeError):
        return ""


def _rings(detail: Detail) -> str:
    rings = int(detail["rings"])
    return ngettext("%(n)s ring", "%(n)s rings", rings) % {"n": rings}


def _answer(detail: Detail) -> str:
    return _("%(rings)s, at most %(most)s allowed") % {"rings": _rings(detail), "most": detail["most"]}


def _apology(detail: Detail) -> str:
    return _("%(rings)s, apology from ring %(from)s on") % {"rings": _rings(detail), "from": detail["from"]}


def _outbound(detail: Detail) -> str:
    rings, least, most = _rings(detail), detail["least"], detail["most"]
    return _("%(rings)s, %(least)s to %(most)s due") % {"rings": rings, "least": least, "most": most}


def _hold(detail: Detail) -> str:
    longest, most = round(float(detail["longest"])), round(float(detail["most"]))
    return _("%(longest)s s without a word, at most %(most)s s") % {"longest": longest, "most": most}


def _hung_up(detail: Detail) -> str:
    return _("hung up by: %(who)s") % {"who": Party(detail["ended_by"]).label}


def _transfer(detail: Detail) -> str:
    return _("to %(extension)s, %(at)s") % {"extension": detail["to"], "at": _local(detail["at"])}


def _registered(detail: Detail) -> str:
    return _("to be registered by %(at)s") % {"at": _local(detail["due"])}


def _local(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(ZoneInfo(settings.TIME_ZONE)).strftime("%Y-%m-%d %H:%M")


_WORDS: Mapping[CallRule, Callable[[Detail], str]] = {
    CallRule.ANSWER_RINGS: _answer,
    CallRule.APOLOGY: _apology,
    CallRule.OUTBOUND_RINGS: _outbound,
    CallRule.HOLD: _hold,
    CallRule.HANG_UP: _hung_up,
    CallRule.TRANSFER: _transfer,
    CallRule.REGISTERED: _registered,
}
