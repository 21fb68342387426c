"""More than one machine: two of them on one PostgreSQL and one Redis; one is cut off and brought back under load."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from aiosmtpd.controller import Controller
from pytest_django.plugin import DjangoDbBlocker

from service_desk.notices.channels import CHANNELS
from tests.factories import World, world
from tests.faults.fleet import Fleet
from tests.faults.house import BASE, choose, connected
from tests.faults.injection import Clock
from tests.faults.ledger import Ledger, figures, let_leases_end
from tests.faults.load import registered
from tests.faults.network import FarLoad, Network, ServerHouse, demand_namespaces
from tests.faults.sinks import MailSink

NEAR, FAR = "near", "far"
#: Which processes stand on which machine: each kind on both.
MEMBERS = {
    NEAR: ("sentinel-1", "critical", "beat", "dispatch"),
    FAR: ("sentinel-2", "critical-2", "beat-2", "dispatch-2"),
}
LOOPS = {NEAR: ("sentinel-1", "dispatch"), FAR: ("sentinel-2", "dispatch-2")}
WEB_PORT = 8000
COUNT = choose(full=6_000, short=600)
SPREAD = choose(full=90.0, short=30.0)
CUT = choose(full=60.0, short=12.0)
HELD = 20  # clocks, at least, whose rows a process of the far machine has locked when its line is cut
#: What the loops ask the server for: a transaction that has gone silent is ended after so many seconds.
IDLE_LIMIT = 5.0

_HOLD = """
import sys, django
django.setup()
from django.db import connection, transaction
from service_desk import loop
holder = loop.Loop("holder", "faults", lambda: 1.0)
holder._ready()
print("ready", flush=True)
wanted = sys.stdin.readline()
with transaction.atomic(), connection.cursor() as cursor:
    cursor.execute(
        "SELECT id FROM cases_casedeadline WHERE id = ANY(%s) AND next_at > clock_timestamp() + interval '2 s'"
        " AND next_at < clock_timestamp() + interval '4 s' FOR UPDATE", [[int(each) for each in wanted.split(",")]]
    )
    print(",".join(str(pk) for (pk,) in cursor.fetchall()), flush=True)
    sys.stdin.read()
"""


class BridgeMail(MailSink):
    """The mail server, on the bridge."""

    host = ""

    def start(self) -> None:
        self._controller = Controller(self, hostname=self.host, port=self.port, ready_timeout=20)
        self._controller.start()


@pytest.fixture
def network() -> Iterator[Network]:
    demand_namespaces()
    made = Network((NEAR, FAR))
    try:
        made.build()
        yield made
    finally:
        made.tear_down()


class Machines:
    """Everything of this row at hand."""

    def __init__(self, house: ServerHouse, mail: BridgeMail, company: World) -> None:
        self.house, self.network, self.mail = house, house.network, mail
        self.fleet = Fleet(house, house.environment(EMAIL_HOST=self.network.server, EMAIL_PORT=str(mail.port)))
        self.ledger = Ledger(house, company)
        self.world = company

    def start(self) -> None:
        """Both machines, each with all its processes, web included."""
        for machine, names in MEMBERS.items():
            prefix = self.network.prefix(machine)
            self.fleet.start(*names, prefix=prefix)
            web = [sys.executable, "-m", "uvicorn", "service_desk.asgi:application", "--no-access-log"]
            web += ["--host", self.network.address(machine), "--port", str(WEB_PORT), "--log-level=warning"]
            self.fleet.start(f"serve-{machine}", prefix=prefix, command=web)
        self.fleet.until_ready(*LOOPS[NEAR], *LOOPS[FAR], "critical")
        for machine in MEMBERS:
            self.fleet.until(lambda m=machine: self.status(m, "/readyz") == 200, seconds=60, what=f"pages of {machine}")

    def status(self, machine: str, path: str) -> int:
        """What the web process answers to somebody on its own machine; 0 for nothing within half a minute."""
        code = (
            "import sys, urllib.request as u, urllib.error as e\n"
            "try: print(u.urlopen(sys.argv[1], timeout=30).status)\n"
            "except e.HTTPError as error: print(error.code)\n"
            "except OSError: print(0)\n"
        )
        address = f"http://{self.network.address(machine)}:{WEB_PORT}{path}"
        command = [*self.network.prefix(machine), "python3", "-c", code, address]
        return int(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)

    def sessions(self, machine: str) -> int:
        """How many sessions PostgreSQL has from that machine."""
        address = self.network.address(machine)
        found: int = self.house.one("SELECT count(*) FROM pg_stat_activity WHERE client_addr = %s::inet", address)
        return found

    def holder(self) -> psutil.Popen:
        """A process of the far machine, connected under the limits of every loop of the desk."""
        holder = psutil.Popen(
            [*self.network.prefix(FAR), sys.executable, "-c", _HOLD],
            cwd=BASE,
            env=self.fleet.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert holder.stdout.readline() == b"ready\n"
        return holder

    def hold(self, holder: psutil.Popen) -> list[int]:
        """Let it lock the rows of clocks that come due in two seconds; which."""
        holder.stdin.write(",".join(map(str, self.ledger.moments)).encode() + b"\n")
        holder.stdin.flush()
        return [int(each) for each in holder.stdout.readline().split(b",")]


@pytest.fixture
def machines(
    network: Network, seed_cluster: Path, tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> Iterator[Machines]:
    house = ServerHouse(tmp_path / "house", seed_cluster, network)
    mail = BridgeMail()
    mail.host = network.server
    house.open()
    mail.start()
    made = None
    try:
        with connected(house, django_db_blocker.unblock):
            made = Machines(house, mail, world())
            yield made
    finally:
        if made is not None:
            made.fleet.stop()
        mail.stop()
        house.close()


def lateness_of(machines: Machines, clocks: list[int]) -> list[float]:
    """Seconds from due to committed, of these clocks."""
    rows = machines.house.ask(
        "SELECT deadline_id, pg_xact_commit_timestamp(xmin) FROM cases_caseclockevent"
        " WHERE type = 'fired' AND deadline_id = ANY(%s)",
        clocks,
    )
    return [(at - machines.ledger.moments[pk]).total_seconds() for pk, at in rows]


def test_a_machine_that_is_cut_off_holds_up_nobody_and_comes_back_by_itself(
    machines: Machines, say: Callable[[str], None]
) -> None:
    house, fleet, ledger, network = machines.house, machines.fleet, machines.ledger, machines.network
    machines.start()
    holder = machines.holder()
    before = fleet.pids()
    load = FarLoad(WEB_PORT, machines.world, per_second=4.0)
    load.host = network.address(NEAR)
    try:
        ledger.arm(COUNT, lead=3.0, spread=SPREAD)
        load.start()
        line = Clock()
        fleet.until(lambda: ledger.fired() >= COUNT * 0.1, seconds=60, what="the first tenth fired")
        held = machines.hold(holder)
        assert len(held) >= HELD
        network.cut_off(FAR)
        cut = Clock()
        assert machines.sessions(FAR) > 0, "the server has not been told"
        fleet.until(lambda: machines.status(FAR, "/readyz") == 503, seconds=60, what="the far machine says so itself")
        said_so = cut.seconds
        assert machines.status(FAR, "/livez") == 200
        fleet.until(lambda: machines.sessions(FAR) == 0, seconds=90, what="no session of the far machine is left")
        forgotten = cut.seconds
        fleet.until(lambda: cut.seconds >= CUT, seconds=CUT + 5, what="the cut is long enough")
    finally:
        holder.kill()
        holder.wait()
        holder.stdin.close()
        holder.stdout.close()
    network.bring_back(FAR)
    back = Clock()
    fleet.until_ready(*LOOPS[FAR], seconds=60)
    loops_back = back.seconds
    fleet.until(lambda: machines.status(FAR, "/readyz") == 200, seconds=60, what="the far machine's pages")
    fleet.until(lambda: house.hears_worker_at(network.address(FAR)), seconds=60, what="the far worker takes work again")
    worker_back = back.seconds

    assert fleet.pids() == before, "everybody came back without being started again"
    fleet.until(ledger.all_fired, seconds=SPREAD + 60, what="everything fired")
    let_leases_end(house)
    fleet.until(ledger.all_delivered, seconds=choose(full=900, short=120), what="everything delivered")
    replies = load.stop()
    assert {reply.status for reply in replies} == {201}
    stored = house.one("SELECT count(*) FROM cases_case WHERE number = ANY(%s)", registered(replies))
    assert stored == len(replies)

    late = ledger.lateness()
    waited = max(lateness_of(machines, held))
    say(f"{len(replies)} cases registered beside; lateness {figures(late)}; of held clocks at most {waited:.1f} s")
    say(f"503 after {said_so:.1f} s, sessions gone after {forgotten:.1f} s of {cut.seconds:.0f} s")
    say(f"after the line: loops {loops_back:.1f} s, worker {worker_back:.1f} s, whole run {line.seconds:.0f} s")
    assert ledger.differences(mail=machines.mail) == []
    assert machines.mail.extra_copies() <= CHANNELS["email"].lanes
    assert waited > 0.5, "their rows were held over the moment at which they came due"
    assert late[-1] <= IDLE_LIMIT + 2.0, "a silent transaction holds its rows no longer than its limit"
