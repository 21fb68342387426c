"""The figures over time at a million cases: blocks of rows by when something happened."""

from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations

_TIMES = (
    ("case", "started_at", "case_started_at"),
    ("case", "restored_at", "case_restored_at"),
    ("case", "resolved_at", "case_resolved_at"),
    ("casedeadline", "breached_at", "casedeadline_breached_at"),
    ("casedeadline", "ended_at", "casedeadline_ended_at"),
    ("caseclockevent", "at", "caseclockevent_at"),
    ("handover", "proposed_at", "hand_over_proposed_at"),
    ("promise", "broken_at", "promise_broken_at"),
    ("promise", "settled_at", "promise_settled_at"),
)


class Migration(migrations.Migration):
    """Made beside the work that goes on: no lock that a registration would wait for."""

    atomic = False

    dependencies = [("cases", "0015_gravest_first")]

    operations = [
        AddIndexConcurrently(
            model_name=model,
            index=BrinIndex(
                autosummarize=True,
                fields=[field],
                name=name,
                opclasses=["timestamptz_minmax_multi_ops"],
                pages_per_range=32,
            ),
        )
        for model, field, name in _TIMES
    ]
