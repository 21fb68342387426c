"""Breaks things, by process id only, and proves each time that they really broke."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.faults.house import House
from tests.nursery import gone as gone


def seed_of_run() -> int:
    """The seed of this run: FAULTS_SEED replays one, else a new one; printed either way."""
    seed = int(os.environ.get("FAULTS_SEED") or random.SystemRandom().randrange(1, 10**6))
    print(f"\nFAULTS_SEED={seed}", file=sys.stderr, flush=True)
    return seed


@dataclass
class Clock:
    """How long something took, on this machine's running time."""

    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began


def until(ready: Callable[[], bool], *, seconds: float, what: str, every: float = 0.05) -> float:
    """Look again and again; give the seconds it took, or fail saying what did not come."""
    clock = Clock()
    while not ready():
        assert clock.seconds < seconds, f"after {seconds:.0f} s still not: {what}"
        time.sleep(every)
    return clock.seconds


def kill(process: psutil.Process) -> None:
    """kill -9, and it is gone."""
    process.send_signal(signal.SIGKILL)
    until(lambda: gone(process), seconds=10, what=f"{process.pid} killed", every=0.002)


def freeze(process: psutil.Process) -> None:
    """SIGSTOP, and the kernel says so of it."""
    process.send_signal(signal.SIGSTOP)
    until(lambda: state_of(process.pid) == "T", seconds=5, what=f"{process.pid} frozen", every=0.002)


def thaw(process: psutil.Process) -> None:
    """SIGCONT, and the kernel says so of it."""
    process.send_signal(signal.SIGCONT)
    until(lambda: state_of(process.pid) != "T", seconds=5, what=f"{process.pid} thawed", every=0.002)


def state_of(pid: int) -> str:
    """One letter of /proc: R, S, D, T (stopped), Z (zombie); '' for nobody."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


# --- Redis -----------------------------------------------------------------------------------------------------


def redis_client(house: House) -> redis.Redis:
    """A client of that house's Redis."""
    return redis.Redis(unix_socket_path=str(house.redis_socket), socket_timeout=5)


def redis_away(house: House) -> bool:
    """Whether nobody answers there."""
    client = redis_client(house)
    try:
        client.ping()
    except redis.RedisError:
        return True
    finally:
        client.close()
    return False


def flush_redis(house: House) -> None:
    """FLUSHALL, with something in it before and nothing after."""
    client = redis_client(house)
    client.set("faults:mark", 1)
    assert client.dbsize() >= 1
    client.flushall()
    assert client.get("faults:mark") is None
    client.close()


def stop_redis(house: House, *, hard: bool) -> None:
    """SHUTDOWN NOSAVE or kill -9; nobody answers afterwards. `house.servers.mend()` starts it again."""
    server = house.servers.redis
    assert server is not None
    assert server.process is not None
    if hard:
        server.process.kill()
    else:
        client = redis_client(house)
        client.shutdown(nosave=True)
        client.close()
    server.process.wait(10)
    assert redis_away(house)


def pause_redis(house: House, seconds: float) -> None:
    """CLIENT PAUSE: connections stand, answers do not come."""
    client = redis_client(house)
    assert client.client_pause(int(seconds * 1000))
    client.close()
    assert redis_silent(house), "Redis answers although it is paused"


def redis_silent(house: House) -> bool:
    """Whether it takes a connection and then says nothing."""
    quick = redis.Redis(unix_socket_path=str(house.redis_socket), socket_timeout=0.3, retry=Retry(NoBackoff(), 0))
    try:
        quick.ping()
    except redis.TimeoutError:
        return True
    finally:
        quick.close()
    return False


# --- PostgreSQL ------------------------------------------------------------------------------------------------


def crash_postgres(house: House) -> None:
    """SIGQUIT to the postmaster: no checkpoint, every backend at once gone; nobody answers afterwards."""
    server = house.postgres.process
    assert server is not None
    server.send_signal(signal.SIGQUIT)
    server.wait(20)
    assert not house.reachable()


def end_all_sessions(house: House) -> int:
    """pg_terminate_backend of every session but ours; how many there were."""
    ended = house.ask(
        "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND datname = current_database() AND backend_type = 'client backend'"
    )
    pids = [pid for pid, _ in ended]
    assert pids, "there was no session to end"
    until(
        lambda: not house.one("SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(%s)", pids),
        seconds=5,
        what="the sessions ended",
    )
    return len(pids)
