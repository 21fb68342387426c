"""What every test stands on: servers of the run's own, settings loaded only after they answer.

The settings module is named here and not in pyproject.toml, because pytest-django would load it before any conftest
and so before there is a database to name.
"""

import atexit
import gc
import os
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import pytest
from _pytest.nodeid import coerce_node_id

# Before anything imports it, here and in every process that a test starts (see there).
LIGHTER = str(Path(__file__).with_name("lighter"))
if LIGHTER not in sys.path:
    sys.path.insert(0, LIGHTER)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [LIGHTER, os.environ.get("PYTHONPATH", "")]))

from service_desk.local.servers import EmbeddedServers  # noqa: E402  (after the path)
from tests import leftovers  # noqa: E402  (after the path)

# Workers of pytest-xdist inherit the environment of the process that started the servers, and so load them rightly.
first = not os.environ.get("DESK_TEST_RUN")
if first and "service_desk.settings" in sys.modules:
    raise pytest.UsageError("The settings were loaded too early: unset DJANGO_SETTINGS_MODULE, leave out --ds.")

if first:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # who is asked to end still ends what it has started
    _folder, _held = leftovers.folder_of_a_run()
    _servers = EmbeddedServers(_folder, os.environ, fast=True)

    def _end() -> None:
        _servers.stop()
        shutil.rmtree(_folder, ignore_errors=True)
        _held.close()

    atexit.register(_end)
    os.environ.update(_servers.start())
    os.environ["DESK_TEST_RUN"] = str(os.getpid())
    os.environ["SERVICE_DESK_DATA"] = str(_folder)
    (_folder / "static").mkdir()  # empty, but where the middleware looks for it
    os.environ["PLAIN_STATIC"] = "1"  # pages are tested without collecting files first
    if _servers.postgres:
        os.environ["DESK_TEST_COPIES"] = "1"  # a server of the run's own: nothing in it is older than the code

os.environ["DESK_LANGUAGE"] = "en"  # tests read the sources' words; those of another language ask for it
os.environ["DJANGO_SETTINGS_MODULE"] = "service_desk.settings"
django.setup()

from django.contrib.auth.hashers import Argon2PasswordHasher  # noqa: E402  (needs the settings)
from django.test import Client  # noqa: E402  (needs the settings)
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import translation  # noqa: E402

from service_desk.knowledge import current  # noqa: E402  (needs the settings)
from service_desk.local.translations import compile_all  # noqa: E402
from tests import databases  # noqa: E402  (needs the settings)

if first:
    compile_all()  # before the first page: a language's words are read once per process

databases.empty_what_holds_rows()
if os.environ.get("DESK_TEST_COPIES"):
    databases.copy_instead_of_migrating()
    databases.drop_whatever_is_open()

# A hash of the same kind that takes next to nothing: what a hash costs is the library's business. It says itself how it
# was made, so that the desk's own processes know the password too.
Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost, Argon2PasswordHasher.parallelism = 1, 8, 1


#: Files on their way to a test that did not read them; a server would close them with the answer.
_answers: list[Any] = []
_request = Client.request


def _request_kept(self: Client, **request: Any) -> Any:
    response = _request(self, **request)
    if response.streaming:
        _answers.append(response)
    return response


setattr(Client, "request", _request_kept)  # noqa: B010 - a method of Django's

_begin_counting = CaptureQueriesContext.__enter__


def _counting(self: CaptureQueriesContext) -> CaptureQueriesContext:
    """Whether a newer phrasebook is in force is asked every two seconds: on a slow machine that fell among the counted.

    Who counts has looked just now. A process that has not looked at all yet asks all the same.
    """
    current._current._looked = time.monotonic()
    return _begin_counting(self)


setattr(CaptureQueriesContext, "__enter__", _counting)  # noqa: B010 - a method of Django's


def pytest_configure(config: pytest.Config) -> None:
    """Migrate beside the workers' collecting: they have their copies the sooner."""
    if first and _servers.postgres and getattr(config.option, "numprocesses", None):
        atexit.register(databases.make_beside().wait, 60)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands over which sessions its tests have left open."""
    if not first:
        session.config.workeroutput["left_open"] = databases.left_open  # type: ignore[attr-defined]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """The workers' sessions that were left open, gathered by who started them."""
    databases.left_open += getattr(node, "workeroutput", {}).get("left_open", [])


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say aloud what needed its second try, and why, and what was left open by a test that does not close it."""
    for report in terminalreporter.stats.get("rerun", []):
        crash = getattr(report.longrepr, "reprcrash", None)
        said = f"{crash.path}:{crash.lineno}: {crash.message}" if crash else str(report.longrepr)
        terminalreporter.write_line(f"*** SECOND TRY: {report.nodeid} ({report.when}): {said[:1000]}", yellow=True)
    for session in databases.left_open:
        terminalreporter.write_line(f"*** A TEST HAS LEFT A SESSION OPEN: {session}", red=True)


def pytest_collection_finish() -> None:
    """Tests and all that they have loaded stay to the end: looking through them for rubbish again finds nothing."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_runtest_teardown() -> None:
    """Close the files of answers: left to chance, some later test would be blamed for them."""
    while _answers:
        for close in _answers.pop()._resource_closers:
            close()


def _call_by_name(items: list[pytest.Item]) -> None:
    """Give each test an identity of its own: of those that share one, a worker of pytest-xdist runs the first alone.

    schemathesis 4.32 writes the operation into the name of its test; pytest 9.2 takes the identity from elsewhere.
    """
    for item in items:
        _, bracket, operation = item.name.partition("[")
        if bracket and "[" not in item.nodeid:
            item._id = item._id.with_params(operation.removesuffix("]"))
    shared = [name for name, times in Counter(item.nodeid for item in items).items() if times > 1]
    if shared:
        raise pytest.UsageError(f"Several tests share one identity, and only the first would run: {shared}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give tests of real processes a second try, and keep an xdist_group on one worker.

    A machine that is busy with something else can starve a process for half a minute; the last lines name each test
    that needed its second try, with what the first one died of. Pure tests and tests against the database alone have
    one try.
    pytest-xdist 3.8 writes the group where pytest 9.2 does not look any more.
    """
    _call_by_name(items)
    for item in items:
        if item.get_closest_marker("processes") or item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))
    if not getattr(config.option, "loadgroup", False):
        return
    for item in items:
        group = item.get_closest_marker("xdist_group")
        if group is not None and "@" not in item.nodeid:
            item._id = coerce_node_id(f"{item.nodeid}@{group.args[0]}")


def pytest_runtest_setup() -> None:
    """Each test begins in English: a page that the test before read in Chinese leaves its language in the thread."""
    translation.activate("en")


@pytest.fixture
def seen(request: pytest.FixtureRequest) -> Iterator[Counter[int]]:
    """What an operation of the REST interface has answered to a test that holds it against its description.

    It must have been met in good order too, unless the file says in `NEVER` why it cannot be: without this a broken key
    would let every request end at the door, and nothing would be proved.
    """
    answers: Counter[int] = Counter()
    yield answers
    operation = request.node.name.partition("[")[2].removesuffix("]")
    met = any(status < 300 for status in answers)
    assert met != (operation in getattr(request.module, "NEVER", ())), (operation, answers)
