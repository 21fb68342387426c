"""Transcripts and articles as places where findings were made (P6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from service_desk.knowledge.models import Article, Transcript
from service_desk.knowledge.places import Place, register


def _transcripts(user: Any, names: Collection[str]) -> Mapping[str, Place]:
    """`transcript:<number>:<line>`."""
    lines = {name: name.partition(":") for name in names}
    wanted = {int(pk) for pk, _colon, _line in lines.values() if pk.isascii() and pk.isdigit()}
    known = {str(found.pk): found for found in Transcript.objects.visible_to(user).filter(pk__in=wanted)}
    return {
        name: Place(f"{known[pk].title} {line}", f"{known[pk].get_absolute_url()}#line-{line}")
        for name, (pk, _colon, line) in lines.items()
        if pk in known
    }


def _articles(user: Any, names: Collection[str]) -> Mapping[str, Place]:
    """`article:<number>`."""
    wanted = [int(name) for name in names if name.isascii() and name.isdigit()]
    found = Article.objects.visible_to(user).select_related("published").filter(pk__in=wanted)
    return {str(each.pk): Place(str(each), each.get_absolute_url()) for each in found}


register("transcript", _transcripts)
register("article", _articles)
