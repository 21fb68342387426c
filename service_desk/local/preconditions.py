"""What must hold before anything starts, each failure said in plain words with its remedy."""

import errno
import fcntl
import json
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import redis

from service_desk.local.processes import StartError, poll_until

ENOUGH_DISK = 300 * 1024 * 1024
LOCK_FILE = "up.lock"


def usable_folder(folder: Path) -> None:
    """Demand a folder that takes files, on a disk with room."""
    remedy = "Set SERVICE_DESK_DATA to a folder that you may write to."
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as trial:
            trial.write(b"room for a page")
        free = shutil.disk_usage(folder).free
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StartError(f"The disk that holds {folder} is full. Free some space and start again.") from error
        raise StartError(f"The data folder {folder} cannot be used: {error.strerror}.\n{remedy}") from error
    if free < ENOUGH_DISK:
        raise StartError(
            f"The disk that holds {folder} is almost full: {free // 2**20} MB are free, the desk asks for "
            f"{ENOUGH_DISK // 2**20} MB.\nFree some space, or set SERVICE_DESK_DATA to a folder on another disk."
        )


@contextmanager
def sole_owner(folder: Path, address: str) -> Iterator[bool]:
    """Hold the data folder for this process alone; yields whether its last owner ended without cleaning up."""
    path = folder / LOCK_FILE
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StartError(_already_running(lock.read(), folder)) from error
        unclean = bool(lock.read())
        lock.seek(0)
        lock.truncate()
        lock.write(json.dumps({"pid": os.getpid(), "address": address}))
        lock.flush()
        try:
            yield unclean
        finally:
            lock.seek(0)
            lock.truncate()


def is_owned(folder: Path) -> bool:
    """Say whether a desk runs on this data folder."""
    path = folder / LOCK_FILE
    if not path.exists():
        return False
    with path.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def _already_running(note: str, folder: Path) -> str:
    try:
        facts = json.loads(note)
        who = f"at {facts['address']} (process {facts['pid']})"
    except (ValueError, KeyError, TypeError):
        who = "and is just starting or stopping"
    return (
        f"The desk is already running {who} on the data folder {folder}.\n"
        "Use that one, or stop it first with Ctrl-C in its window. A second desk needs a SERVICE_DESK_DATA of its own."
    )


def bound_port(host: str, port: int, *, patience: float) -> socket.socket:
    """Take the web port now, so that a conflict shows before anything starts; `patience` waits for a dying owner."""
    if not 0 < port < 65536:
        raise StartError(f"WEB_PORT is {port}; a port is a number from 1 to 65535.")
    problem: list[OSError] = []

    def attempt() -> bool:
        problem.clear()
        try:
            taken.append(_bind(host, port))
        except OSError as error:
            problem.append(error)
            return error.errno != errno.EADDRINUSE
        return True

    taken: list[socket.socket] = []
    poll_until(attempt, seconds=patience, every=0.2)
    if taken:
        return taken[0]
    raise StartError(_port_trouble(host, port, problem[0])) from problem[0]


def _bind(host: str, port: int) -> socket.socket:
    family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(1024)
    except OSError:
        listener.close()
        raise
    return listener


def _port_trouble(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is in use by another program.\n"
            f"Stop that program, or choose another port: WEB_PORT={port + 1} make run"
        )
    if error.errno == errno.EACCES:
        return f"Port {port} may not be opened by this user. Choose one above 1023, for example WEB_PORT=8000."
    return f"The desk cannot listen on {host} port {port}: {error.strerror}. Check WEB_HOST and WEB_PORT."


def reachable_database(url: str) -> None:
    """Demand a PostgreSQL that answers, and create the database in it if it is missing and we may."""
    try:
        psycopg2.connect(url, connect_timeout=5).close()
    except psycopg2.OperationalError as first:
        if not _created(url):
            raise StartError(
                f"The database at {without_password(url)} does not answer:\n{str(first).strip()}\n"
                "Check DATABASE_URL and that the server runs; without DATABASE_URL the desk brings its own."
            ) from first
    except psycopg2.ProgrammingError as error:
        raise StartError(f"DATABASE_URL cannot be read: {str(error).strip()}") from error


def _created(url: str) -> bool:
    parts = urlsplit(url)
    name = parts.path.lstrip("/")
    try:
        connection = psycopg2.connect(urlunsplit(parts._replace(path="/postgres")), connect_timeout=5)
    except psycopg2.OperationalError:
        return False
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if cursor.fetchone():
                return False
            cursor.execute('CREATE DATABASE "{}"'.format(name.replace('"', '""')))
    except psycopg2.Error as error:
        raise StartError(
            f"The database '{name}' does not exist and could not be created: {str(error).strip()}\n"
            f"Create it as an administrator of the server: createdb {name}"
        ) from error
    finally:
        connection.close()
    return True


def redis_trouble(url: str) -> str | None:
    """Say what is wrong with Redis, if anything: the desk starts without it, only slower (sentinels do its work)."""
    try:
        client = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
    except ValueError as error:
        raise StartError(f"REDIS_URL cannot be read: {error}") from error
    try:
        client.ping()
    except redis.RedisError as error:
        return f"Redis at {without_password(url)} does not answer: {error}"
    finally:
        client.close()
    return None


def without_password(url: str) -> str:
    """Make an address fit for a log."""
    parts = urlsplit(url)
    if not parts.password:
        return url
    return url.replace(f":{parts.password}@", ":***@", 1)
