"""Outbound webhooks with their deliveries."""

from typing import Any

from django.db import migrations


class Migration(migrations.Migration):
    """Outbound webhooks with their deliveries."""

    dependencies = [("notices", "0002_autovacuum")]

    operations: list[Any] = []
