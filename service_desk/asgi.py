"""The web entry: event streams run on Django's asynchronous side, everything else on a fixed pool of threads.

A thread of the pool keeps its database connection, which Django's own ASGI handler cannot (it gives each
request a thread of its own, and psycopg2 has no pool in Django): measured in `bench/`, argued in
`docs/decisions/web-server.md`.
"""

import asyncio
import os
from importlib import import_module
from typing import Any
from weakref import WeakKeyDictionary

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "service_desk.settings")

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application

from service_desk.threads import Pages

streams = get_asgi_application()
_wsgi: Any = get_wsgi_application()

from service_desk.dashboard import measured  # once the rooms are there
from service_desk.knowledge.current import build_ahead

import_module(settings.ROOT_URLCONF)  # every page and its forms: two seconds that the first to ask would wait for

pages = Pages(_wsgi, workers=settings.WEB_THREADS)

STREAM_PREFIX = "/events/stream/"
#: So many streams open at once: while one opens, its log-in is read over a connection of its own. Without this, two
#: hundred pages that come back together after a restart would take every connection PostgreSQL has.
OPENING = 8
_gates: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Send a request to the side that serves its kind."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["path"].startswith(STREAM_PREFIX):
        await _stream(scope, receive, send)
    else:
        await pages(scope, receive, send)


async def _stream(scope: Any, receive: Any, send: Any) -> None:
    """A stream waits its turn to open; once its first words are out it holds no place and no connection."""
    gate = _gates.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(OPENING))
    await gate.acquire()
    opening = True

    async def passing(message: Any) -> None:
        nonlocal opening
        if opening and message["type"] == "http.response.body":
            opening = False
            gate.release()
        await send(message)

    try:
        await streams(scope, receive, passing)
    finally:
        if opening:
            gate.release()


async def _lifespan(receive: Any, send: Any) -> None:
    pages.pool.submit(build_ahead)  # beside the first pages, which need not wait for it
    measured.begin()
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
