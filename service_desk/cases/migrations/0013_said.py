"""What was said to customers despite a finding."""

from typing import Any

from django.db import migrations


class Migration(migrations.Migration):
    """What was said to customers despite a finding."""

    dependencies = [("cases", "0012_articles")]

    operations: list[Any] = []
