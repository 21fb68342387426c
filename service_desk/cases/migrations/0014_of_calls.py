"""Cases that a telephone call brought."""

from typing import Any

from django.db import migrations


class Migration(migrations.Migration):
    """Cases that a telephone call brought."""

    dependencies = [("cases", "0013_said")]

    operations: list[Any] = []
