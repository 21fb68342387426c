"""A small client of Asterisk's manager interface: logs in, reads messages for as long as the line holds."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

LONGEST_LINE = 64 * 1024


class AmiError(ConnectionError):
    """The manager refused us or broke off."""


@dataclass(frozen=True, slots=True)
class AmiAddress:
    """Where the manager listens, and as whom we come."""

    host: str
    port: int
    username: str
    secret: str


class AmiConnection:
    """One session with the manager."""

    def __init__(self, address: AmiAddress, *, connect_seconds: float = 10.0, silence_seconds: float = 60.0) -> None:
        self._socket = socket.create_connection((address.host, address.port), timeout=connect_seconds)
        self._socket.settimeout(silence_seconds)
        self._lines = self._socket.makefile("rb")
        try:
            self._login(address)
        except BaseException:
            self.close()
            raise

    def messages(self) -> Iterator[dict[str, str]]:
        """Message after message; ends when the manager closes the line, raises `AmiError` when it falls silent."""
        while True:
            message = self._message()
            if message is None:
                return
            if message:
                yield message

    def ping(self) -> None:
        """Ask for a sign of life, so that silence means a dead line."""
        self._send({"Action": "Ping"})

    def ask_running(self, action_id: str) -> None:
        """Ask which channels there are now; the answers come among everything else, under this id."""
        self._send({"Action": "CoreShowChannels", "ActionID": action_id})

    def end(self) -> None:
        """Break the line from another thread or a signal; whoever reads sees its end."""
        with suppress(OSError):  # it is down already
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Hang up."""
        self._lines.close()
        self._socket.close()

    def _login(self, address: AmiAddress) -> None:
        greeting = self._line()
        if greeting is None or not greeting.startswith("Asterisk Call Manager"):
            raise AmiError("There is no Asterisk manager at this address.")
        self._send(
            {"Action": "Login", "Username": address.username, "Secret": address.secret, "Events": "call,agent,system"}
        )
        for message in self.messages():
            if message.get("Response") == "Success":
                return
            if message.get("Response") == "Error":
                raise AmiError(message.get("Message", "The manager refused the login."))
        raise AmiError("The manager closed the line during the login.")

    def _send(self, fields: dict[str, str]) -> None:
        clean = ((key, value.replace("\r", "").replace("\n", "")) for key, value in fields.items())
        self._socket.sendall("".join(f"{key}: {value}\r\n" for key, value in clean).encode() + b"\r\n")

    def _message(self) -> dict[str, str] | None:
        found: dict[str, str] = {}
        while True:
            line = self._line()
            if line is None:
                return None
            if not line:
                return found
            key, _colon, value = line.partition(":")
            found[key.strip()] = value.strip()

    def _line(self) -> str | None:
        try:
            raw = self._lines.readline(LONGEST_LINE)
        except TimeoutError as error:
            raise AmiError("The manager has fallen silent.") from error
        if not raw:
            return None
        return raw.decode("utf-8", "replace").replace("\0", "").rstrip("\r\n")
