"""Asks a virus scanner (ClamAV's clamd) about a file: its own plain protocol, in some forty lines.

clamd 1.0.2, the client on PyPI, is of 2014; the protocol is one command, the content in pieces with their lengths, and
one line of answer.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

_PIECE = 64 * 1024
_LONGEST_ANSWER = 4096
_SECONDS = 30
_CLEAN, _FOUND = "OK", "FOUND"


class NoVerdict(Exception):  # noqa: N818 - it names what is the matter
    """The scanner breaks off, hangs, or says that it could not look: the file stays unchecked."""


class ScannerAway(NoVerdict):
    """It cannot even be reached: nor will it be for the next file."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the scanner found; an empty name is nothing."""

    virus: str = ""


def is_on() -> bool:
    """Whether the settings name a scanner."""
    return bool(settings.CLAMAV)


def scan(path: Path) -> Verdict:
    """Ask about one file, piece by piece; raises NoVerdict whenever the answer is not a plain yes or no."""
    try:
        wire = _connected()
    except OSError as error:
        raise ScannerAway(f"{type(error).__name__}: {error}") from error
    try:
        with wire:
            wire.sendall(b"zINSTREAM\0")
            with path.open("rb") as content:
                while piece := content.read(_PIECE):
                    wire.sendall(struct.pack("!L", len(piece)) + piece)
            wire.sendall(struct.pack("!L", 0))
            return _read(_answer(wire))
    except OSError as error:
        raise NoVerdict(f"{type(error).__name__}: {error}") from error


def _connected() -> socket.socket:
    """`unix:///run/clamav/clamd.ctl` or `tcp://127.0.0.1:3310`."""
    where = urlsplit(settings.CLAMAV)
    if where.scheme == "tcp":
        return socket.create_connection((where.hostname or "127.0.0.1", where.port or 3310), timeout=_SECONDS)
    wire = socket.socket(socket.AF_UNIX)
    wire.settimeout(_SECONDS)
    try:
        wire.connect(where.path)
    except OSError:
        wire.close()
        raise
    return wire


def _answer(wire: socket.socket) -> str:
    said = b""
    while not said.endswith(b"\0") and len(said) < _LONGEST_ANSWER:
        piece = wire.recv(_LONGEST_ANSWER)
        if not piece:
            break
        said += piece
    return said.rstrip(b"\0\n").decode(errors="replace")


def _read(said: str) -> Verdict:
    """'stream: OK', 'stream: Eicar-Test-Signature FOUND'; anything else is no verdict."""
    words = said.removeprefix("stream: ")
    if words == _CLEAN:
        return Verdict()
    if words.endswith(f" {_FOUND}"):
        return Verdict(words.removesuffix(f" {_FOUND}").replace("\0", "")[:120] or "?")
    raise NoVerdict(said[:200] or "no answer")
