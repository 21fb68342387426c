"""A lean HTTP client in a process of its own: keep-alive sockets, prepared requests, so that the desk has the cores.

Reads its order as JSON from standard input and answers with JSON: the seconds each request took.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any


def _request(order: dict[str, Any], number: int) -> bytes:
    body = json.dumps({**order["body"], "fault": f"{order['body']['fault']} {number}"}).encode()
    head = (
        f"POST {order['path']} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {order['key']}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    )
    if order["idempotent"]:
        head += f"Idempotency-Key: {order['mark']}-{number}\r\n"
    return head.encode() + b"\r\n" + body


def whole_answer(line: socket.socket) -> tuple[bytes, bytes]:
    """One whole answer: the status line and headers, and the body."""
    held = b""
    while (end := held.find(b"\r\n\r\n")) < 0:
        held += _more(line)
    head = held[:end]
    length = next(
        int(each.partition(b":")[2]) for each in head.split(b"\r\n") if each.lower().startswith(b"content-length")
    )
    while len(held) < end + 4 + length:
        held += _more(line)
    return head, held[end + 4 :]


def _more(line: socket.socket) -> bytes:
    data = line.recv(65536)
    if not data:
        raise ConnectionError("the desk closed the connection in the middle of an answer")
    return data


def _caller(order: dict[str, Any], numbers: range, start: threading.Barrier, seconds: list[float]) -> None:
    line = socket.create_connection(("127.0.0.1", order["port"]))
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    prepared = [_request(order, number) for number in numbers]
    start.wait()
    for request in prepared:
        began = time.perf_counter()
        line.sendall(request)
        head, _body = whole_answer(line)
        seconds.append(time.perf_counter() - began)
        if not head.startswith(b"HTTP/1.1 201"):
            raise ConnectionError(head.decode())
    line.close()


def all_at_once(count: int, work: Callable[[int, threading.Barrier, list[float]], None]) -> tuple[float, list[float]]:
    """Let so many threads begin together: how long all of them took, and what each of them noted."""
    start = threading.Barrier(count + 1)
    spent: list[list[float]] = [[] for _ in range(count)]
    threads = [threading.Thread(target=work, args=(place, start, spent[place])) for place in range(count)]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began, [value for some in spent for value in some]


def main() -> None:
    """Carry out one order: `count` requests over `callers` connections."""
    order = json.load(sys.stdin)
    callers, each = order["callers"], order["count"] // order["callers"]
    wall, taken = all_at_once(
        callers, lambda place, start, spent: _caller(order, range(place * each, (place + 1) * each), start, spent)
    )
    if len(taken) != callers * each:
        sys.exit("a request failed")
    json.dump({"wall": wall, "seconds": taken}, sys.stdout)


if __name__ == "__main__":
    main()
