"""The port that several web processes share: whoever has nothing to do takes the next connection, and only one."""

from __future__ import annotations

import socket
from asyncio import BaseTransport, Protocol, SelectorEventLoop
from collections.abc import Sequence
from contextlib import ExitStack

from service_desk.local.web import QUEUE, SharedListener

CALLERS = 5


def test_connections_that_wait_are_taken_one_at_a_time_so_that_the_next_is_for_whoever_is_free() -> None:
    """Two event loops stand for two processes; one that took all it finds would leave the other without work."""
    loops = SelectorEventLoop(), SelectorEventLoop()
    taken: list[list[BaseTransport]] = [[], []]
    with ExitStack() as stack:
        listener = stack.enter_context(_listener())
        servers = [
            loop.run_until_complete(
                loop.create_server(lambda mine=mine: _Taken(mine), sock=_same(listener), backlog=1)  # type: ignore[misc]
            )
            for loop, mine in zip(loops, taken, strict=True)
        ]
        for _number in range(CALLERS):
            stack.enter_context(socket.create_connection(listener.getsockname()))
        _turn(loops, 4 * CALLERS)
        for server, mine in zip(servers, taken, strict=True):
            server.close()
            for transport in mine:
                transport.close()
        _turn(loops, 3)
        for loop in loops:
            loop.close()
    assert sum(map(len, taken)) == CALLERS
    assert min(map(len, taken)) >= CALLERS // 2


def test_the_queue_of_the_kernel_stays_long_whatever_the_event_loop_asks_for() -> None:
    with ExitStack() as stack:
        listener = stack.enter_context(_listener())
        listener.listen(1)
        for _number in range(20):  # with a queue of one the third would wait a second for its packet to be sent again
            stack.enter_context(socket.create_connection(listener.getsockname(), timeout=0.9))
    assert QUEUE > 20


class _Taken(Protocol):
    def __init__(self, mine: list[BaseTransport]) -> None:
        self.mine = mine

    def connection_made(self, transport: BaseTransport) -> None:
        self.mine.append(transport)


def _turn(loops: Sequence[SelectorEventLoop], turns: int) -> None:
    """Let each have so many turns, one after the other."""
    for _turn in range(turns):
        for loop in loops:
            loop.call_soon(loop.stop)
            loop.run_forever()


def _listener() -> SharedListener:
    return SharedListener(fileno=socket.create_server(("127.0.0.1", 0)).detach())


def _same(listener: SharedListener) -> SharedListener:
    """The same port as another process has it."""
    return SharedListener(fileno=listener.dup().detach())
