"""What the finders of violations need."""

from typing import Any

from django.db import migrations


class Migration(migrations.Migration):
    """What the finders of violations need."""

    dependencies = [("quality", "0002_closed_months")]

    operations: list[Any] = []
