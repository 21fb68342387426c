"""Registering while talking: request types with their own fields, what is told once, drafts (C15, C16)."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """See above."""

    dependencies: ClassVar = [("cases", "0004_handler_by_hand_over")]
    operations: ClassVar = []
