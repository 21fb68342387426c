"""Each entry proves the one before it."""

from typing import Any

from django.db import migrations


class Migration(migrations.Migration):
    """Each entry proves the one before it."""

    dependencies = [("audit", "0001_audit_entry")]

    operations: list[Any] = []
