"""What stands outside of the house: a mail server and a web server on loopback that remember all that came.

Both can be told to misbehave. They live in this process, each in threads of its own.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

logging.getLogger("mail.log").setLevel(logging.ERROR)  # else a line for each command of each message


def free_port() -> int:
    """A port on loopback that nobody has at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Arrival:
    """One copy of one message."""

    message_id: str
    to: str
    at: float  # time.monotonic()


@dataclass
class Manners:
    """How the mail server behaves; change it while it runs."""

    delay: float = 0.0  # seconds from DATA to the answer
    hang_after_data: bool = False  # takes the message, never answers
    drop_after_data: bool = False  # takes the message, answers 250 and is gone before it is read
    drop_after_word: bool = False  # its 250 is read; then the line breaks instead of a farewell
    later: set[str] = field(default_factory=set)  # 451 for these recipients
    never: set[str] = field(default_factory=set)  # 550 for these recipients


class MailSink:
    """An SMTP server that keeps (Message-ID, recipient, when) of each copy that it has accepted."""

    def __init__(self) -> None:
        self.manners = Manners()
        self.port = free_port()
        self.letters: deque[bytes] = deque(maxlen=200)  # the last ones as they came
        self.broken_farewells = 0  # lines broken where a farewell was due
        self._arrivals: list[Arrival] = []
        self._lock = threading.Lock()
        self._controller: Controller | None = None

    def start(self) -> None:
        """Listen; again after `stop` on the same port."""
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, ready_timeout=20)
        self._controller.start()

    def stop(self) -> None:
        """Refuse every connection from now on."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def arrivals(self) -> list[Arrival]:
        """Every copy that was accepted, in order."""
        with self._lock:
            return list(self._arrivals)

    def copies(self) -> Counter[str]:
        """How many copies came of each Message-ID."""
        return Counter(arrival.message_id for arrival in self.arrivals())

    def extra_copies(self) -> int:
        """Copies beyond the first of each message."""
        return sum(self.copies().values()) - len(self.copies())

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if address in self.manners.later:
            return "451 try again later"
        if address in self.manners.never:
            return "550 nobody of that name"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        manners = self.manners
        if manners.hang_after_data:
            self._keep(envelope)
            await asyncio.sleep(3600)
        if manners.delay:
            await asyncio.sleep(manners.delay)
        self._keep(envelope)
        if manners.drop_after_data and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return "250 OK"

    async def handle_QUIT(self, server: SMTP, _session: Session, _envelope: Envelope) -> str:
        if self.manners.drop_after_word and isinstance(server.transport, asyncio.Transport):
            self.broken_farewells += 1
            server.transport.abort()
        return "221 Bye"

    def _keep(self, envelope: Envelope) -> None:
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        message_id = str(BytesHeaderParser().parsebytes(raw)["Message-ID"]).strip()
        self.letters.append(raw)
        with self._lock:
            self._arrivals += [Arrival(message_id, to, time.monotonic()) for to in envelope.rcpt_tos]


@dataclass(frozen=True)
class Post:
    """One request that came."""

    message_id: str
    path: str
    body: bytes
    at: float


class HookSink:
    """A web server that keeps every POST with its `webhook-id`."""

    def __init__(self) -> None:
        self.status = 200
        self.delay = 0.0
        self.posts: list[Post] = []
        self.called = threading.Event()  # a GET has come
        self.calls = 0  # how many
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                sink.posts.append(Post(self.headers.get("webhook-id", ""), self.path, body, time.monotonic()))
                if sink.delay:
                    time.sleep(sink.delay)
                self.send_response(sink.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self) -> None:
                sink.calls += 1
                sink.called.set()
                self.send_response(sink.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def until_called(self, seconds: float = 10.0) -> None:
        """Wait for the first GET."""
        assert self.called.wait(seconds), "nobody called"

    def copies(self) -> Counter[str]:
        """How many copies came of each webhook-id."""
        return Counter(post.message_id for post in list(self.posts))
