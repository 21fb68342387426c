"""Known weaknesses of what the product is built on, by pip-audit; a canary shows whether the answer means anything.

A registry that carries no advisories answers "nothing known" to everything. So a release is asked about first whose
weaknesses have been public for years: only a service that knows those is believed. Where none does, the step says
loudly that nothing was audited; AUDIT_REQUIRED=1 makes that a failure. Run as `python -m tests.security.dependencies`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

BASE = Path(__file__).parents[2]
CANARIES = ("Django==2.2", "urllib3==1.24.1")
SERVICES = ("pypi", "osv")
FILES = ("requirements.txt", "requirements-dev.txt")
PATIENCE = 40  # seconds for one question
UNAUDITED = """\
***
*** ADVISORIES CANNOT BE HAD HERE: DEPENDENCIES ARE NOT AUDITED.
*** No service knew the weaknesses of {canaries}, which are public: {why}
*** Run `make security` where {services} can be reached; AUDIT_REQUIRED=1 makes this a failure.
***"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What pip-audit said: the weaknesses by package, and what kept it from an answer."""

    weak: dict[str, list[str]]
    failed: str = ""


Ask = Callable[[str, Path], Answer]


def ask(service: str, file: Path) -> Answer:
    """One run of pip-audit; with --strict whatever could not be looked up is a failure."""
    command = [sys.executable, "-m", "pip_audit", "--strict", "--disable-pip", "--no-deps", "--progress-spinner=off"]
    command += ["--format=json", "--timeout=15", f"--vulnerability-service={service}", f"--requirement={file}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return Answer({}, f"{service} did not answer within {PATIENCE} s")
    try:
        told = json.loads(done.stdout)["dependencies"]
    except (json.JSONDecodeError, KeyError, TypeError):
        return Answer({}, (done.stderr.strip().splitlines() or ["no answer"])[-1][:300])
    return Answer({each["name"]: [v["id"] for v in each["vulns"]] for each in told if each.get("vulns")})


def is_believable(service: str, file: Path, asked: Ask) -> tuple[bool, str]:
    """Whether the service knows every canary, and what it said if not."""
    told = asked(service, file)
    missing = [each for each in CANARIES if each.partition("==")[0].lower() not in {name.lower() for name in told.weak}]
    return not missing, told.failed or f"{service} knows nothing against {', '.join(missing)}"


def audit(asked: Ask = ask, say: Callable[[str], None] = print, *, required: bool = False) -> int:
    """0 if clean or if nothing can be had and nothing is required, 1 for a weakness or a question left open."""
    said = []
    with tempfile.TemporaryDirectory() as folder:
        canary = Path(folder) / "canary.txt"
        canary.write_text("".join(f"{each}\n" for each in CANARIES))
        for service in SERVICES:
            believable, why = is_believable(service, canary, asked)
            if believable:
                return _verdict(service, asked, say)
            said.append(f"{service}: {why}")
    say(UNAUDITED.format(canaries=" and ".join(CANARIES), why="; ".join(said), services=" or ".join(SERVICES)))
    return 1 if required else 0


def _verdict(service: str, asked: Ask, say: Callable[[str], None]) -> int:
    bad = 0
    for name in FILES:
        told = asked(service, BASE / name)
        for package, weaknesses in told.weak.items():
            say(f"{name}: {package} has {', '.join(weaknesses)}")
        if told.failed:
            say(f"{name}: {told.failed}")
        bad += bool(told.weak or told.failed)
    if not bad:
        say(f"pip-audit: nothing known against {' and '.join(FILES)}; {service} knows the canaries")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(audit(required=os.environ.get("AUDIT_REQUIRED", "") == "1"))
