"""Makes the PNG of a screenshot small: 256 colours, of which a page of text has few more; by zlib alone."""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOURS = 256
Colour = tuple[int, ...]


def smaller(picture: bytes) -> bytes:
    """The same picture with a palette of its most frequent colours; each other one becomes the nearest of them."""
    chunks = list(_chunks(picture))
    width, height, _depth, kind = struct.unpack(">IIBB", chunks[0][1][:10])
    step = {2: 3, 6: 4}[kind]
    lines = _lines(zlib.decompress(b"".join(data for name, data in chunks if name == b"IDAT")), width * step, step)
    pixels = [[tuple(line[at : at + 3]) for at in range(0, len(line), step)] for line in lines]
    counted = Counter(pixel for line in pixels for pixel in line)
    palette = [colour for colour, _count in counted.most_common(COLOURS)]
    index = {colour: _nearest(colour, palette) for colour in counted}
    body = b"".join(b"\0" + bytes(index[pixel] for pixel in line) for line in pixels)
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    colours = b"".join(bytes(colour) for colour in palette)
    return SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in (
            (b"IHDR", head),
            (b"PLTE", colours),
            (b"IDAT", zlib.compress(body, 9)),
            (b"IEND", b""),
        )
    )


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(picture):
        (length,) = struct.unpack(">I", picture[at : at + 4])
        yield picture[at + 4 : at + 8], picture[at + 8 : at + 8 + length]
        at += 12 + length


def _lines(raw: bytes, size: int, step: int) -> Iterator[bytearray]:
    """The lines of a picture with PNG's filters undone."""
    above = bytearray(size)
    for start in range(0, len(raw), size + 1):
        line = bytearray(raw[start + 1 : start + 1 + size])
        _undo(raw[start], line, above, step)
        yield line
        above = line


def _undo(how: int, line: bytearray, above: bytearray, step: int) -> None:
    if how == 0:
        return
    for at in range(len(line)):
        left = line[at - step] if at >= step else 0
        corner = above[at - step] if at >= step else 0
        guess = (left, above[at], (left + above[at]) // 2, _paeth(left, above[at], corner))[how - 1]
        line[at] = (line[at] + guess) & 255


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda value: abs(guess - value))


def _nearest(colour: Colour, palette: list[Colour]) -> int:
    return min(range(len(palette)), key=lambda at: sum((a - b) ** 2 for a, b in zip(colour, palette[at], strict=True)))
