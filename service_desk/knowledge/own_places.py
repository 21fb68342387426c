"""Transcripts as places where findings were made (P6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from service_desk.knowledge.models import Transcript
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


register("transcript", _transcripts)
