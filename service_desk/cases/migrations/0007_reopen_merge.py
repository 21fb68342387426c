"""Reopened, merged, split and linked cases (D4, D5), progress told at an interval (C12)."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """See above."""

    dependencies: ClassVar = [("cases", "0006_reports_files")]
    operations: ClassVar = []
