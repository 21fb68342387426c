"""One web process on a port that the supervisor holds, so that a restart refuses nobody."""

import argparse
import socket

import uvicorn
from django.conf import settings

GRACE = 3  # seconds an open event stream may delay the end


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
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
