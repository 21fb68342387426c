"""What the desk adds to calls."""

from typing import Any

from django.db import migrations


class Migration(migrations.Migration):
    """What the desk adds to calls."""

    dependencies = [("telephony", "0001_initial")]

    operations: list[Any] = []
