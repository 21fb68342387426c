"""(i) What the board costs on a large desk: time, queries, and the statement that counts, with its plan."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from bench.figures import load, percentile
from bench.house import House

RUNS, WARM = 40, 3
AIM_MS, AIM_QUERIES = 150.0, 20


def main() -> None:
    """Measure the desk in one folder (see bench.stage)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=RUNS)
    given = parser.parse_args()
    house = House(given.folder, print)
    house.open()
    try:
        from django.core.management import call_command

        call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
        given.out.write_text(json.dumps(measure(runs=given.runs), indent=1, ensure_ascii=False))
    finally:
        house.close(keep=True)


def measure(*, runs: int = RUNS) -> dict[str, Any]:
    """Page, moving part and wall; then how long each figure takes by itself."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext, override_settings

    from service_desk.cases.models import Case, CaseDeadline
    from service_desk.dashboard.board import sharing
    from service_desk.dashboard.board.figures import FIGURES, counts
    from service_desk.people.models import Staff

    chief = Staff.objects.filter(roles__contains=["supervisor"], is_active=True).first()
    if chief is None:
        raise RuntimeError("There is no supervisor in this desk.")
    client = Client()
    client.force_login(chief)
    found: dict[str, Any] = {
        "load": load(),
        "cases": Case.objects.count(),
        "open clocks": CaseDeadline.objects.open().count(),
    }
    part = {"HX-Request": "true"}
    alone = sharing.SHARED_SECONDS
    with override_settings(ALLOWED_HOSTS=["*"]):
        mark = client.get("/board/", headers=part).headers.get("Board-Mark", "")
        asked: tuple[tuple[str, str, dict[str, str], int], ...] = (
            ("page", "/board/", {}, 200), ("page, read anew", "/board/", {}, 200), ("wall", "/board/wall/", {}, 200),
            ("shared part", "/board/", part, 200),
            ("unchanged", "/board/", {**part, "Board-Mark": mark}, 204),
        )  # fmt: skip
        for name, path, headers, wanted in asked:
            spent = []
            sharing.SHARED_SECONDS = -1.0 if name.endswith("read anew") else alone
            for run in range(WARM + runs):
                began = time.perf_counter()
                answer = client.get(path, headers=headers)
                if answer.status_code not in (200, wanted):  # every half a minute even what stands still is drawn
                    raise RuntimeError(f"{path} answered {answer.status_code}")
                if run >= WARM:
                    spent.append((time.perf_counter() - began) * 1000)
            with CaptureQueriesContext(connection) as queries:
                client.get(path, headers=headers)
            slow = sorted(((float(q["time"]) * 1000, q["sql"][:120]) for q in queries), reverse=True)[:4]
            found[name] = {
                "p50": percentile(spent, 0.5), "p95": percentile(spent, 0.95), "least": min(spent),
                "queries": len(queries), "slowest": slow,
            }  # fmt: skip
    sharing.SHARED_SECONDS = alone
    found["figures"] = {}
    for figure in FIGURES.values():
        began = time.perf_counter()
        number = counts(chief, [figure])[figure.key]
        found["figures"][figure.key] = [number, round((time.perf_counter() - began) * 1000, 1)]
    dearest = found["page, read anew"]
    found["kept"] = dearest["p95"] <= AIM_MS and dearest["queries"] <= AIM_QUERIES
    return found


if __name__ == "__main__":
    main()
