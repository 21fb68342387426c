"""One voice for many processes: every line of the log carries the name of the process that said it."""

import errno
import os
import sys
from typing import TextIO

_COLOURS = (36, 32, 33, 35, 34, 96, 92, 93, 95, 94)
LONGEST_LINE = 64 * 1024


class Log:
    """Writes whole lines, each with a prefix, in colour when a person watches."""

    def __init__(self, stream: TextIO | None = None, *, width: int = 10) -> None:
        """Write to `stream` (standard output by default)."""
        self.stream = stream or sys.stdout
        self.width = width
        self.coloured = self.stream.isatty() and not os.environ.get("NO_COLOR")
        self._numbers: dict[str, int] = {}

    def line(self, name: str, text: str) -> None:
        """Write one line said by the process `name`."""
        prefix = f"{name:<{self.width}} |"
        if self.coloured:
            number = self._numbers.setdefault(name, len(self._numbers))
            prefix = f"\033[{_COLOURS[number % len(_COLOURS)]}m{prefix}\033[0m"
        try:
            self.stream.write(f"{prefix} {text}\n")
            self.stream.flush()
        except BrokenPipeError:
            # Whoever read our log is gone (`up | head`); the desk itself goes on.
            self.stream = open(os.devnull, "w")  # noqa: PTH123, SIM115 - stays open as long as the process
        except OSError as error:
            # The disk under a log that goes into a file is full; who keeps the desk alive must not end with it.
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise

    def plain(self, text: str) -> None:
        """Write text of our own."""
        for each in text.splitlines():
            self.line("desk", each)


class Lines:
    """Cuts the bytes of a pipe into lines."""

    def __init__(self) -> None:
        """Begin with nothing read."""
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """Take bytes, give the whole lines among them; one without end is cut so that memory stays small."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            whole.append(self._rest)
            self._rest = b""
        return [line.decode("utf-8", "replace").rstrip("\r") for line in whole]

    def rest(self) -> list[str]:
        """Give what is left when the pipe has closed."""
        left, self._rest = self._rest, b""
        return [left.decode("utf-8", "replace")] if left else []
