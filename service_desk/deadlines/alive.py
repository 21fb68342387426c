"""Calls a watchman outside of the house as long as clocks are kept; his alarm is that the calls stop (RELIABILITY 20).

Nothing inside can report that the whole machine is gone.
"""

from __future__ import annotations

import logging
import threading

import requests
from django.conf import settings

from service_desk.deadlines import engine
from service_desk.deadlines.rules import DEAD_DOOR_SECONDS

log = logging.getLogger(__name__)

_SECONDS = 5.0


def well() -> bool:
    """Whether a sweep ran within ten seconds, nobody waits to be told, and no clock is broken."""
    state = engine.health()
    swept = state["sweep_age"] is not None and state["sweep_age"] <= DEAD_DOOR_SECONDS
    return bool(swept and state["overdue"] == 0 and state["broken"] == 0)


def call() -> bool:
    """Call ALIVE_URL if there is one and all is well; the auditor does not wait for the answer. Whether it called."""
    if not settings.ALIVE_URL or not well():
        return False
    threading.Thread(target=_get, args=[settings.ALIVE_URL], name="alive", daemon=True).start()
    return True


def _get(url: str) -> None:
    try:
        requests.get(url, timeout=_SECONDS).raise_for_status()
    except requests.RequestException as error:
        log.warning("The watchman did not answer: %s", type(error).__name__)  # the address may hold a secret
