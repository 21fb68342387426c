"""The tables of cases and clocks are swept of dead rows at one in a hundred, not at one in five."""

from typing import ClassVar

from django.db import migrations

_SET = "ALTER TABLE {} SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_analyze_scale_factor = 0.02)"
_RESET = "ALTER TABLE {} RESET (autovacuum_vacuum_scale_factor, autovacuum_analyze_scale_factor)"
_TABLES = ("cases_case", "cases_casedeadline")


class Migration(migrations.Migration):
    """RELIABILITY 27: with millions of rows, a fifth is too late for the index of what is due."""

    dependencies: ClassVar = [("cases", "0009_watching")]
    operations: ClassVar = [migrations.RunSQL(_SET.format(name), _RESET.format(name)) for name in _TABLES]
