"""Watching a case, mentioning a colleague, templates for notes."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """See above."""

    dependencies: ClassVar = [("cases", "0008_search_views")]
    operations: ClassVar = []
