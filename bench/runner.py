"""Goes through the benches one after the other: progress, time left, what failed, and on from where it stopped."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.catalogue import BENCHES, BOARD, DESKS, LARGE, NONE, ORDER, PLAIN, SMALL, Bench, named
from bench.figures import BASE, machine
from bench.one import say
from bench.report import missed, report

#: About how long a desk takes that is there already, and one that must be made, for each thousand cases.
READY, MADE = {LARGE: 180, SMALL: 15, BOARD: 40, PLAIN: 15, NONE: 0}, 0.6
#: A desk on which so many cases more were registered than its size says is made anew, if it was made here.
GROWN = 1.15
#: A bench may take so many times as long as it usually does before it is ended.
PATIENCE, LEAST_PATIENCE = 5, 240


@dataclass(frozen=True)
class Given:
    """What was asked for on the command line."""

    folder: Path
    wanted: tuple[str, ...]
    cases: int
    small: int
    articles: int
    runs: int
    share: float
    keep: bool

    def sizes(self, kind: str) -> tuple[int, int]:
        """Cases and articles of a desk."""
        return {LARGE: (self.cases, self.articles), SMALL: (self.small, self.articles // 100)}.get(kind, (0, 0))

    def desk(self, kind: str) -> Path:
        """Where a desk lies, or a link to it."""
        cases, _articles = self.sizes(kind)
        return self.folder / f"desk-{cases or kind}"

    def mark(self) -> dict[str, Any]:
        """What two calls must have in common for the second to go on with the first."""
        return {**{key: value for key, value in asdict(self).items() if key != "keep"}, "folder": str(self.folder)}


@dataclass(frozen=True)
class Place:
    """One bench on one desk."""

    bench: Bench
    desk: str

    @property
    def key(self) -> str:
        """As its files are called."""
        return f"{self.bench.name}-{self.desk}"

    @property
    def words(self) -> str:
        """As it is told."""
        return f"{self.bench.name}: {self.bench.what}" + ("" if self.desk == NONE else f", on the {self.desk} desk")


class Run:
    """A run through the benches, which may be broken off and gone on with."""

    def __init__(self, given: Given) -> None:
        self.given = given
        self.figures, self.logs = given.folder / "figures", given.folder / "logs"
        self.notes = given.folder / "run.json"
        self.state: dict[str, Any] = {}
        self.results: list[dict[str, Any]] = []
        self.spent: list[tuple[float, float]] = []  # as long as it was thought to take, and as long as it took

    def go(self) -> int:
        """Measure all that is wanted; 1 if something could not be measured."""
        self.logs.mkdir(parents=True, exist_ok=True)
        self.figures.mkdir(exist_ok=True)
        self._begin()
        places = list(self.places(self.given.wanted))
        left = [place for place in places if place.key not in self.state["done"]]
        desk = ""
        for number, place in enumerate(left):
            if place.desk != desk:
                desk = place.desk
                self._make_ready(place.desk, left[number:])
            if place.desk in self.state["unready"]:
                self.state["failed"][place.key] = f"the {place.desk} desk could not be made ready"
                continue
            self._measure(place, len(places) - len(left) + number + 1, len(places), left[number:])
            self._keep()
        self.state["finished"] = time.time()
        self._keep()
        print(f"\n{self.text()}", flush=True)
        self._remove()
        return self._end()

    @staticmethod
    def places(wanted: Iterable[str]) -> Iterator[Place]:
        """What is to be measured, desk by desk."""
        names = set(wanted)
        for desk in ORDER:
            for bench in BENCHES:
                if bench.name in names and desk in bench.desks:
                    yield Place(bench, desk)

    def text(self) -> str:
        """The report on all that is there, also from earlier calls."""
        results = []
        for place in self.places(bench.name for bench in BENCHES):
            path = self.figures / f"{place.key}.json"
            if path.exists():
                results.append(json.loads(path.read_text()))
        failed = [(named(key.rpartition("-")[0]).what, why) for key, why in self.state["failed"].items()]
        self.results = results
        return report(self.state, results, failed)

    def _begin(self) -> None:
        before = json.loads(self.notes.read_text()) if self.notes.exists() else {}
        mark = json.loads(json.dumps(self.given.mark()))
        if before.get("mark") == mark and not before.get("finished"):
            say(f"going on with the run that was broken off: {len(before['done'])} of its parts are done")
            self.state = {**before, "failed": {}, "unready": []}
            return
        whole = set(self.given.wanted) == {bench.name for bench in BENCHES}
        if whole:
            shutil.rmtree(self.figures)
            self.figures.mkdir()
        kept = {} if whole else before.get("desks", {})
        self.state = {"mark": mark, "done": [], "failed": {}, "unready": [], "desks": kept, "made": [],
                      "machine": machine(self.given.folder), "finished": None}  # fmt: skip
        self._keep()

    def _keep(self) -> None:
        text = self.text()
        (self.given.folder / "report.md").write_text(text)
        self.notes.write_text(json.dumps(self.state, indent=1, ensure_ascii=False))

    # --- Desks --------------------------------------------------------------------------------------------------------
    def _make_ready(self, kind: str, left: Sequence[Place]) -> None:
        if kind == NONE:
            return
        folder = self.given.desk(kind)
        cases, articles = self.given.sizes(kind)
        self._discard_if_grown(kind, folder, cases)
        new = not folder.exists()
        like = self.given.desk(LARGE) if kind == BOARD and new else None
        if like is not None and not like.exists():
            self._make_ready(LARGE, left)
        if new:
            self.state["made"].append(str(folder))
            self._keep()
        self._say_left(left, f"making the {kind} desk ready: {DESKS[kind]}")
        out = self.given.folder / f"desk-{kind}.json"
        thought = READY[kind] + (MADE * max(cases, self.given.cases if like else 0) / 1000 if new else 0)
        command = ["bench.desks", kind, f"--folder={folder}", f"--cases={cases}", f"--articles={articles}",
                   f"--out={out}", *([f"--like={like}"] if like else [])]  # fmt: skip
        why = self._started(command, f"desk-{kind}", thought)
        if why:
            self.state["unready"].append(kind)
            say(f"*** the {kind} desk: {why}")
        else:
            self.state["desks"][kind] = json.loads(out.read_text())
        self._keep()

    def _discard_if_grown(self, kind: str, folder: Path, cases: int) -> None:
        """Registering fills a small desk up: one that was made here is made anew before its name is untrue."""
        told = self.given.folder / f"desk-{kind}.json"
        ours = folder.exists() and not folder.is_symlink() and kind == SMALL
        if ours and (not told.exists() or json.loads(told.read_text())["rows"]["cases"] > cases * GROWN):
            say(f"the {kind} desk has grown: it is made anew")
            shutil.rmtree(folder)

    def _remove(self) -> None:
        """Desks that this run made go, unless they are wanted; those that were there stay."""
        for folder in [] if self.given.keep else self.state["made"]:
            shutil.rmtree(folder, ignore_errors=True)

    # --- Benches ------------------------------------------------------------------------------------------------------
    def _measure(self, place: Place, number: int, of: int, left: Sequence[Place]) -> None:
        self._say_left(left, f"[{number}/{of}] {place.words}")
        out = self.figures / f"{place.key}.json"
        fresh = out.with_suffix(".new")
        thought = place.bench.seconds[place.desk] * max(0.1, self.given.share) * max(0.3, self.given.runs / 5)
        folder = self.given.folder if place.desk == NONE else self.given.desk(place.desk)
        command = ["bench.one", place.bench.name, f"--desk={place.desk}", f"--folder={folder}", f"--out={fresh}",
                   f"--runs={self.given.runs}", f"--share={self.given.share}"]  # fmt: skip
        why = self._started(command, place.key, thought)
        if why:
            self.state["failed"][place.key] = why
            say(f"*** {place.bench.name}: {why}")
            return
        fresh.replace(out)
        self.state["done"].append(place.key)

    def _started(self, command: Sequence[str], name: str, thought: float) -> str:
        """Run one part in a process of its own; its words go on the screen and into its log. Why it failed, or ''."""
        began, last = time.monotonic(), ""
        longest = max(LEAST_PATIENCE, PATIENCE * thought)
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", *command], cwd=BASE, env=_environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        watch = _Watch(process, longest)
        try:
            with (self.logs / f"{name}.log").open("w") as log:
                assert process.stdout is not None
                for line in process.stdout:
                    log.write(line)
                    log.flush()
                    print(f"    {line}", end="", flush=True)
                    last = line.strip() or last
            code = process.wait()
        finally:
            watch.stop()
        took = time.monotonic() - began
        if code:
            return f"longer than {longest:.0f} s" if watch.late else f"{last[:300]} (logs/{name}.log)"
        self.spent.append((thought, took))
        say(f"{name} took {took:.0f} s")
        return ""

    def _say_left(self, left: Sequence[Place], what: str) -> None:
        """Progress with the time left: what is still to do, at the pace so far."""
        thought = sum(place.bench.seconds[place.desk] for place in left) * max(0.1, self.given.share)
        thought += sum(READY[desk] for desk in {place.desk for place in left} - set(self.state["desks"]))
        planned = sum(some for some, _took in self.spent)
        pace = sum(took for _some, took in self.spent) / planned if planned > 60 else 1.0
        say(f"{what}; about {max(1, round(thought * pace / 60))} min to go")

    def _end(self) -> int:
        for line in missed(self.results):
            say(f"not met: {line}")
        for key, why in self.state["failed"].items():
            say(f"*** not measured: {key}: {why}")
        say(f"the report is {self.given.folder / 'report.md'}")
        return 1 if self.state["failed"] else 0


def _environment() -> dict[str, str]:
    """This process's, without what would lead to another desk than the one that is measured."""
    leading = ("DATABASE_URL", "REDIS_URL", "SERVICE_DESK_DATA")
    return {key: value for key, value in os.environ.items() if key not in leading} | {"PYTHONUNBUFFERED": "1"}


class _Watch:
    """Ends a part that hangs, or is no longer wanted: kindly, and after a while for good."""

    def __init__(self, process: subprocess.Popen[str], longest: float) -> None:
        self.process, self.late = process, False
        self.timer = threading.Timer(longest, self._too_late)
        self.timer.daemon = True
        self.timer.start()

    def _too_late(self) -> None:
        self.late = True
        self.end()

    def end(self) -> None:
        """Its servers get a minute to stop."""
        if self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)

    def stop(self) -> None:
        """The part is over, or the run is."""
        self.timer.cancel()
        self.end()
