"""One web process on a port that the supervisor holds, so that a restart refuses nobody."""

import argparse
import socket

import uvicorn
from django.conf import settings

GRACE = 3  # seconds an open event stream may delay the end
QUEUE = 2048  # connections that may wait in the kernel until somebody takes them


class SharedListener(socket.socket):
    """A listening socket that several processes take connections from, one at a time.

    asyncio takes as many connections in one go as its backlog says, so that the process that wakes first has them all
    and, since browsers and proxies keep them open, all the work for minutes: two web processes were as fast as one.
    With a backlog of one whoever has nothing to do takes the next. The kernel's queue has its own length.
    """

    def listen(self, backlog: int = QUEUE) -> None:
        """Keep the queue of the kernel long, whatever the event loop asks for."""
        super().listen(max(backlog, QUEUE))


def main() -> None:
    """Serve the desk on the inherited socket until told to end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fd", type=int, required=True, help="number of the inherited listening socket")
    listener = SharedListener(fileno=parser.parse_args().fd)
    config = uvicorn.Config(
        "service_desk.asgi:application",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="on",
        backlog=1,
        # Behind a proxy the client's address comes from its headers; which proxies count: FORWARDED_ALLOW_IPS.
        proxy_headers=settings.TRUSTED_PROXIES > 0,
        timeout_graceful_shutdown=GRACE,
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
