"""The table of docs/security.md names tests that exist: a test that is renamed or dropped takes its line along."""

from __future__ import annotations

import ast
import re
from pathlib import Path

BASE = Path(__file__).parents[2]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
FEWEST = 60  # so that a table which cannot be read is no green answer


def named_in(path: Path) -> set[str]:
    """The names of all tests in a file."""
    return {
        node.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_item_names_tests_that_exist() -> None:
    named = NAMED.findall((BASE / "docs" / "security.md").read_text())
    assert len(named) >= FEWEST
    missing = [f"{path}::{test}" for path, test in named if test not in named_in(BASE / path)]
    assert missing == []


def test_every_line_of_the_tables_names_a_test() -> None:
    lines = (BASE / "docs" / "security.md").read_text().splitlines()
    items = [line for line in lines if line.startswith("| ") and not line.startswith(("| item", "| ---"))]
    assert [line for line in items if not NAMED.search(line)] == []
