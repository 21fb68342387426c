"""The bench's table says what was measured and what it must be held against; nothing is timed here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.__main__ import BEGIN, END, RECORD, _given, alone, record
from bench.catalogue import BENCHES, LARGE, SMALL
from bench.figures import Figure, of_runs
from bench.report import missed, report
from bench.runner import Place, Run

FACTS: dict[str, Any] = {
    "machine": dict.fromkeys(("processor", "memory", "disk", "system", "python", "revision"), "x"),
    "desks": {},
}


def result(desk: str, *figures: Figure, bench: str = "sweep") -> dict[str, Any]:
    plain = [figure.plain() for figure in figures]
    return {"bench": bench, "desk": desk, "began": 0.0, "share": 1.0, "figures": plain}


def line_of(text: str, what: str) -> list[str]:
    return next([cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if what in line)


def test_medians_ratios_and_aims_stand_in_one_line() -> None:
    large = Figure("sweep, p50", [4.0, 6.0, 9.0], aim=5.0, loads=[1.0, 2.0])
    small = Figure("sweep, p50", [2.0, 3.0, 4.0], aim=5.0)
    rate = Figure("registered", [130.0], "/s", 120.0, at_least=True, loads=[1.0])
    results = [result(LARGE, large), result(SMALL, small), result(LARGE, rate, bench="registering")]
    text = report(FACTS, results)
    assert line_of(text, "sweep, p50")[1:] == [
        "≤ 5 ms",
        "6 ms (4–9; 3)",
        "3 ms (2–4; 3)",
        "2.00",
        "",
        "1.0–2.0",
        "**not met**",
    ]
    assert line_of(text, "registered")[1:] == ["≥ 120/s", "130/s", "", "", "", "1.0", "met"]
    assert missed(results) == ["sweep, p50: 6 ms (aim ≤ 5 ms)"]


def test_a_loaded_figure_is_set_against_the_idle_one_of_its_bench() -> None:
    runs = [{"p50": 10.0, "p95": 20.0, "load": 1.0}], [{"p50": 15.0, "p95": 40.0, "load": 2.0}]
    figures = [*of_runs("alone", runs[0]), *of_runs("in a storm", runs[1], over="alone")]
    text = report(FACTS, [result(LARGE, *figures, bench="beside")])
    assert [line_of(text, f"in a storm, {name}")[5] for name in ("p50", "p95")] == ["1.50", "2.00"]


def test_what_was_tried_small_or_not_at_all_is_said() -> None:
    tried = result(LARGE, Figure("sweep", [1.0])) | {"share": 0.1}
    text = report(FACTS, [tried], [("the board", "Chromium is missing")])
    assert "no figures to quote" in text
    assert "**Not measured: the board.** Chromium is missing" in text


def test_every_bench_is_there_and_can_be_chosen() -> None:
    for bench in BENCHES:
        assert (Path("bench") / f"{bench.module}.py").is_file(), bench
    given = _given(["--only", "pages,storm", "--folder", "x"])
    assert given is not None
    assert [place.key for place in Run.places(given.wanted)] == ["pages-small", "pages-large", "storm-large"]
    skipped = _given(["--skip", "push"])
    assert skipped is not None
    assert len(skipped.wanted) == len(BENCHES) - 1
    for wrong in (["--only", "page"], ["--runs", "0"], ["--share", "2"]):
        with pytest.raises(SystemExit):
            _given(wrong)


def test_a_run_that_was_broken_off_goes_on_and_one_that_failed_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = _given(["--only", "language,score", "--folder", str(tmp_path)])
    assert given is not None
    asked: list[str] = []

    def measure(self: Run, place: Place, *_more: Any) -> None:
        asked.append(place.key)
        if place.key == "score-none" and len(asked) == 2:
            raise KeyboardInterrupt
        if place.key == "score-none":
            self.state["failed"][place.key] = "no texts"
            return
        (self.figures / f"{place.key}.json").write_text(
            json.dumps(result("none", Figure("x", [1.0]), bench="language"))
        )
        self.state["done"].append(place.key)

    monkeypatch.setattr(Run, "_measure", measure)
    with pytest.raises(KeyboardInterrupt):
        Run(given).go()
    assert Run(given).go() == 1
    assert asked == ["language-none", "score-none", "score-none"]
    assert (
        "**Not measured: the language check's answers on labelled texts.** no texts"
        in (tmp_path / "report.md").read_text()
    )
    assert "not measured: score-none: no texts" in capsys.readouterr().out
    Run(given).go()
    assert asked[3:] == ["language-none", "score-none"], "a run that was finished begins anew"


def test_the_latest_table_takes_the_place_of_the_one_on_record(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(RECORD.read_text())
    text = report(FACTS, [result(LARGE, Figure("sweep, p50", [4.0]), Figure("beside it", [1.0], main=False))])
    record(text, page)
    record(text, page)
    before, _mark, rest = page.read_text().partition(BEGIN)
    table, _mark, after = rest.partition(END)
    assert line_of(table, "sweep, p50")[2] == "4 ms"
    assert "beside it" not in table
    assert (before, after) == (RECORD.read_text().partition(BEGIN)[0], RECORD.read_text().partition(END)[2])


def test_two_at_once_in_one_folder_are_refused(tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(SystemExit, match="Another bench is at work"), alone(tmp_path):
        raise AssertionError
    with alone(tmp_path):
        assert (tmp_path / "run.lock").exists()
