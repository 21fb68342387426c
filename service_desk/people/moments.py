"""Reads a date and time as people type them in a hurry, in the desk's zone; pure, so that every form reads alike."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from zoneinfo import ZoneInfo

_DATE = r"(?:(?P<year>\d{4})[-/.年])?(?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?"
_TIME = r"(?P<hour>\d{1,2})[:时点](?P<minute>\d{1,2})?分?(?::(?P<second>\d{1,2})(?:\.\d+)?)?"
_MOMENT = re.compile(rf"(?:{_DATE})?[T\s]*(?:{_TIME})?", re.IGNORECASE)
_LONGEST = 40


def read_moment(text: str, *, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The moment that `text` names, or None when it names none.

    '14:05' is today, '11-21 14:05' this year, '2026-11-21' its beginning; full-width figures and 年月日 are read too.
    A local time that the zone's clocks skipped or showed twice is read as the earlier one.
    """
    typed = unicodedata.normalize("NFKC", text).strip()
    found = _MOMENT.fullmatch(typed) if typed and len(typed) <= _LONGEST else None
    if found is None or (found["day"] is None and found["hour"] is None):
        return None
    today = now.astimezone(zone)
    try:
        return datetime(
            int(found["year"] or today.year),
            int(found["month"] or today.month),
            int(found["day"] or today.day),
            int(found["hour"] or 0),
            int(found["minute"] or 0),
            int(found["second"] or 0),
            tzinfo=zone,
        )
    except ValueError:
        return None
