"""The registration clock of a call."""

from typing import Any

from django.db import migrations


class Migration(migrations.Migration):
    """The registration clock of a call."""

    dependencies = [("deadlines", "0004_complaints")]

    operations: list[Any] = []
