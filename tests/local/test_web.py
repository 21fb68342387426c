"""The port that several web processes share: callers who come at once are shared as well."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from typing import Any

import uvicorn

from service_desk.local.processes import poll_until
from service_desk.local.web import SharingServer

CALLERS = 8
Message = MutableMapping[str, Any]


def test_callers_who_come_at_once_and_stay_are_shared_by_the_web_processes() -> None:
    with ExitStack() as stack:
        port = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        for name in ("one", "two"):
            stack.enter_context(_serving(name, port.dup()))
        lines = [_line(port) for _number in range(CALLERS)]
        for line in lines:
            stack.callback(line.close)
            line.connect()
        served = Counter(_asked(line) for line in lines)
        assert sum(served.values()) == CALLERS
        assert min(served["one"], served["two"]) >= 2, served
        assert Counter(_asked(line) for line in lines) == served, "kept open, each stays where it is"


def test_a_web_process_that_leaves_takes_no_more_and_the_other_has_them_all() -> None:
    with ExitStack() as stack:
        port = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        with _serving("one", port.dup()):
            pass
        stack.enter_context(_serving("two", port.dup()))
        for _number in range(4):
            line = _line(port)
            stack.callback(line.close)
            assert _asked(line) == "two"


def _line(port: socket.socket) -> HTTPConnection:
    return HTTPConnection("127.0.0.1", port.getsockname()[1], timeout=30)


def _asked(line: HTTPConnection) -> str:
    line.request("GET", "/")
    return line.getresponse().read().decode()


@contextmanager
def _serving(name: str, listener: socket.socket) -> Iterator[None]:
    """A server that answers with its name, in a thread with an event loop of its own."""

    async def answer(
        _scope: Message, _receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"3")]})
        await send({"type": "http.response.body", "body": name.encode()})

    server = SharingServer(uvicorn.Config(answer, log_config=None, lifespan="off", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
    thread.start()
    assert poll_until(lambda: server.started, seconds=30)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(30)
    assert not thread.is_alive()
