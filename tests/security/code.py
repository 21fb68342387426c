"""Bandit over the product: what it finds passes only where the line itself gives its reason.

Ruff knows the same rules (its S rules are Bandit's) and asks for a `noqa` with a reason at each place. One reason is
enough: a finding of Bandit on a statement that bears the `noqa` of the same rule has been argued there.
Run as `python -m tests.security.code`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

BASE = Path(__file__).parents[2]
_NOQA = re.compile(r"#\s*noqa:\s*([A-Z0-9, ]+)")
#: A file whose weaknesses everybody can see: where Bandit does not, its silence about the product means nothing.
CANARY = """import hashlib, pickle, subprocess
subprocess.call("ls " + name, shell=True)
pickle.loads(sent)
cursor.execute("SELECT * FROM staff WHERE name = '%s'" % name)
hashlib.md5(password)
"""
CANARY_RULES = frozenset({"B602", "B301", "B608", "B324"})
FEWEST_LINES = 20_000
#: Two names of one rule: text given to a page unescaped.
_SAME = {"B703": "S308"}


Ask = Callable[[str], dict[str, Any]]


def argued(finding: dict[str, Any], lines: list[str]) -> bool:
    """Whether the statement that was found bears the mark of the same rule."""
    rule = _SAME.get(finding["test_id"], "S" + finding["test_id"][1:])
    # The reason stands on the statement's own lines; where it spans several, on its first or last.
    first, last = min(finding["line_range"]), max(finding["line_range"])
    marks = " ".join(mark for line in lines[first - 1 : last] for mark in _NOQA.findall(line))
    return rule in re.split(r"[,\s]+", marks)


def open_findings(findings: Iterable[dict[str, Any]]) -> list[str]:
    """What nobody has given a reason for, a line each."""
    found = []
    for each in findings:
        path = BASE / each["filename"]
        if not argued(each, path.read_text().splitlines()):
            found.append(f"{each['filename']}:{each['line_number']}: {each['test_id']} {each['issue_text']}")
    return found


def ask(target: str) -> dict[str, Any]:
    """Bandit's report about a folder, by the product's own settings; empty if it has failed."""
    command = [sys.executable, "-m", "bandit", "-q", "-c", "pyproject.toml", "-r", target, "-f", "json"]
    done = subprocess.run(command, cwd=BASE, capture_output=True, text=True, check=False)
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except json.JSONDecodeError:
        print(f"Bandit has failed:\n{done.stderr}")
        return {}
    return report


def is_believable(asked: Ask) -> bool:
    """Whether Bandit, as it is set up, finds what is wrong with a file in which everybody can see it."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "canary.py").write_text(CANARY)
        found = {each["test_id"] for each in asked(folder).get("results", [])}
    return found >= CANARY_RULES


def main(asked: Ask = ask) -> int:
    """Run Bandit, print what is open; 1 if there is anything, or if Bandit itself failed or looked at nothing."""
    report = asked("service_desk") if is_believable(asked) else {}
    if not report:
        print(f"Bandit is not believed: it did not find {', '.join(sorted(CANARY_RULES))} in the canary, or failed")
        return 1
    wrong = [f"could not be read: {error['filename']}: {error['reason']}" for error in report["errors"]]
    wrong += open_findings(report["results"])
    lines = report["metrics"]["_totals"]["loc"]
    if lines < FEWEST_LINES:
        wrong.append(f"only {lines} lines were read, fewer than {FEWEST_LINES}")
    print(f"bandit: {lines} lines, {len(report['results'])} findings, {len(wrong)} of them without a reason")
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
