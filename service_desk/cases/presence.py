"""Who has a case open and who is writing to it, in Redis alone: it forgets a browser that is silent for 20 seconds."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache

from service_desk.cases.models import Case
from service_desk.cases.rules import MOVES
from service_desk.notices.live import EVERYBODY, poke, topic_of
from service_desk.people.models import Staff
from service_desk.redis_line import RedisLine, Silent

log = logging.getLogger(__name__)

#: A page says this often that it is there; one that has said nothing for `LIVES_SECONDS` is gone.
BEAT_SECONDS = 8
LIVES_SECONDS = 20
_MOST = 200  # pages on one case; more is no desk at work
_TIMEOUT = 0.5

# One round trip: forget the silent, note the one who speaks (its time by Redis's own clock), tell who is left.
# KEYS: the case. ARGV: page, what is written there, whether it goes, seconds a page lives, most pages.
_SAY = """
local now, changed = tonumber(redis.call('TIME')[1]), 0
local pages = redis.call('HGETALL', KEYS[1])
for i = 1, #pages, 2 do
  if now - tonumber(string.match(pages[i + 1], '^%d+')) > tonumber(ARGV[4]) then
    redis.call('HDEL', KEYS[1], pages[i]); changed = 1
  end
end
if ARGV[1] ~= '' then
  local before = redis.call('HGET', KEYS[1], ARGV[1])
  if ARGV[3] == '1' then
    if before then redis.call('HDEL', KEYS[1], ARGV[1]); changed = 1 end
  elseif before or redis.call('HLEN', KEYS[1]) < tonumber(ARGV[5]) then
    if not before or string.match(before, '|(.*)$') ~= ARGV[2] then changed = 1 end
    redis.call('HSET', KEYS[1], ARGV[1], now .. '|' .. ARGV[2])
    redis.call('EXPIRE', KEYS[1], tonumber(ARGV[4]) * 2)
  end
end
return {changed, redis.call('HGETALL', KEYS[1])}
"""


@dataclass(frozen=True, slots=True)
class Here:
    """Somebody else who has the case open; `writing` is the label of the move they write, empty when they only look."""

    person: Staff
    writing: str


@cache
def _line() -> RedisLine:
    return RedisLine(seconds=_TIMEOUT, decode=True)


def say(case: Case, staff_id: int, page: str, *, writing: str = "", gone: bool = False) -> list[Here]:
    """This page of this person is open (or closes); who else is there. Open pages are told when that changed."""
    changed, pages = _ask(case.pk, f"{staff_id}:{page}", writing if writing in MOVES else "", gone)
    if changed:
        told = case.told_pages
        topics = [EVERYBODY] if told is None else [topic_of(pk) for pk in sorted(told)]
        for topic in topics:
            poke(topic, "presence", {"case": case.number})
    return _others(pages, staff_id)


def others(case: Case, staff_id: int) -> list[Here]:
    """Who else has the case open."""
    _changed, pages = _ask(case.pk, "", "", gone=False)
    return _others(pages, staff_id)


def _ask(case_id: int, page: str, writing: str, gone: bool) -> tuple[bool, dict[str, str]]:
    """Without Redis nobody is seen, and nothing else suffers."""
    said = (f"presence:{case_id}", page, writing, "1" if gone else "0", LIVES_SECONDS, _MOST)
    try:
        changed, flat = _line().ask(lambda redis: redis.eval(_SAY, 1, *said))
    except Silent as silence:
        log.debug("No presence: %s", silence)
        return False, {}
    return bool(changed), dict(zip(flat[::2], flat[1::2], strict=True))


def _others(pages: dict[str, str], staff_id: int) -> list[Here]:
    """Each person once, however many pages they have open; what they write counts before what they read."""
    writing: dict[int, str] = {}
    for page, value in pages.items():
        pk, verb = int(page.partition(":")[0]), value.partition("|")[2]
        if pk != staff_id:
            writing[pk] = verb or writing.get(pk, "")
    if not writing:
        return []
    people = Staff.objects.filter(pk__in=writing, is_active=True).select_related("unit").order_by("full_name", "pk")
    return [Here(person, str(MOVES[writing[person.pk]].label) if writing[person.pk] else "") for person in people]
