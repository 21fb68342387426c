"""The figures of all benches as one Markdown table: medians of the runs, ratios, aims, and what was not met."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from bench.catalogue import BENCHES, BOARD, LARGE, NONE, PLAIN, SMALL
from bench.figures import median

#: Measured on such a machine with two web processes each, for a ticket and nothing more.
PEERS = (
    ("django-helpdesk 2.6", "31 ms", "62/s", "a sweep with 1 % due at 1M open tickets: 128 s"),
    ("Request Tracker 5", "314 ms", "9/s", "a sweep with 1 % due at 100k open tickets: 98 s"),
)
HEAD = ("", "Aim", "Measured", "on the small desk", "large : small", "loaded : idle", "Load", "")
MET, MISSED = "met", "**not met**"


def report(facts: dict[str, Any], results: Sequence[dict[str, Any]], failed: Sequence[tuple[str, str]] = ()) -> str:
    """Everything that was measured, the main figures first; what could not be measured is said."""
    parts = [_machine(facts), *_desks(facts), _freshness(results)]
    parts += [f"**Not measured: {name}.** {why}" for name, why in failed]
    parts.append(_table(HEAD, _lines(results, main=True)))
    parts.append(_table(("Peer", "Ticket p50", "at concurrency 8", "Deadlines"), PEERS))
    details = list(_lines(results, main=False))
    if details:
        parts += ["### All other figures", _table(HEAD, details)]
    return "\n\n".join(parts) + "\n"


def missed(results: Sequence[dict[str, Any]]) -> list[str]:
    """The main figures whose aim is not met, in words."""
    return [
        f"{figure['what']}: {_number(median(figure['runs']))} {figure['unit']} (aim {_aim(figure)})"
        for result in results
        for figure in result["figures"]
        if figure["main"] and result["desk"] != SMALL and _verdict(figure) == MISSED
    ]


def _machine(facts: dict[str, Any]) -> str:
    one = facts["machine"]
    desks = facts["desks"].values()
    servers = next((f"PostgreSQL {each['postgresql']}, Redis {each['redis']}, " for each in desks), "")
    return (
        f"Machine: {one['processor']}, {one['memory']} memory, {one['disk']}; {one['system']}; "
        f"{servers}Python {one['python']}; version {one['revision']} of the code."
    )


def _desks(facts: dict[str, Any]) -> Iterable[str]:
    for kind in (LARGE, SMALL, BOARD):
        if kind in facts["desks"]:
            desk = facts["desks"][kind]
            rows = "; ".join(f"{count:,} {name}" for name, count in desk["rows"].items())
            spent = sum(desk["seconds"].values())
            took = f" Made in {spent:.0f} s (load {desk['load']:.1f})." if spent else ""
            yield f"The {kind} desk: {rows}; {desk['bytes'] / 1e9:.1f} GB.{took}"


def _freshness(results: Sequence[dict[str, Any]]) -> str:
    if not results:
        return "Nothing was measured."
    shares = {result["share"] for result in results}
    tried = "" if shares == {1.0} else " **Tried with smaller amounts than the bench's own: no figures to quote.**"
    first, last = (
        time.strftime("%Y-%m-%d %H:%M", time.gmtime(pick(r["began"] for r in results))) for pick in (min, max)
    )
    return (
        f"Taken from {first} to {last} UTC. Medians of the runs, with the least and the most of them and their number; "
        "percentiles are of one run (nearest rank). Load is the load average of one minute as each run began; the "
        f"benches load the machine themselves.{tried}"
    )


def _lines(results: Sequence[dict[str, Any]], *, main: bool) -> Iterable[Sequence[str]]:
    """A line for each figure; that of the small desk stands beside that of the large one."""
    by_place = {(result["bench"], result["desk"]): result for result in results}
    for bench in BENCHES:
        here = next((d for d in (LARGE, BOARD, PLAIN, NONE, SMALL) if (bench.name, d) in by_place), None)
        if here is None:
            continue
        small = by_place.get((bench.name, SMALL)) if here == LARGE else None
        beside = {figure["what"]: figure for figure in small["figures"]} if small else {}
        own = {figure["what"]: figure for figure in by_place[bench.name, here]["figures"]}
        for figure in own.values():
            if figure["main"] == main:
                yield _line(figure, beside.get(figure["what"]), own.get(figure["over"]))


def _line(figure: dict[str, Any], small: dict[str, Any] | None, idle: dict[str, Any] | None) -> Sequence[str]:
    note = f"<br>{figure['note']}" if figure["note"] else ""
    return (
        figure["what"] + note,
        _aim(figure),
        _spread(figure),
        _spread(small) if small else "",
        _ratio(figure, small),
        _ratio(figure, idle),
        _loads(figure),
        _verdict(figure),
    )


def _aim(figure: dict[str, Any]) -> str:
    if figure["aim"] is None:
        return ""
    return f"{'≥' if figure['at_least'] else '≤'} {figure['aim']:g}{_unit(figure)}"


def _verdict(figure: dict[str, Any]) -> str:
    if figure["aim"] is None:
        return ""
    value = median(figure["runs"])
    good = value >= figure["aim"] if figure["at_least"] else value <= figure["aim"]
    return MET if good else MISSED


def _spread(figure: dict[str, Any]) -> str:
    runs = figure["runs"]
    value = f"{_number(median(runs))}{_unit(figure)}"
    if len(runs) == 1:
        return value
    return f"{value} ({_number(min(runs))}–{_number(max(runs))}; {len(runs)})"


def _unit(figure: dict[str, Any]) -> str:
    unit = figure["unit"]
    return unit if unit.startswith("/") or not unit else f" {unit}"


def _number(value: float) -> str:
    """Three figures that count, and no more."""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def _ratio(over: dict[str, Any], under: dict[str, Any] | None) -> str:
    if under is None or not median(under["runs"]):
        return ""
    return f"{median(over['runs']) / median(under['runs']):.2f}"


def _loads(figure: dict[str, Any]) -> str:
    least, most = min(figure["loads"]), max(figure["loads"])
    return f"{least:.1f}" if f"{least:.1f}" == f"{most:.1f}" else f"{least:.1f}–{most:.1f}"


def _table(head: Sequence[Any], lines: Iterable[Iterable[Any]]) -> str:
    rows = [list(head), ["---"] * len(head), *(list(line) for line in lines)]
    return "\n".join("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)
