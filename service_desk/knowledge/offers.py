"""Approved phrases as they are offered: while somebody types (`::` and initials), as replacements, in a call script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Case, IntegerField, Q, When

from service_desk.deadlines.clock import now
from service_desk.knowledge.models import PhraseVersion, ScriptLine
from service_desk.knowledge.rules import PhraseKind, Situation
from service_desk.knowledge.scripts import day_part, fill

_OFFERED = 8


@dataclass(frozen=True, slots=True)
class Spoken:
    """A line of a script as it is to be said now."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Scene:
    """A situation of a call and what to say in it."""

    code: str
    label: str
    lines: list[Spoken]


def facts_for(user: Any, **known: str) -> dict[str, str]:
    """What slots can be filled with: the company, the one who speaks, and what the caller of this knows besides."""
    return {
        "company": settings.COMPANY_NAME,
        "hotline": settings.SERVICE_HOTLINE,
        "agent": str(user),
        **{name: value for name, value in known.items() if value},
    }


def offered(asked: str) -> list[PhraseVersion]:
    """The approved phrases that begin with these initials or hold these words; of equal ones the shortest first."""
    phrases = PhraseVersion.objects.in_force().filter(phrase__kind=PhraseKind.APPROVED).select_related("phrase")
    folded = asked.strip().lower()
    if folded:
        wanted = Q(initials__startswith=folded) | Q(text__icontains=folded) | Q(phrase__code__iexact=folded)
        rank = Case(When(initials__startswith=folded, then=0), default=1, output_field=IntegerField())
        return list(phrases.filter(wanted).order_by(rank, "initials", "phrase__code")[:_OFFERED])
    return list(phrases.order_by("phrase__code")[:_OFFERED])


def script(service_line_id: str | None, facts: Mapping[str, str]) -> list[Scene]:
    """What to say, situation by situation; a service line's own lines stand in place of the general ones (K5)."""
    part = day_part(now().astimezone(ZoneInfo(settings.TIME_ZONE)).hour)
    rows = list(ScriptLine.objects.of_line(service_line_id).with_words())
    scenes = []
    for situation in Situation:
        lines = [row for row in rows if row.situation == situation]
        chosen = [row for row in lines if row.service_line_id is not None] or lines
        fitting = [row for row in chosen if row.day_part in ("", part)]
        if fitting:
            scenes.append(Scene(situation.value, str(situation.label), _spoken(fitting, facts)))
    return scenes


def _spoken(rows: Iterable[Any], facts: Mapping[str, str]) -> list[Spoken]:
    return [Spoken(row.code, fill(row.words, facts)) for row in sorted(rows, key=lambda row: (row.position, row.pk))]
