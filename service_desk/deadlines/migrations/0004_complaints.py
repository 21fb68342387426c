"""Clocks of complaints."""

from typing import Any

from django.db import migrations


class Migration(migrations.Migration):
    """Clocks of complaints."""

    dependencies = [("deadlines", "0003_rollouts")]

    operations: list[Any] = []
