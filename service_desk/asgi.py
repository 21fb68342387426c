"""The web entry: event streams run on Django's asynchronous side, everything else on a fixed pool of threads.

A thread of the pool keeps its database connection, which Django's own ASGI handler cannot (it gives each
request a thread of its own, and psycopg2 has no pool in Django): measured in `bench/`, argued in
`docs/decisions/web-server.md`.
"""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "service_desk.settings")

from a2wsgi import WSGIMiddleware
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application

streams = get_asgi_application()
_wsgi: Any = get_wsgi_application()
pages: Any = WSGIMiddleware(_wsgi, workers=settings.WEB_THREADS)

STREAM_PREFIX = "/events/stream/"


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Send a request to the side that serves its kind."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["path"].startswith(STREAM_PREFIX):
        await streams(scope, receive, send)
    else:
        await pages(scope, receive, send)


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
