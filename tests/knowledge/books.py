"""Releases for the tests of the check: the shipped phrasebook, or a few entries of a test's own."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from service_desk.knowledge.language.check import Answer, check
from service_desk.knowledge.language.compiled import Compiled
from service_desk.knowledge.language.release import Release
from service_desk.knowledge.shipped import entries


@cache
def shipped() -> Compiled:
    return Compiled(Release.read(1, entries()))


def book(*items: dict[str, Any]) -> Compiled:
    """A release of banned entries; what a test does not care for is filled in."""
    return Compiled(Release.read(7, [{"category": "impolite", "suggestions": ["您好"], **item} for item in items]))


def found(text: str, direction: str = "to_customer", speaker: str = "agent") -> list[tuple[str, str]]:
    """Entry and phrase of each finding of the shipped phrasebook."""
    return pairs(check(shipped(), text, direction, speaker))


def pairs(answer: Answer) -> list[tuple[str, str]]:
    return [(f.entry, f.phrase) for f in answer.findings]


def copy(content: Any) -> Any:
    return json.loads(json.dumps(content))
