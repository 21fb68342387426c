"""Articles, their versions, and the words they are found by."""

from typing import Any

from django.db import migrations


class Migration(migrations.Migration):
    """Articles, their versions, and the words they are found by."""

    dependencies = [("knowledge", "0001_phrasebook")]

    operations: list[Any] = []
