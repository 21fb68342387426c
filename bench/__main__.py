"""`make bench`: a small desk and a large one are made, measured, compared and removed; the figures are printed."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.house import BASE
from bench.report import report

SMALL = 10_000


def main() -> None:
    """Measure both sizes and print the report as Markdown."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000, help="cases of the large desk (default 1 000 000)")
    parser.add_argument("--runs", type=int, default=5, help="runs of each measure, for medians (default 5)")
    parser.add_argument("--due", type=int, default=10_000, help="clocks that fall due in one second (default 10 000)")
    parser.add_argument("--parts", default="abc", help="a registering, b due at once, c idle sweep (default abc)")
    parser.add_argument("--folder", type=Path, default=BASE / "var" / "bench", help="where the data go (about 8 GB)")
    parser.add_argument("--keep", action="store_true", help="keep the data for another run on the same folder")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    small = _stage(given, SMALL, given.parts.replace("b", ""))
    large = _stage(given, given.cases, given.parts)
    text = report(small, large)
    (given.folder / "report.md").write_text(text)
    print(text)
    if not given.keep:
        for folder in given.folder.glob("desk-*"):
            shutil.rmtree(folder)


def _stage(given: argparse.Namespace, cases: int, parts: str) -> dict[str, Any]:
    out = given.folder / f"figures-{cases}.json"
    folder = given.folder / f"desk-{cases}"
    if not folder.exists():
        out.unlink(missing_ok=True)
    command = [
        sys.executable, "-m", "bench.stage", f"--folder={folder}", f"--cases={cases}", f"--runs={given.runs}",
        f"--due={given.due}", f"--parts={parts}", f"--out={out}", *(["--keep"] if given.keep else []),
    ]  # fmt: skip
    subprocess.run(command, cwd=BASE, check=True)
    figures: dict[str, Any] = json.loads(out.read_text())
    return figures


if __name__ == "__main__":
    main()
