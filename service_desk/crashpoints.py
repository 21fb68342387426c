"""Named places at which a fault test lets this very process end or freeze; without `DESK_CRASH_AT` they do nothing.

`DESK_CRASH_AT=engine.claimed` kills the process (as kill -9 does) when it passes that place, `engine.claimed:3` when it
passes for the third time, `engine.claimed:1:STOP` freezes it there instead (tests/faults).
"""

from __future__ import annotations

import os
import signal

from django.conf import settings

_name, _, _rest = settings.CRASH_AT.partition(":")
_count, _, _signal = _rest.partition(":")
_left = int(_count or 1)


def passing(name: str) -> None:
    """Say that this place is passed; one string is compared, and that is all outside of a test."""
    if name == _name:
        _end()


def _end() -> None:
    global _left  # how often this process still passes the place, with the time that ends it
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), getattr(signal, f"SIG{_signal or 'KILL'}"))
