"""`make bench`: desks are made or taken over, all benches run in turn, and one table tells what came out."""

from __future__ import annotations

import argparse
import fcntl
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.catalogue import BENCHES
from bench.figures import BASE
from bench.runner import Given, Run

RECORD = BASE / "docs" / "performance.md"
BEGIN, END = "<!-- the latest table: begin -->", "<!-- the latest table: end -->"


def main() -> int:
    """Measure what is asked for; the table is printed and kept in the folder."""
    given = _given(sys.argv[1:])
    if given is None:
        return 0
    given.folder.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, _stop)
    run = Run(given)
    try:
        with alone(given.folder):
            code = run.go()
    except KeyboardInterrupt:
        print("\nBroken off. What was measured is kept; the same command goes on from here.", flush=True)
        return 130
    if "--record" in sys.argv:
        record(run.text())
    return code


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Two at once on one folder would start servers on one desk."""
    with (folder / "run.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(f"Another bench is at work in {folder}.") from None
        yield


def record(text: str, path: Path = RECORD) -> None:
    """Put the table of the main figures in the place of the one that stands there, with its facts."""
    before, _mark, rest = path.read_text().partition(BEGIN)
    _old, mark, after = rest.partition(END)
    if not mark:
        raise SystemExit(f"{path} lacks the marks {BEGIN} and {END}")
    main = text.partition("\n\n| Peer |")[0].strip()
    path.write_text(f"{before}{BEGIN}\n{main}\n{END}{after}")


def _stop(_number: int, _frame: Any) -> None:
    raise KeyboardInterrupt


def _given(arguments: list[str]) -> Given | None:
    names = [bench.name for bench in BENCHES]
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--list", action="store_true", help="say which benches there are, and measure nothing")
    parser.add_argument("--only", default="", help="benches by name, with commas")
    parser.add_argument("--skip", default="", help="benches by name, with commas, that are left out")
    parser.add_argument(
        "--folder", type=Path, default=BASE / "var" / "bench", help="where desks, figures and report lie"
    )
    parser.add_argument("--record", action="store_true", help="put the table into docs/performance.md too")
    parser.add_argument("--keep", action="store_true", help="keep the desks that were made; others stay anyway")
    parser.add_argument("--runs", type=int, default=5, help="runs of each measure, for medians (default 5)")
    parser.add_argument("--cases", type=int, default=1_000_000, help="cases of the large desk (default 1 000 000)")
    parser.add_argument("--small", type=int, default=10_000, help="cases of the small desk (default 10 000)")
    parser.add_argument("--articles", type=int, default=100_000, help="articles of the large desk (default 100 000)")
    parser.add_argument("--share", type=float, default=1.0, help="of the usual amounts, for trying (default 1)")
    said = parser.parse_args(arguments)
    if said.list:
        for bench in BENCHES:
            print(f"{bench.name:15} {bench.what} ({', '.join(bench.desks)}; {sum(bench.seconds.values())} s)")
        return None
    only, skip = ([name for name in text.split(",") if name] for text in (said.only, said.skip))
    if unknown := {*only, *skip} - set(names):
        parser.error(f"there is no bench {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    if said.runs < 1 or not 0 < said.share <= 1:
        parser.error("at least one run, and a share above 0 up to 1")
    wanted = tuple(name for name in only or names if name not in skip)
    return Given(said.folder.resolve(), wanted, said.cases, said.small, said.articles, said.runs, said.share, said.keep)


if __name__ == "__main__":
    sys.exit(main())
