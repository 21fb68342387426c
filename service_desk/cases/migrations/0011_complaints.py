"""A case that is a complaint, and the circle of a confidential case."""

from typing import Any

from django.db import migrations


class Migration(migrations.Migration):
    """A case that is a complaint, and the circle of a confidential case."""

    dependencies = [("cases", "0010_autovacuum")]

    operations: list[Any] = []
