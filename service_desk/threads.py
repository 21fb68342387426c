"""Pages on a fixed pool of threads behind an asynchronous server, with one crossing in and one crossing out.

a2wsgi lets the thread ask the loop for the body, for the first line, for each piece and for the end, and wait each
time: six crossings, and at each one side waits until the other lets go of the interpreter. Under load that took
longer than the pages. Here a request comes whole to its thread and a short answer goes back whole. What is long, on
the way in or out, still takes a2wsgi's way, piece by piece, so that no file stands in memory as a whole.
"""

from __future__ import annotations

import asyncio
import contextvars
import io
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from a2wsgi.wsgi import WSGIMiddleware, build_environ

LONGEST_IN = 256 * 1024  # bytes of a body that is handed over whole
LONGEST_OUT = 2 * 1024 * 1024  # bytes of an answer that goes back whole

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


@dataclass(slots=True)
class _Answer:
    """What the application began to answer: status, headers, and the body as far as it is known."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""


class Pages:
    """An ASGI application of a WSGI one; each thread of the pool keeps its database connection."""

    def __init__(self, application: Any, workers: int) -> None:
        self.application = application
        self.piecewise: Any = WSGIMiddleware(application, workers=workers)
        self.pool = self.piecewise.executor  # one pool, whichever way a request takes

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.piecewise(scope, receive, send)
            return
        taken, body = await _whole_body(receive)
        if taken[-1]["type"] == "http.disconnect":
            return  # half a body is no request
        if body is None:
            await self.piecewise(scope, _again(taken, receive), send)
            return
        loop = asyncio.get_running_loop()
        environ = build_environ(scope, io.BytesIO(body))  # type: ignore[arg-type]  # all that WSGI asks of it is to be read
        work = contextvars.copy_context().run
        answer = await loop.run_in_executor(self.pool, work, self._answered, environ, send, loop)
        if answer is not None:
            await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
            await send({"type": "http.response.body", "body": answer.body})

    def _answered(self, environ: Any, send: Send, loop: asyncio.AbstractEventLoop) -> _Answer | None:
        """In a thread: the whole answer; None if it was long and has been sent already."""
        answer = _Answer()

        def start_response(status: str, headers: Iterable[tuple[str, str]], exc_info: Any = None) -> Any:
            answer.status = int(status[:3])
            answer.headers = [(name.lower().encode("latin1"), value.encode("latin1")) for name, value in headers]
            return _no_writing

        pieces = self.application(environ, start_response)
        try:
            if _length(answer.headers) <= LONGEST_OUT:
                answer.body = b"".join(pieces)
                return answer
            self._send_piecewise(answer, pieces, lambda message: _sent(send, message, loop))
            return None
        finally:
            getattr(pieces, "close", _nothing)()

    @staticmethod
    def _send_piecewise(answer: _Answer, pieces: Iterable[bytes], say: Callable[[Any], None]) -> None:
        say({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        for piece in pieces:
            say({"type": "http.response.body", "body": piece, "more_body": True})
        say({"type": "http.response.body", "body": b""})


async def _whole_body(receive: Receive) -> tuple[list[Any], bytes | None]:
    """The messages taken so far, and the body if it has come to its end within the length."""
    taken: list[Any] = []
    size = 0
    while True:
        message = await receive()
        taken.append(message)
        size += len(message.get("body", b""))
        if not message.get("more_body", False):
            return taken, b"".join(each.get("body", b"") for each in taken)
        if size > LONGEST_IN:
            return taken, None


def _again(taken: list[Any], receive: Receive) -> Receive:
    """What was taken comes once more, then the rest."""
    waiting = iter(taken)

    async def receive_again() -> Any:
        for message in waiting:
            return message
        return await receive()

    return receive_again


def _length(headers: Iterable[tuple[bytes, bytes]]) -> int:
    """As the answer itself says it; one that does not say it may be of any length."""
    for name, value in headers:
        if name == b"content-length":
            return int(value)
    return LONGEST_OUT + 1


def _sent(send: Send, message: Any, loop: asyncio.AbstractEventLoop) -> None:
    async def sending() -> None:
        await send(message)

    asyncio.run_coroutine_threadsafe(sending(), loop).result()


def _no_writing(piece: bytes) -> None:
    raise NotImplementedError("Django never writes past its answer.")


def _nothing() -> None:
    """An answer that needs no closing."""
