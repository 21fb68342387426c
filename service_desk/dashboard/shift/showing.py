"""A shift sheet in words: what was kept is codes and names; what is confidential by now is kept back (P6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from service_desk.cases.models import Case
from service_desk.cases.rules import Severity
from service_desk.dashboard.shift.drawing import MOST
from service_desk.deadlines.rules import ClockKind

_Facts = Mapping[str, list[dict[str, str]]]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a sheet: how it and two of its columns are headed (blank: there is none), its rows, whether more."""

    title: str
    what: str
    when: str
    rows: list[dict[str, Any]]
    more: bool


def parts_of(facts: _Facts, signed: str, user: Any) -> list[Part]:
    """The parts as this person may read them; those that older sheets do not have are left out."""
    titles = {
        "emergencies": (_("Open emergencies"), "", pgettext("shift sheet", "Since")),
        "clocks": (_("Clocks due in the next shift, and late ones"), _("Clock"), _("Due")),
        "promises": (_("Promises due in the next shift, and late ones"), _("What was promised"), _("Due")),
        "calls": (_("Calls to register and to call back in the next shift"), _("Clock"), _("Due")),
        "hand_overs": (_("Hand-overs without an answer"), _("What remains"), pgettext("shift sheet", "Since")),
    }
    known = _known(facts, user)
    found = []
    for key, heads in titles.items():
        if key in facts:
            rows = [_shown(row, known, signed) for row in facts[key][:MOST]]
            found.append(Part(*heads, rows, len(facts[key]) > MOST))
    return found


def _known(facts: _Facts, user: Any) -> set[str]:
    """The cases of the sheet that this person may know of now: what was ordinary then may be a secret today."""
    numbers = {row["number"] for rows in facts.values() for row in rows if not _of_call(row)}
    return set(Case.objects.visible_to(user).filter(number__in=numbers).values_list("number", flat=True))


def _of_call(row: Mapping[str, str]) -> bool:
    return "call" in row or "message" in row


def _shown(row: Mapping[str, str], known: set[str], signed: str) -> dict[str, Any]:
    late = "" < row.get("due", "") < signed
    kinds, severities = dict(ClockKind.choices), dict(Severity.choices)
    shown = {**row, "late": late, "severity": str(severities.get(row["severity"], ""))}
    shown["what"] = str(kinds.get(row.get("what", ""), row.get("what", "")))
    if "message" in row:
        title = _("Message %(number)s") % {"number": row["message"]}
        return shown | {"number": title, "href": reverse("message-detail", args=[row["message"]])}
    if "call" in row:
        title = row["number"] or _("number withheld")
        return shown | {"number": title, "href": reverse("call-detail", args=[row["call"]])}
    if row["number"] in known:
        return shown | {"href": reverse("case-detail", args=[row["number"]])}
    times = {name: row[name] for name in ("due", "since") if name in row}
    return {"number": _("Confidential"), "href": "", "late": late, **times}
