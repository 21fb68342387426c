"""The list of benches: what each measures, on which desks, and about how long it takes."""

from __future__ import annotations

from dataclasses import dataclass

LARGE, SMALL, BOARD, PLAIN, NONE = "large", "small", "board", "plain", "none"

#: What each desk is, in words.
DESKS = {
    LARGE: "a million cases, as many running clocks, 100 000 articles",
    SMALL: "ten thousand cases, a thousand articles",
    BOARD: "a million cases, most of them closed, some 100 000 open clocks",
    PLAIN: "no cases: people, phrases, policies",
    NONE: "no desk at all",
}


@dataclass(frozen=True)
class Bench:
    """One bench: a module with `figures(order)`, and the seconds it takes about on each of its desks."""

    name: str
    module: str
    what: str
    seconds: dict[str, int]
    needs_desk: bool = True

    @property
    def desks(self) -> tuple[str, ...]:
        """On which desks it is measured."""
        return tuple(self.seconds)


BENCHES = (
    Bench("sweep", "idle_sweep", "a sweep of the clocks when nothing is due", {LARGE: 25, SMALL: 20}),
    Bench("pages", "pages", "the list with filters and searches, a case, the list by REST", {LARGE: 170, SMALL: 150}),
    Bench("articles", "articles", "searching articles and cases, with synonyms", {LARGE: 90, SMALL: 40}),
    Bench("reports", "reports", "figures of a report over a day, a month, a year", {LARGE: 240, SMALL: 40}),
    Bench("exports", "exports", "long lists as files", {LARGE: 130}),
    Bench("registering", "registering", "registering a case by REST, the whole desk at work", {SMALL: 90, LARGE: 200}),
    Bench("storm", "due_storm", "ten thousand clocks due within one second", {LARGE: 420}),
    Bench("beside", "beside", "registering beside a storm of clocks, an export, a report", {LARGE: 300}),
    Bench("costs", "costs", "what one case, one call and one clock cost: processor, bytes, log", {SMALL: 60}),
    Bench("board", "board", "the board, its wall and its shared part", {BOARD: 40}),
    Bench("push", "boards", "two hundred open boards and a breach", {BOARD: 150}),
    Bench("calls", "call_events", "a hundred events a second of phone systems", {PLAIN: 160}),
    Bench("pop", "pop", "a ringing call on an agent's open page, in a browser", {PLAIN: 70}),
    Bench("language-http", "language_http", "the language check over HTTP", {PLAIN: 90}),
    Bench("language", "language", "the language check alone", {NONE: 90}),
    Bench("score", "language_score", "the language check's answers on labelled texts", {NONE: 15}),
)  # fmt: skip

#: In this order a whole run goes: what is quick and may fail comes first, what changes a desk comes last on it.
ORDER = (NONE, PLAIN, SMALL, BOARD, LARGE)


def named(name: str) -> Bench:
    """The bench of that name."""
    return next(bench for bench in BENCHES if bench.name == name)
