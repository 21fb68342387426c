"""What docs/operations.md tells people to watch is there to be watched."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path("docs/operations.md")
SOURCES = tuple(Path("service_desk/dashboard").glob("me*.py"))  # metrics, metering, measured


def test_every_metric_that_operations_names_is_offered_and_every_one_offered_is_named() -> None:
    named = set(re.findall(r"`(desk_[a-z_]+)`", DOCS.read_text()))
    offered = set(re.findall(r'"(desk_[a-z_]+)"', "".join(source.read_text() for source in SOURCES)))
    assert named == offered
