"""One web process on a port that the supervisor holds, so that a restart refuses nobody."""

import argparse
import asyncio
import logging
import socket
from contextlib import suppress

import uvicorn
from django.conf import settings

logger = logging.getLogger(__name__)

GRACE = 3  # seconds an open event stream may delay the end
#: Seconds in which another process may take the next connection before this one does.
TURN = 0.001


class SharingServer(uvicorn.Server):
    """Takes connections from a port that it shares with other processes, one at a time, with a breath between two.

    Left to the event loop, the process that wakes first takes all connections that wait, and since browsers, proxies
    and phone systems keep theirs open, it has all the work from then on: two processes were as fast as one.
    """

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin without any port of uvicorn's own, then take from those that were given."""
        await super().startup(sockets=[])
        self._taking = [asyncio.create_task(self._take(listener)) for listener in sockets or []]

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more, then let go of what is open as uvicorn does."""
        for task in self._taking:
            task.cancel()
        await asyncio.gather(*self._taking, return_exceptions=True)
        await super().shutdown(sockets=sockets)

    async def _take(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        listener.setblocking(False)
        while True:
            try:
                connection, _address = await loop.sock_accept(listener)
            except OSError as error:  # too many open files: those that are waiting are kept by the kernel
                logger.warning("no connection can be taken, trying again: %s", error)
                await asyncio.sleep(1.0)
                continue
            with suppress(OSError):  # hung up meanwhile
                await loop.connect_accepted_socket(self._protocol, connection)
            await asyncio.sleep(TURN)

    def _protocol(self) -> asyncio.Protocol:
        """What uvicorn makes of each connection on a port of its own."""
        made: asyncio.Protocol = self.config.http_protocol_class(
            config=self.config,  # type: ignore[call-arg]  # uvicorn calls the class a Protocol, and itself so
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        return made


def main() -> None:
    """Serve the desk on the inherited socket until told to end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fd", type=int, required=True, help="number of the inherited listening socket")
    listener = socket.socket(fileno=parser.parse_args().fd)
    config = uvicorn.Config(
        "service_desk.asgi:application",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="on",
        # Behind a proxy the client's address comes from its headers; which proxies count: FORWARDED_ALLOW_IPS.
        proxy_headers=settings.TRUSTED_PROXIES > 0,
        timeout_graceful_shutdown=GRACE,
    )
    SharingServer(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
