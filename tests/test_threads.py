"""Requests come whole to their thread and short answers go back whole; what is long goes piece by piece."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import pytest

from service_desk.threads import LONGEST_IN, LONGEST_OUT, Pages

_mark: ContextVar[str] = ContextVar("mark", default="clean")


class Application:
    """Answers what it was sent, `pieces` times, and remembers what happened to it."""

    def __init__(self, *, pieces: int = 1, length: bool = True, fail: bool = False) -> None:
        self.pieces, self.length, self.fail = pieces, length, fail
        self.closed: list[str] = []
        self.marks: list[str] = []
        self.got = b""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        self.marks.append(_mark.get())
        _mark.set("left behind")
        self.got = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if self.fail:
            raise RuntimeError("broken")
        headers = [("Content-Type", "text/plain")]
        if self.length:
            headers.append(("Content-Length", str(len(self.got) * self.pieces)))
        start_response("200 OK", headers)
        return _Body(self)


class _Body:
    def __init__(self, application: Application) -> None:
        self.application = application

    def __iter__(self) -> Iterator[bytes]:
        yield from [self.application.got] * self.application.pieces

    def close(self) -> None:
        self.application.closed.append(threading.current_thread().name)


def ask(application: Application, *bodies: bytes, end: str = "http.request", times: int = 1) -> list[list[Any]]:
    """The messages with which each of `times` requests is answered."""

    async def one(pages: Pages) -> list[Any]:
        sent: list[Any] = []
        coming: list[Any] = [{"type": "http.request", "body": each, "more_body": True} for each in bodies]
        coming.append({"type": end, "body": b"", "more_body": False} if end == "http.request" else {"type": end})
        size = str(sum(map(len, bodies))).encode()
        scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "http_version": "1.1"}

        async def receive() -> Any:
            return coming.pop(0)

        async def send(message: Any) -> None:
            sent.append(message)

        await pages({**scope, "headers": [(b"content-length", size)]}, receive, send)
        return sent

    async def several() -> list[list[Any]]:
        pages = Pages(application, workers=1)
        return [await one(pages) for _ in range(times)]

    return asyncio.run(several())


def body_of(sent: list[Any]) -> bytes:
    return b"".join(message.get("body", b"") for message in sent[1:])


def test_a_short_answer_goes_back_whole() -> None:
    application = Application(pieces=3)
    (sent,) = ask(application, b"ab", b"c")
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert (sent[0]["status"], body_of(sent)) == (200, b"abc" * 3)
    assert application.closed[0].startswith("WSGI")


@pytest.mark.parametrize("length", [True, False])
def test_a_long_answer_and_one_of_unknown_length_go_piece_by_piece(length: bool) -> None:
    pieces = LONGEST_OUT // 1000 + 1 if length else 5
    application = Application(pieces=pieces, length=length)
    (sent,) = ask(application, b"x" * 1000)
    assert len(sent) == pieces + 2
    assert body_of(sent) == b"x" * 1000 * pieces
    assert len(application.closed) == 1


def test_a_long_body_is_read_as_it_comes_and_nothing_of_it_is_lost() -> None:
    piece = b"y" * 100_000
    application = Application()
    (sent,) = ask(application, *[piece] * (LONGEST_IN // len(piece) + 2))
    assert body_of(sent) == application.got == piece * (LONGEST_IN // len(piece) + 2)


def test_half_a_body_is_no_request() -> None:
    application = Application()
    assert ask(application, b"half", end="http.disconnect") == [[]]
    assert application.marks == []


def test_what_fails_is_told_to_the_server() -> None:
    with pytest.raises(RuntimeError, match="broken"):
        ask(Application(fail=True), b"a")


def test_a_request_finds_nothing_of_the_one_before_in_its_thread() -> None:
    application = Application()
    ask(application, b"a", times=2)
    assert application.marks == ["clean", "clean"]
