"""Real receivers on the loopback: a mail server and a web server that can refuse, hang and drop."""

from __future__ import annotations

import asyncio
import email
import queue
import socket
import threading
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class MailSink:
    """A mail server; `answers` are given to the coming messages, then '250 OK' again."""

    def __init__(self) -> None:
        self.mails: queue.Queue[EmailMessage] = queue.Queue()
        self.answers: list[str] = []
        self.refused_recipients: dict[str, str] = {}
        self.hang = False
        self.controller = Controller(self, hostname="127.0.0.1", port=free_port())
        self.controller.start()

    @property
    def port(self) -> int:
        return self.controller.port

    def stop(self) -> None:
        self.hang = False
        self.controller.stop()

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if address in self.refused_recipients:
            return self.refused_recipients[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        message = email.message_from_bytes(bytes(envelope.original_content or b""), policy=default)
        assert isinstance(message, EmailMessage)
        self.mails.put(message)
        if self.hang:
            await asyncio.Event().wait()
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer == "drop":
            transport: Any = server.transport
            transport.close()
            return "250 OK"
        return answer

    def all(self) -> list[EmailMessage]:
        found = []
        while not self.mails.empty():
            found.append(self.mails.get())
        return found


class WebSink:
    """A web server; `answer(path)` gives status, headers and body of each answer."""

    def __init__(self, answer: Callable[[str], tuple[int, dict[str, str], bytes]] | None = None) -> None:
        self.requests: queue.Queue[tuple[str, dict[str, str], bytes]] = queue.Queue()
        self.answer = answer or (lambda _path: (204, {}, b""))
        self.release = threading.Event()
        self.hang = False
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                sink.requests.put((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                if sink.hang:
                    sink.release.wait(30)
                status, headers, answer = sink.answer(self.path)
                self.send_response(status)
                for name, value in {"Content-Length": str(len(answer)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: Any) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def stop(self) -> None:
        self.release.set()
        self.server.shutdown()
        self.server.server_close()
