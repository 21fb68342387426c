"""When something happened, as an index that costs next to nothing to keep: for the figures over time."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex


def by_time(field: str, *, name: str) -> BrinIndex:
    """Blocks of rows by the times in them: rows lie about in the order of time, and the few that do not are borne."""
    return BrinIndex(
        fields=[field],
        name=name,
        autosummarize=True,
        pages_per_range=32,
        opclasses=["timestamptz_minmax_multi_ops"],
    )
