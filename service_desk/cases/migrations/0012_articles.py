"""Articles that a case was solved with."""

from typing import Any

from django.db import migrations


class Migration(migrations.Migration):
    """Articles that a case was solved with."""

    dependencies = [("cases", "0011_complaints")]

    operations: list[Any] = []
