"""The release in force in this process: compared with the database at most every two seconds, swapped as a whole (K4).

A newer release is built beside the old one and put in its place by one assignment; if it cannot be built, the old
one stays and the log says so. A process that has just begun has no old one: its first questions wait until there is
one, and a web process builds it before they come. Nothing is cached that PostgreSQL does not say, so a process that
missed every message is right within two seconds all the same.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

from django.db import DatabaseError
from django.utils.translation import gettext as _

from service_desk.knowledge.language.check import Answer, check
from service_desk.knowledge.language.compiled import Compiled
from service_desk.knowledge.language.release import Release
from service_desk.knowledge.models import BookRelease, LanguageFinding
from service_desk.knowledge.rules import Speaker

EVERY = 2.0  # seconds
_log = logging.getLogger(__name__)
_EMPTY = ("", 0)
_NONE = ("", -1)
_MOST_TOLD = 3  # findings of one text that are told of; all are kept
_OLDER = 5  # releases that a process which begins tries if the newest cannot be used


class Current:
    """The matcher of one process."""

    def __init__(self) -> None:
        self._compiled = Compiled(Release(0, ()))
        self._is: tuple[str, int] = _EMPTY
        self._failed = _NONE
        self._begun = False  # whether there is one that says what the book says
        self._looked = float("-inf")
        self._building = threading.Lock()

    def get(self, *, newest: bool = False) -> Compiled:
        """The release in force; `newest` asks the database at once, as sending does."""
        if not newest and self._begun and time.monotonic() - self._looked < EVERY:
            return self._compiled
        found = BookRelease.objects.newest().values_list("sha256", "number").first() or _EMPTY
        self._looked = time.monotonic()
        if found in (self._is, self._failed):
            self._begun = True
        else:
            self._swap(found, wait=newest or not self._begun)
        return self._compiled

    def _swap(self, found: tuple[str, int], *, wait: bool) -> None:
        """Build beside the old one; who is not in need of the newest goes on with the old one meanwhile."""
        if not self._building.acquire(blocking=wait):
            return
        try:
            if found in (self._is, self._failed):
                return
            if self._put_in_force(found) or self._begun:
                return
            older = BookRelease.objects.newest().filter(number__lt=found[1]).values_list("sha256", "number")
            any(self._put_in_force(other) for other in older[:_OLDER])
            self._failed = found
        finally:
            self._building.release()

    def _put_in_force(self, found: tuple[str, int]) -> bool:
        """Build it and let it take the place of what there is; whether it could be built."""
        try:
            if found == _EMPTY:
                made = Compiled(Release(0, ()))
            else:
                content = BookRelease.objects.values_list("content", flat=True).get(number=found[1])
                made = Compiled(Release.read(found[1], content))
        except (ValueError, TypeError, KeyError, AttributeError):
            self._failed = found
            _log.exception("phrasebook release %s cannot be used; %s stays in force", found[1], self._is[1])
            return False
        self._compiled, self._is, self._begun = made, found, True
        _log.info("phrasebook release %s in force", found[1])
        return True


_current = Current()


def compiled(*, newest: bool = False) -> Compiled:
    """The release in force in this process."""
    return _current.get(newest=newest)


def build_ahead() -> None:
    """Build the release in force before anybody asks; what is in the way now is met again by the first who does."""
    try:
        compiled()
    except DatabaseError:
        _log.warning("the phrasebook could not be read yet; the first check reads it")


def check_text(text: str, direction: str, speaker: str = Speaker.AGENT, *, newest: bool = False) -> Answer:
    """Hold a text against the release in force."""
    return check(compiled(newest=newest), text, direction, speaker)


def told_of(found: Sequence[LanguageFinding]) -> list[str]:
    """Findings in words, the first few: the phrase, what is wrong with it, and what its entry proposes instead."""
    return [_told(one) for one in found[:_MOST_TOLD]]


def _told(finding: LanguageFinding) -> str:
    told = _("Language: “%(phrase)s” is %(category)s.") % {
        "phrase": finding.phrase,
        "category": finding.get_category_display(),
    }
    suggestions = next((entry.suggestions for entry in compiled().entries if entry.code == finding.entry), ())
    return f"{told} {_('Say instead: %(phrase)s') % {'phrase': suggestions[0]}}" if suggestions else told
