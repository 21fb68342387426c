"""The check at the desk: drafts from findings, transcripts, scripts."""

from typing import Any

from django.db import migrations


class Migration(migrations.Migration):
    """The check at the desk: drafts from findings, transcripts, scripts."""

    dependencies = [("knowledge", "0002_articles")]

    operations: list[Any] = []
