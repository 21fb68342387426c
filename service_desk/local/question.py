"""One patient HTTP request: it waits on the held port until a web process takes it, without piling up others."""

import select
import socket
from types import TracebackType

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - translated for asking, not for listening


class Question:
    """Asks whether the desk is alive; look again with `answered`."""

    def __init__(self, host: str, port: int, name: str) -> None:
        """Remember whom to ask, and by which name."""
        self._address = (_EVERYWHERE.get(host, host), port)
        self._request = f"GET /healthz HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode()
        self._connection: socket.socket | None = None

    def __enter__(self) -> "Question":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._close()

    def answered(self) -> bool:
        """Say whether the first bytes of an answer are there; ask anew if whoever took the request died."""
        try:
            if self._connection is None:
                self._connection = socket.create_connection(self._address, timeout=1)
                self._connection.sendall(self._request)
            if not select.select([self._connection], [], [], 0)[0]:
                return False
            if self._connection.recv(1):
                return True
        except OSError:
            pass  # nobody listens, or the taker died in the middle: both mean "not yet"
        self._close()
        return False

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
