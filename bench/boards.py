"""(f) Two hundred open boards and a breach, as figures: `bench.push` plays it."""

from __future__ import annotations

from collections.abc import Iterator

from bench import push
from bench.figures import Figure, Order

#: Seconds, in words that begin the names of what `push.measure` hands back.
AIMS = {"shown after commit": 1.0, "page beside boards": 0.2}
ALONE, BESIDE = "page without boards", "page beside boards"


def figures(order: Order) -> Iterator[Figure]:
    """Each spread that the play hands back; pages beside the boards are set against pages without them."""
    boards = order.some(push.BOARDS, 4)
    found = push.measure(boards=boards, rounds=order.runs)
    spreads = {name: spread for name, spread in found.items() if isinstance(spread, dict) and "p95" in spread}
    plain = {name.partition(",")[0]: name for name in spreads}
    said = (
        f"{boards} boards of {found.get('supervisors')} supervisors, {found.get('open clocks'):,} open clocks, "
        f"{order.runs} breaches taken together"
    )
    for short, name in plain.items():
        spread = spreads[name]
        if "never" in spread:  # the others' percentiles say nothing of these
            yield Figure(f"{short}, never", [spread["never"]], "", 0, main=short in AIMS, note=said)
        for key in ("p50", "p95", "max"):
            over = f"{ALONE}, {key}" if short == BESIDE else ""
            aim = AIMS.get(short) if key == "p95" else None
            runs = spread.get("runs", {}).get(key) or [spread[key]]
            yield Figure(f"{short}, {key}", runs, "s", aim, main=key != "max", over=over, note=said)
